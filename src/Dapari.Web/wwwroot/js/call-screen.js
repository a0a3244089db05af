// Puts pictures into elements, and what only the page can do with them: drag, picture-in-picture, keep it lit.
import * as call from './call.js';
import * as media from './call-media.js';
import * as sound from './call-sound.js';

const FLOATING = 'call-floating';

/** How long a picture floats on for somebody who may come back: they have 30 s for it. */
const RETURN_MS = 32_000;

let letGo = 0;

/** Which element shows what. @type {Map<string, { leg: number, kind: string }>} */
const shown = new Map();

/** @type {any} */
let awake = null;

let wantsAwake = false;

/** Ties the three modules' events to managed code. */
export async function connect() {
  const runtime = /** @type {any} */ (globalThis).getDotnetRuntime(0);
  const events = (await runtime.getAssemblyExports('Dapari.Web.dll')).Dapari.Web.Platform;
  call.listen(events.CallEvents);
  media.listen(events.CallEvents);
}

call.streamWatchers.add(id => {
  for (const [element, what] of shown) if (what.leg === id) put(element, what);
});
media.watch(kind => {
  for (const [element, what] of shown) if (what.leg === 0 && what.kind === kind) put(element, what);
});

/** Shows a leg's picture (leg 0: this device's) in a video element, now and whenever it changes. @param {string} id @param {number} leg @param {string} kind "camera" or "screen" */
export function show(id, leg, kind) {
  shown.set(id, { leg, kind });
  put(id, { leg, kind });
}

/** @param {string} id @param {{ leg: number, kind: string }} what */
function put(id, what) {
  const video = document.getElementById(id);
  if (!(video instanceof HTMLVideoElement)) {
    shown.delete(id);
    return;
  }
  const own = what.leg === 0 ? media.track(/** @type {import('./call-media.js').Kind} */ (what.kind)) : null;
  const stream = what.leg === 0 ? own && new MediaStream([own]) : call.received(what.leg, what.kind);
  if (video.srcObject === stream) return;
  if (id === FLOATING) {
    clearTimeout(letGo);
    // The last picture stays: only a tap could bring a floating one back.
    if (!stream && what.leg !== 0) {
      letGo = setTimeout(endFloat, RETURN_MS);
      return;
    }
    if (!stream) endFloat();
  }
  video.srcObject = stream;
  video.muted = true; // Sound has elements of its own, which stay when screens go.
  video.classList.toggle('mirrored', what.leg === 0 && what.kind === 'camera' && media.isMirrored());
  if (stream) video.play().catch(() => {}); // Replaced meanwhile.
}

/** Shows this device's microphone level. @param {string} id */
export function meter(id) {
  const track = media.track('microphone');
  if (track) sound.meter(id, track); else sound.unmeter(id);
}

/** Lets an element be moved to a corner of its parent, with a finger, a mouse or the arrow keys. @param {string} id */
export function drag(id) {
  const element = document.getElementById(id);
  if (!element || element.dataset.drags) return;
  element.dataset.drags = '1';
  /** @type {{ x: number, y: number } | null} */
  let from = null;
  const settle = (/** @type {string} */ corner) => {
    element.style.translate = '';
    element.dataset.corner = corner;
  };
  element.addEventListener('pointerdown', event => {
    from = { x: event.clientX, y: event.clientY };
    element.setPointerCapture(event.pointerId);
    element.dataset.dragged = '1';
  });
  element.addEventListener('pointermove', event => {
    if (from) element.style.translate = `${event.clientX - from.x}px ${event.clientY - from.y}px`;
  });
  const drop = () => {
    if (!from) return;
    from = null;
    delete element.dataset.dragged;
    const box = element.getBoundingClientRect();
    const room = /** @type {HTMLElement} */ (element.offsetParent ?? document.body).getBoundingClientRect();
    settle((box.top + box.height / 2 < room.top + room.height / 2 ? 'top' : 'bottom') + (box.left + box.width / 2 < room.left + room.width / 2 ? '-left' : '-right'));
  };
  element.addEventListener('pointerup', drop);
  element.addEventListener('pointercancel', drop);
  element.addEventListener('keydown', event => {
    const [row, column] = (element.dataset.corner ?? 'bottom-right').split('-');
    const next = { ArrowUp: `top-${column}`, ArrowDown: `bottom-${column}`, ArrowLeft: `${row}-left`, ArrowRight: `${row}-right` }[event.key];
    if (!next) return;
    event.preventDefault();
    settle(next);
  });
}

export const canFloat = () => document.pictureInPictureEnabled === true;

/** Lets a picture float above other windows, or takes it back. Must be called from a tap. @param {string} id */
export async function float(id) {
  if (document.pictureInPictureElement) {
    await document.exitPictureInPicture();
    return true;
  }
  const what = shown.get(id);
  if (!what) return false;
  // In an element of its own: the call's screen may go, as one reads messages meanwhile.
  const video = document.createElement('video');
  video.id = FLOATING;
  video.hidden = video.muted = true;
  document.body.append(video);
  video.addEventListener('leavepictureinpicture', () => {
    clearTimeout(letGo);
    shown.delete(FLOATING);
    video.remove();
  });
  show(FLOATING, what.leg, what.kind);
  try {
    await video.play();
    await video.requestPictureInPicture();
    return true;
  } catch {
    shown.delete(FLOATING);
    video.remove();
    return false;
  }
}

/** What floats goes on with another leg: the same person's. @param {number} leg @param {string} kind */
export function follow(leg, kind) {
  const what = shown.get(FLOATING);
  if (what && what.leg !== leg) show(FLOATING, leg, kind);
}

/** Nothing floats any more. */
export function endFloat() {
  clearTimeout(letGo);
  if (document.pictureInPictureElement?.id === FLOATING) document.exitPictureInPicture().catch(() => {}); // It went by itself.
}

/** A picture to look at keeps the screen from going dark. @param {boolean} on */
export function stayAwake(on) {
  wantsAwake = on;
  keepAwake();
}

// W3C screen-wake-lock §6: who leaves the page loses the lock, and asks again on return.
document.addEventListener('visibilitychange', keepAwake);

async function keepAwake() {
  if (!wantsAwake) {
    awake?.release();
    awake = null;
  } else if (!awake && document.visibilityState === 'visible' && 'wakeLock' in navigator) {
    /** @type {any} */
    const asked = awake = { release() {} };
    try {
      const got = await /** @type {any} */ (navigator).wakeLock.request('screen');
      if (awake !== asked) {
        got.release();
        return;
      }
      awake = got;
      got.addEventListener('release', () => { if (awake === got) awake = null; });
    } catch {
      if (awake === asked) awake = null; // The battery is low.
    }
  }
}
