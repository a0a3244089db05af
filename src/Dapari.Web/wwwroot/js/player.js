// One player for voice notes. Where it is is told; what that means is decided by managed code.

const audio = new Audio();
audio.preservesPitch = true;

/** @type {(at: number, length: number, playing: boolean) => void} */
let told = () => {};

const tell = () => told(audio.currentTime, Number.isFinite(audio.duration) ? audio.duration : 0, !audio.paused && !audio.ended);
for (const event of ['play', 'pause', 'ended', 'timeupdate', 'durationchange']) audio.addEventListener(event, tell);

/** @param {(at: number, length: number, playing: boolean) => void} listener */
export function listen(listener) {
  told = listener;
}

/** @param {string} url @param {number} from seconds @param {number} speed @returns {Promise<boolean>} */
export async function play(url, from, speed) {
  try {
    if (audio.src !== url) audio.src = url;
    audio.defaultPlaybackRate = audio.playbackRate = speed;
    if (Math.abs(audio.currentTime - from) > 0.05) audio.currentTime = from;
    await audio.play();
    return true;
  } catch {
    return false;
  }
}

export function pause() {
  audio.pause();
}

/** @param {number} second */
export function seek(second) {
  audio.currentTime = second;
}

/** @param {number} speed */
export function setSpeed(speed) {
  audio.playbackRate = speed;
}
