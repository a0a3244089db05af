// Plays the sound of legs, each in an element of its own; a browser may keep it off until a tap.
import { speaker } from './call-media.js';

let silent = false;

/** @type {(on: boolean) => void} */
let tell = () => {};

/** Says who hears whether the browser keeps the sound off. @param {(on: boolean) => void} told */
export function listen(told) {
  tell = told;
}

export const isSilent = () => silent;

/** @param {HTMLAudioElement} audio @param {MediaStreamTrack} track @param {number} leg */
export function play(audio, track, leg) {
  audio.autoplay = true;
  audio.srcObject = new MediaStream([track]);
  audio.dataset.leg = String(leg);
  audio.hidden = true;
  document.body.append(audio);
  direct(audio);
  start(audio);
}

/** @param {HTMLAudioElement} audio */
export function start(audio) {
  audio.play().then(() => hush(false), error => { if (error.name === 'NotAllowedError') hush(true); });
}

/** @param {boolean} on whether the browser keeps the sound off */
function hush(on) {
  if (silent !== on) tell(silent = on);
}

/** Sound goes to the speaker that was chosen. @param {HTMLAudioElement} audio */
export function direct(audio) {
  /** @type {any} */ (audio).setSinkId?.(speaker()).catch(() => {}); // Unplugged: the browser's own choice stays.
}
