// Carries what tabs of one profile say to each other, and holds the lock that makes one of them the owner.

/** @typedef {{ Received(bytes: Uint8Array): void, LockLost(): void, Sleeping(): void, Waking(): void }} Sink */

/** @type {Sink} */
let sink;

/** @type {BroadcastChannel | null} */
let channel = null;

/** @type {(() => void) | null} */
let release = null;

/** @type {AbortController | null} */
let waiting = null;

/** Says who hears of events, and joins the tabs of this name. @param {string} name @param {Sink} listener */
export function join(name, listener) {
  sink = listener;
  channel = new BroadcastChannel(name);
  channel.onmessage = event => { if (event.data instanceof Uint8Array) sink.Received(event.data); };
  // Page Lifecycle: a frozen page runs no code, so it must own nothing. The page may come back from both.
  document.addEventListener('freeze', () => sink.Sleeping());
  document.addEventListener('resume', () => sink.Waking());
  window.addEventListener('pagehide', () => sink.Sleeping());
  window.addEventListener('pageshow', event => { if (event.persisted) sink.Waking(); });
}

/** To all other tabs. @param {Uint8Array} bytes */
export function say(bytes) {
  channel?.postMessage(bytes);
}

/**
 * Waits for the lock; true when it is held, false when the wait was given up.
 * @param {string} name @param {'now' | 'wait' | 'steal'} how 'now': only if it is free
 * @returns {Promise<boolean>}
 */
export function acquire(name, how) {
  waiting?.abort();
  const abort = waiting = how === 'wait' ? new AbortController() : null;
  return new Promise(resolve => {
    let held = false;
    navigator.locks.request(name, how === 'wait' ? { signal: /** @type {AbortController} */ (abort).signal } : how === 'now' ? { ifAvailable: true } : { steal: true }, lock => {
      if (!lock) {
        resolve(false);
        return undefined;
      }
      held = true;
      return new Promise(end => {
        release = () => { held = false; release = null; end(undefined); };
        resolve(true);
      });
    }).catch(() => {
      // Given up, or stolen by a tab that had no answer from this one.
      resolve(false);
      if (held) {
        release = null;
        sink.LockLost();
      }
    });
  });
}

/** Lets the lock go, or stops waiting for it. */
export function letGo() {
  waiting?.abort();
  waiting = null;
  release?.();
}
