// Runs in every page of somebody who calls. Chromium's own noise suppression takes a steady tone for noise: it is switched off, so that what
// arrives can be measured. Everything else about devices is as people have it.
(() => {
  const devices = navigator.mediaDevices;
  if (!devices || window.__ears) return;
  const open = devices.getUserMedia.bind(devices);
  const list = devices.enumerateDevices.bind(devices);
  // refuse: which kinds are refused, and why; voice: the tone that this person's microphone hears instead of the file's, in hertz;
  // unplugged: kinds of devices that are not there.
  const ears = { refuse: '', reason: 'NotAllowedError', opened: 0, voice: 0, unplugged: '', tracks: [] };
  Object.defineProperty(window, '__ears', { value: ears });
  let context = null;
  devices.getUserMedia = async wish => {
    if (ears.refuse && ((wish.audio && ears.refuse.includes('audio')) || (wish.video && ears.refuse.includes('video')))) throw new DOMException('Refused by the test', ears.reason);
    if ((wish.audio && ears.unplugged.includes('audio')) || (wish.video && ears.unplugged.includes('video'))) throw new DOMException('Requested device not found', 'NotFoundError');
    ears.opened++;
    const audio = wish.audio ? { ...(wish.audio === true ? {} : wish.audio), echoCancellation: false, noiseSuppression: false, autoGainControl: false } : false;
    const stream = audio && ears.voice ? speak() : await open({ ...wish, audio });
    ears.tracks.push(...stream.getTracks());
    return stream;
  };
  devices.enumerateDevices = async () => (await list()).filter(one => !ears.unplugged.includes(one.kind.slice(0, 5)));

  /** A microphone that hears a tone of its own. */
  const speak = () => {
    context ??= new AudioContext({ sampleRate: 48000 });
    context.resume();
    const [voice, out] = [context.createOscillator(), context.createMediaStreamDestination()];
    voice.frequency.value = ears.voice;
    const loud = context.createGain();
    loud.gain.value = 0.4;
    voice.connect(loud).connect(out);
    voice.start();
    return out.stream;
  };

  /** Pulls a plug, as the browser tells it: the track ends, the list is shorter. "audio" or "video"; another device of the kind may be left. */
  ears.unplug = (kind, another) => {
    if (!another) ears.unplugged += kind;
    for (const track of ears.tracks.filter(one => one.kind === kind && one.readyState === 'live')) {
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
    devices.dispatchEvent(new Event('devicechange'));
  };

  /** And puts it back. */
  ears.plug = () => {
    ears.unplugged = '';
    devices.dispatchEvent(new Event('devicechange'));
  };

  // Locks on the screen: a browser without a window may refuse them, so they are only counted.
  ears.locks = 0;
  const lock = () => {
    ears.locks++;
    const one = new EventTarget();
    one.release = async () => { ears.locks--; one.dispatchEvent(new Event('release')); };
    return one;
  };
  if (navigator.wakeLock) navigator.wakeLock.request = async () => lock();

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
