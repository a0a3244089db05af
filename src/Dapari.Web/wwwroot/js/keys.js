// Takes keys from the browser before it acts on them. What they mean is decided by managed code.

/** @typedef {{ Pressed(key: number): void }} Sink */

const FIND = 0, BACK = 1;

/** @type {Sink} */
let sink;

/** Whether anybody wants the keys that mean something everywhere. */
let watched = false;

/** Says who hears of keys. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  document.addEventListener('keydown', event => {
    if (!watched || event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      sink.Pressed(FIND);
    } else if (event.key === 'Escape') {
      sink.Pressed(BACK);
    }
  });
}

/** @param {boolean} on */
export function watch(on) {
  watched = on;
}

/** @param {string} id of a textarea in a form */
export function submitOnEnter(id) {
  document.getElementById(id)?.addEventListener('keydown', event => {
    // Key code 229: the key belongs to an input method, also where isComposing is not told (WebKit).
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    /** @type {HTMLTextAreaElement} */ (event.currentTarget).form?.requestSubmit();
  });
}

/** @param {string} id */
export function moveWithArrows(id) {
  const list = document.getElementById(id);
  list?.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const typing = document.activeElement instanceof HTMLInputElement;
    if (typing && !Number.isFinite(step)) return;
    const stops = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('a[href], button:not(:disabled), input')].filter(one => one.getClientRects().length > 0));
    const at = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(stops.length - 1, at + step))].focus();
  });
}
