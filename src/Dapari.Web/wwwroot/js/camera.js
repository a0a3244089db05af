// Reads QR codes with the camera: the browser's own reader where there is one, else jsQR (vendor/jsqr.js), loaded when first needed.

/** @typedef {{ Found(text: string): void }} Sink */

const EVERY_MS = 150;

/** @type {Sink} */
let sink;

/** @type {{ stream: MediaStream, timer: number } | null} */
let running = null;

/** Says who hears of codes. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
}

export const isSupported = () => !!navigator.mediaDevices?.getUserMedia;

/** @param {string} videoId @returns {Promise<number>} 0 running, 1 none, 2 denied, 3 failed */
export async function start(videoId) {
  stop();
  const video = document.getElementById(videoId);
  if (!isSupported() || !(video instanceof HTMLVideoElement)) return 1;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } }, audio: false });
    const mine = running = { stream, timer: 0 };
    video.srcObject = stream;
    video.muted = true;
    video.setAttribute('playsinline', '');
    await video.play();
    const read = await reader();
    let last = '';
    const look = async () => {
      if (running !== mine) return;
      const text = video.readyState >= 2 && video.videoWidth > 0 ? await read(video).catch(() => '') : '';
      if (running !== mine) return;
      if (text && text !== last) sink.Found(last = text);
      mine.timer = setTimeout(look, EVERY_MS);
    };
    if (running === mine) look(); else stream.getTracks().forEach(track => track.stop());
    return 0;
  } catch (error) {
    stop();
    const name = /** @type {Error} */ (error).name;
    return name === 'NotAllowedError' || name === 'SecurityError' ? 2 : name === 'NotFoundError' || name === 'OverconstrainedError' ? 1 : 3;
  }
}

export function stop() {
  if (!running) return;
  clearTimeout(running.timer);
  running.stream.getTracks().forEach(track => track.stop());
  running = null;
}

/** @returns {Promise<(video: HTMLVideoElement) => Promise<string>>} */
async function reader() {
  const Detector = /** @type {any} */ (globalThis).BarcodeDetector;
  if (Detector && (await Detector.getSupportedFormats().catch(() => [])).includes('qr_code')) {
    const detector = new Detector({ formats: ['qr_code'] });
    return async video => (await detector.detect(video))[0]?.rawValue ?? '';
  }

  await import('./vendor/jsqr.js');
  const canvas = document.createElement('canvas');
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  return async video => {
    const scale = Math.min(1, 640 / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const image = context.getImageData(0, 0, canvas.width, canvas.height);
    return /** @type {any} */ (globalThis).jsQR(image.data, image.width, image.height)?.data ?? '';
  };
}
