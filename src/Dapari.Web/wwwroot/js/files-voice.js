// Records voice notes: Opus, with the loudness of each moment for the waveform.
import { events } from './files.js';
import { keep } from './files-pick.js';

const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
const LEVEL_MS = 100, STEPS = 64, BITS = 32_000, SHORTEST_MS = 300;

/** @type {{ stream: MediaStream, recorder: MediaRecorder, context: AudioContext, parts: Blob[], levels: number[], timer: number, at: number } | null} */
let running = null;

/** @type {(level: number) => void} */
let told = () => {};

/** @param {{ VoiceLevel(level: number): void }} sink */
export function listen(sink) {
  told = level => sink.VoiceLevel(level);
}

/** Ties events to managed code. */
export async function connect() {
  listen(await events());
}

/** False: no microphone, or not allowed. */
export async function start() {
  await stop(false);
  /** @type {MediaStream | null} */
  let stream = null;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 } });
    const mimeType = TYPES.find(type => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, { ...(mimeType ? { mimeType } : {}), audioBitsPerSecond: BITS });
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 2048;
    context.createMediaStreamSource(stream).connect(analyser);
    const mine = running = { stream, recorder, context, parts: /** @type {Blob[]} */ ([]), levels: /** @type {number[]} */ ([]), timer: 0, at: performance.now() };
    recorder.ondataavailable = ({ data }) => { if (data.size > 0) mine.parts.push(data); };
    recorder.start(1000);
    const samples = new Float32Array(analyser.fftSize);
    mine.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = Math.min(1, 4 * Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length));
      mine.levels.push(level);
      told(level);
    }, LEVEL_MS);
    return true;
  } catch {
    for (const track of stream?.getTracks() ?? []) track.stop();
    running = null;
    return false;
  }
}

/** Ends it; "": thrown away, or nothing was heard. @param {boolean} keeps @returns {Promise<string>} */
export async function stop(keeps) {
  const mine = running;
  if (!mine) return '';
  running = null;
  clearInterval(mine.timer);
  const milliseconds = performance.now() - mine.at;
  await new Promise(resolve => {
    mine.recorder.onstop = resolve;
    mine.recorder.onerror = resolve;
    if (mine.recorder.state === 'inactive') resolve(null);
    else mine.recorder.stop();
  });
  for (const track of mine.stream.getTracks()) track.stop();
  mine.context.close();
  if (!keeps || milliseconds < SHORTEST_MS || mine.parts.length === 0) return '';
  const type = mine.recorder.mimeType.split(';')[0] || 'audio/webm';
  const ending = type === 'audio/mp4' ? 'm4a' : type === 'audio/ogg' ? 'ogg' : 'weba';
  const when = new Date(Date.now() - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '-');
  const file = new File(mine.parts, `voice-${when}.${ending}`, { type });
  return keep([{ file, folder: [], kind: 2, seconds: milliseconds / 1000, waveform: waveform(mine.levels) }]);
}

/** Loudness in equal steps: the loudest of each. @param {number[]} levels */
export function waveform(levels) {
  const steps = Math.min(STEPS, levels.length);
  return Uint8Array.from({ length: steps }, (_, i) => {
    const part = levels.slice(Math.floor(i * levels.length / steps), Math.max(Math.floor(i * levels.length / steps) + 1, Math.floor((i + 1) * levels.length / steps)));
    return Math.round(255 * Math.max(...part));
  });
}
