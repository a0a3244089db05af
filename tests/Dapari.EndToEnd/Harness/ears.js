// Runs in every page of somebody who calls. Chromium's own noise suppression takes a steady tone for noise: it is switched off, so that what
// arrives can be measured. Everything else about devices is as people have it.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices || window.__ears) return;
  const open = devices.getUserMedia.bind(devices);
  const ears = { refuse: '', opened: 0 };
  Object.defineProperty(window, '__ears', { value: ears });
  devices.getUserMedia = async wish => {
    if (ears.refuse && ((wish.audio && ears.refuse.includes('audio')) || (wish.video && ears.refuse.includes('video')))) throw new DOMException('Permission denied', 'NotAllowedError');
    ears.opened++;
    const audio = wish.audio ? { ...(wish.audio === true ? {} : wish.audio), echoCancellation: false, noiseSuppression: false, autoGainControl: false } : false;
    return open({ ...wish, audio });
  };

  let context = null;
  const taps = new Map();
  /** The analyser of what an audio element of a call plays. */
  const tap = element => {
    context ??= new AudioContext({ sampleRate: 48000 });
    const stream = element.srcObject;
    if (!taps.has(stream)) {
      const analyser = context.createAnalyser();
      analyser.fftSize = 4096;
      analyser.smoothingTimeConstant = 0;
      context.createMediaStreamSource(stream).connect(analyser);
      taps.set(stream, analyser);
    }
    return taps.get(stream);
  };

  /** "frequency of the loudest tone in hertz|how many decibels it stands out|level of the wave" for each call element that plays. */
  ears.hear = async () => {
    const heard = [];
    for (const element of document.querySelectorAll('audio[data-leg]')) {
      if (element.paused || element.muted || !element.srcObject) continue;
      const analyser = tap(element);
      await context.resume();
      await new Promise(resolve => setTimeout(resolve, 250));
      const bins = new Float32Array(analyser.frequencyBinCount);
      analyser.getFloatFrequencyData(bins);
      let peak = 1;
      for (let i = 2; i < bins.length; i++) if (bins[i] > bins[peak]) peak = i;
      const middle = [...bins].sort((a, b) => a - b)[bins.length >> 1];
      heard.push([peak * context.sampleRate / analyser.fftSize, Number.isFinite(bins[peak]) ? bins[peak] - Math.max(middle, -150) : 0]);
    }
    return heard;
  };

  /** From now on: the longest time in which the sound of the (one) call was quieter than a whisper. */
  ears.watchGaps = () => {
    let quietFrom = 0, longest = 0, heard = false;
    const samples = new Float32Array(1024);
    const timer = setInterval(() => {
      const element = document.querySelector('audio[data-leg]');
      let loud = 0;
      if (element?.srcObject && !element.paused) {
        const analyser = tap(element);
        context.resume();
        analyser.getFloatTimeDomainData(samples);
        for (const one of samples) loud = Math.max(loud, Math.abs(one));
      }
      const now = performance.now();
      if (loud > 0.01) {
        if (heard && quietFrom) longest = Math.max(longest, now - quietFrom);
        heard = true;
        quietFrom = 0;
      } else if (!quietFrom) quietFrom = now;
    }, 5);
    ears.gaps = () => {
      clearInterval(timer);
      return heard ? Math.max(longest, quietFrom ? performance.now() - quietFrom : 0) : -1;
    };
  };

  /** How much of a picture changes within a moment: the share of pixels, 0 to 1; -1 without a picture. */
  ears.moves = async (id, moment) => {
    const video = document.getElementById(id);
    if (!video || video.readyState < 2 || !video.videoWidth) return -1;
    const canvas = document.createElement('canvas');
    canvas.width = 64; canvas.height = 48;
    const paint = canvas.getContext('2d', { willReadFrequently: true });
    const look = () => { paint.drawImage(video, 0, 0, 64, 48); return paint.getImageData(0, 0, 64, 48).data; };
    const before = look();
    await new Promise(resolve => setTimeout(resolve, moment));
    const after = look();
    let changed = 0;
    for (let i = 0; i < before.length; i += 4) if (Math.abs(before[i] - after[i]) + Math.abs(before[i + 1] - after[i + 1]) + Math.abs(before[i + 2] - after[i + 2]) > 30) changed++;
    return changed / (64 * 48);
  };
})();
