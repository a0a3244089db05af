// Focus and scrolling of elements named by id. What is seen is told; what it means is decided by managed code.

/** @typedef {{ Scrolled(watch: number, bits: number, first: string, last: string): void, Width(watch: number, wide: boolean): void }} Sink */

const NEAR_START = 1, NEAR_END = 2, AT_END = 4;

/** @type {Sink} */
let sink;

/** @type {Map<number, () => void>} */
const watches = new Map();

/** @type {Map<string, { key: string, top: number }>} */
const anchors = new Map();

/** Whether a frame is being made. */
let framing = false;

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
}

/** @param {string} id */
export function focus(id) {
  const element = document.getElementById(id);
  if (element !== document.activeElement) element?.focus({ preventScroll: true });
}

/** @param {string} id */
export function focusIfNone(id) {
  if (!document.activeElement || document.activeElement === document.body) focus(id);
}

/** @param {string} id */
export function select(id) {
  const element = document.getElementById(id);
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.select();
}

/** @param {string} id @param {string} value */
export function setValue(id, value) {
  const element = document.getElementById(id);
  if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) element.value = value;
}

/** @param {string} id @param {number} maximum pixels */
export function fitHeight(id, maximum) {
  const element = document.getElementById(id);
  if (!element) return;
  element.style.height = 'auto';
  element.style.height = Math.min(element.scrollHeight + element.offsetHeight - element.clientHeight, maximum) + 'px';
}

/** @param {boolean} smooth @returns {ScrollBehavior} */
function behavior(smooth) {
  return smooth && !matchMedia('(prefers-reduced-motion: reduce)').matches ? 'smooth' : 'instant';
}

/** Within the next frame, whose layout it then shares; at once when called from one. @param {string} id @param {boolean} smooth */
export function scrollToEnd(id, smooth) {
  const scroll = () => {
    const scroller = document.getElementById(id);
    scroller?.scrollTo({ top: scroller.scrollHeight, behavior: behavior(smooth) });
  };
  if (framing) scroll(); else requestAnimationFrame(scroll);
}

/** @param {string} id @param {boolean} smooth */
export function scrollTo(id, smooth) {
  document.getElementById(id)?.scrollIntoView({ block: 'center', behavior: behavior(smooth) });
}

/** @param {Element} scroller @returns {HTMLElement[]} */
function items(scroller) {
  return /** @type {HTMLElement[]} */ ([...scroller.querySelectorAll('[data-key]')]);
}

/** The first item that ends below a line. @param {HTMLElement[]} all in order @param {number} line */
function firstBelow(all, line) {
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].getBoundingClientRect().bottom > line) high = middle; else low = middle + 1;
  }
  return low;
}

/** @param {string} id */
export function holdAnchor(id) {
  const scroller = document.getElementById(id);
  if (!scroller) return;
  const all = items(scroller);
  const item = all[firstBelow(all, scroller.getBoundingClientRect().top)];
  if (item) anchors.set(id, { key: item.dataset.key ?? '', top: item.getBoundingClientRect().top });
}

/** @param {string} id */
export function restoreAnchor(id) {
  const scroller = document.getElementById(id);
  const anchor = anchors.get(id);
  anchors.delete(id);
  if (!scroller || !anchor) return;
  const item = items(scroller).find(one => one.dataset.key === anchor.key);
  if (item) scroller.scrollTop += item.getBoundingClientRect().top - anchor.top;
}

/** @param {number} watch @param {string} id */
export function watchScroll(watch, id) {
  const scroller = document.getElementById(id);
  if (!scroller) return;
  let asked = 0;
  const look = () => {
    asked = 0;
    const box = scroller.getBoundingClientRect();
    const screen = scroller.clientHeight * 1.5;
    const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
    const all = items(scroller);
    const first = firstBelow(all, box.top);
    let last = firstBelow(all, box.bottom);
    if (last === all.length || all[last].getBoundingClientRect().top >= box.bottom) last--;
    const seen = first <= last;
    framing = true;
    try {
      sink.Scrolled(watch, (scroller.scrollTop < screen ? NEAR_START : 0) | (below < screen ? NEAR_END : 0) | (below < 48 ? AT_END : 0),
        seen ? all[first].dataset.key ?? '' : '', seen ? all[last].dataset.key ?? '' : '');
    } finally {
      framing = false;
    }
  };
  const ask = () => { asked ||= requestAnimationFrame(look); };
  const sizes = new ResizeObserver(ask);
  const content = new MutationObserver(ask);
  scroller.addEventListener('scroll', ask, { passive: true });
  sizes.observe(scroller);
  content.observe(scroller, { childList: true, subtree: true });
  watches.set(watch, () => {
    cancelAnimationFrame(asked);
    scroller.removeEventListener('scroll', ask);
    sizes.disconnect();
    content.disconnect();
  });
  ask();
}

/** @param {number} watch @param {number} minimum pixels */
export function watchWidth(watch, minimum) {
  const query = matchMedia(`(min-width: ${minimum}px)`);
  const tell = () => sink.Width(watch, query.matches);
  query.addEventListener('change', tell);
  watches.set(watch, () => query.removeEventListener('change', tell));
  tell();
}

/** @param {number} watch */
export function unwatch(watch) {
  watches.get(watch)?.();
  watches.delete(watch);
}
