// The sounds of a call, made here: no file is loaded for them. And the level meter.

/** @type {AudioContext | null} */
let context = null;

/** @type {{ timer: number, gain: GainNode } | null} */
let playing = null;

function running() {
  context ??= new AudioContext({ latencyHint: 'interactive' });
  if (context.state === 'suspended') context.resume().catch(() => {}); // Not allowed before a tap: then it stays silent.
  return context;
}

/** After a tap: from now on sounds are allowed. */
export function allow() {
  running();
}

/** @param {GainNode} out @param {number} at @param {number} length @param {number[]} tones @param {number} loud */
function note(out, at, length, tones, loud) {
  const audio = running();
  const envelope = audio.createGain();
  envelope.gain.setValueAtTime(0, at);
  envelope.gain.linearRampToValueAtTime(loud, at + 0.03);
  envelope.gain.setValueAtTime(loud, at + length - 0.08);
  envelope.gain.linearRampToValueAtTime(0, at + length);
  envelope.connect(out);
  for (const tone of tones) {
    const voice = audio.createOscillator();
    voice.frequency.value = tone;
    voice.connect(envelope);
    voice.start(at);
    voice.stop(at + length);
  }
}

/** Rings until `hush`: "ring" here, "back" while it rings at the other's. @param {'ring' | 'back'} which */
export function ring(which) {
  hush();
  const audio = running();
  const gain = audio.createGain();
  gain.connect(audio.destination);
  // ITU-T E.180: the ringing tone is 425 Hz, one second in five. The ring itself is two soft thirds.
  const round = which === 'back'
    ? () => note(gain, audio.currentTime, 1, [425], 0.08)
    : () => [0, 0.42, 0.84].forEach((offset, i) => note(gain, audio.currentTime + offset, 0.38, i === 1 ? [784, 988] : [659, 784], 0.12));
  const once = () => {
    round();
    if (which === 'ring') navigator.vibrate?.([350, 150, 350]);
  };
  once();
  playing = { gain, timer: setInterval(once, which === 'back' ? 5000 : 3000) };
}

export function hush() {
  if (!playing) return;
  clearInterval(playing.timer);
  playing.gain.disconnect();
  playing = null;
  navigator.vibrate?.(0);
}

/** Two falling notes: it is over. */
export function over() {
  const audio = running();
  note(/** @type {any} */ (audio.destination), audio.currentTime, 0.16, [440], 0.07);
  note(/** @type {any} */ (audio.destination), audio.currentTime + 0.18, 0.22, [330], 0.07);
}

/** @type {Map<string, () => void>} */
const meters = new Map();

/** Shows how loud a track is as --level (0 to 1) of an element, until `unmeter` or until the element is gone. @param {string} id @param {MediaStreamTrack} track */
export function meter(id, track) {
  unmeter(id);
  const audio = running();
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let level = 0, asked = 0;
  const look = () => {
    const element = document.getElementById(id);
    if (!element) {
      unmeter(id);
      return;
    }
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
    // Ears hear ratios: −60 dB is nothing, −10 dB is loud speech.
    const now = power > 0 ? Math.min(1, Math.max(0, (10 * Math.log10(power) + 60) / 50)) : 0;
    level = Math.max(now, level - 0.04);
    element.style.setProperty('--level', level.toFixed(3));
    asked = requestAnimationFrame(look);
  };
  meters.set(id, () => {
    cancelAnimationFrame(asked);
    source.disconnect();
  });
  look();
}

/** @param {string} id */
export function unmeter(id) {
  meters.get(id)?.();
  meters.delete(id);
}

/** A short sound to try the speaker by. @param {string} speaker */
export async function tryOut(speaker) {
  const audio = running();
  const out = audio.createMediaStreamDestination();
  const gain = audio.createGain();
  gain.connect(out);
  [523, 659, 784].forEach((tone, i) => note(gain, audio.currentTime + 0.1 + i * 0.22, 0.3, [tone], 0.2));
  const element = new Audio();
  element.srcObject = out.stream;
  await /** @type {any} */ (element).setSinkId?.(speaker).catch(() => {});
  await element.play().catch(() => {});
  setTimeout(() => { element.srcObject = null; }, 1500);
}
