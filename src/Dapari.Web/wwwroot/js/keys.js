// Keys that the page takes from the browser; what they mean is decided by managed code.

/** @typedef {{ Pressed(call: number): void }} Sink */

const FIND = 0, BACK = 1;

/** @type {Sink} */
let sink;

let watched = 0;

/** Says who hears of keys. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  document.addEventListener('keydown', event => {
    if (watched === 0 || event.isComposing || event.defaultPrevented) return;
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
  watched += on ? 1 : -1;
}

/** @param {string} id */
export function submitOnEnter(id) {
  const area = document.getElementById(id);
  if (!(area instanceof HTMLTextAreaElement)) return;
  area.addEventListener('keydown', event => {
    // keyCode 229: Safari ends a composition with an Enter that is no longer marked as composing.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    if (matchMedia('(pointer: coarse)').matches && !matchMedia('(any-pointer: fine)').matches) return;
    event.preventDefault();
    area.form?.requestSubmit();
  });
}

/** @param {string} id */
export function moveWithArrows(id) {
  const list = document.getElementById(id);
  list?.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    const target = event.target;
    if (step === undefined || (target instanceof HTMLInputElement && (event.key === 'Home' || event.key === 'End'))) return;
    const stops = /** @type {HTMLElement[]} */ ([...list.querySelectorAll('a[href], button:not([disabled])')].filter(one => one.getClientRects().length > 0));
    if (stops.length === 0) return;
    event.preventDefault();
    const now = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    stops[Math.max(0, Math.min(stops.length - 1, now + step))].focus();
  });
}
