// Carries facts about the page, settings, sharing, permissions and notifications.

/** @typedef {{ Changed(): void, NetworkChanged(): void, NotificationClicked(tag: string): void }} Sink */

/** @type {Sink} */
let sink;

/** @type {any} the browser's offer to install */
let installOffer = null;

const early = /** @type {{ profile: string, invite: string }} */ (/** @type {any} */ (globalThis).dapariEarly ?? { profile: '', invite: '' });

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  const changed = () => sink.Changed();
  document.addEventListener('visibilitychange', changed);
  addEventListener('focus', changed);
  addEventListener('blur', changed);
  for (const name of ['online', 'offline']) {
    addEventListener(name, () => {
      changed();
      sink.NetworkChanged();
    });
  }
  /** @type {any} */ (navigator).connection?.addEventListener?.('change', () => sink.NetworkChanged());
  addEventListener('beforeinstallprompt', event => {
    event.preventDefault();
    installOffer = event;
    changed();
  });
  addEventListener('appinstalled', () => {
    installOffer = null;
    changed();
  });
  navigator.serviceWorker?.addEventListener('message', event => {
    if (event.data?.kind === 'notification') sink.NotificationClicked(String(event.data.tag));
  });
}

export const profile = () => early.profile;
export const origin = () => location.origin;
export const isVisible = () => document.visibilityState === 'visible';
export const isFocused = () => document.hasFocus();
export const isOnline = () => navigator.onLine;
export const canInstall = () => installOffer !== null;
export const language = () => document.documentElement.lang;
export const browserLanguages = () => navigator.languages.join(',');
export const reload = () => location.reload();
export const random = (/** @type {number} */ length) => crypto.getRandomValues(new Uint8Array(length));

const pauses = new MessageChannel();

/** @type {(() => void)[]} */
const paused = [];
pauses.port1.onmessage = () => paused.shift()?.();

/** Lets the browser do what else it has to do, then goes on. A message to itself: timers wait up to a second in a hidden page. @returns {Promise<void>} */
export function pause() {
  return new Promise(resolve => {
    paused.push(resolve);
    pauses.port2.postMessage(0);
  });
}

/** The invite link that the page was opened with, once. */
export function takeInvite() {
  const invite = early.invite;
  early.invite = '';
  return invite;
}

/** The registration code of a link that the page was opened with (/j#CODE), once. */
export function takeCode() {
  if (location.pathname !== '/j') return '';
  const code = location.hash.slice(1);
  history.replaceState(history.state, '', '/');
  return code;
}

/** Who may register here: "open", "invited", "closed", "admitted" (with this code); nothing where no answer is to be had. @param {string} code @returns {Promise<string>} */
export async function registration(code) {
  try {
    const answer = await fetch('/registration', { method: 'POST', body: code });
    return answer.ok ? (await answer.text()).trim() : '';
  } catch {
    return '';
  }
}

/** @param {string} name @returns {string | null} */
export function readSetting(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string | null} value */
export function writeSetting(name, value) {
  try {
    if (value === null || value === undefined) localStorage.removeItem(name); else localStorage.setItem(name, value);
  } catch {
    // Full or forbidden: a setting of the user interface is not worth an error.
  }
}

/** @param {string} theme "light", "dark" or nothing */
export function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
}

/** @param {string} tag */
export function setLanguage(tag) {
  document.documentElement.lang = tag;
}

export async function install() {
  const offer = installOffer;
  if (!offer) return false;
  installOffer = null;
  await offer.prompt();
  return (await offer.userChoice).outcome === 'accepted';
}

export const canShare = () => typeof navigator.share === 'function';

/** @param {string} title @param {string} text @param {string} url */
export async function share(title, text, url) {
  try {
    await navigator.share({ title, text: text || undefined, url });
    return true;
  } catch {
    return false;
  }
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For pages that are not secure, where there is no clipboard object. @param {string} text */
function copyBySelection(text) {
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}

/** "persistent|used|quota" */
export async function storageFacts() {
  try {
    const [persistent, estimate] = await Promise.all([navigator.storage.persisted(), navigator.storage.estimate()]);
    return `${persistent ? 1 : 0}|${estimate.usage ?? 0}|${estimate.quota ?? 0}`;
  } catch {
    return '0|0|0';
  }
}

export async function persist() {
  try {
    return await navigator.storage.persist();
  } catch {
    return false;
  }
}

export const notificationPermission = () => ('Notification' in globalThis ? Notification.permission : 'unsupported');

/** Whether a push service can wake this app while it is closed: on an iPhone only if it is on the home screen. */
export const canBeWoken = () => 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

export async function askNotifications() {
  return 'Notification' in globalThis ? Notification.requestPermission() : 'unsupported';
}

/** @param {string} tag @param {string} title @param {string} body */
export async function notify(tag, title, body) {
  if (notificationPermission() !== 'granted') return;
  const options = { tag, body, icon: '/icons/icon-192.png', badge: '/icons/icon-192.png', data: { tag } };
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration) {
    await registration.showNotification(title, options);
  } else {
    const shown = new Notification(title, options);
    shown.onclick = () => {
      window.focus();
      shown.close();
      sink.NotificationClicked(tag);
    };
  }
}

/** @param {string} tag */
export async function unnotify(tag) {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications({ tag })) ?? []) shown.close();
}

/** @param {string} title @param {number} unread */
export function setTitle(title, unread) {
  document.title = title;
  const badge = unread > 0 ? /** @type {any} */ (navigator).setAppBadge?.(unread) : /** @type {any} */ (navigator).clearAppBadge?.();
  badge?.catch?.(() => {});
}

/** What this browser can do with files, in bits: keep and move, pick folders, record, write anywhere. */
export const fileFacts = () =>
  (navigator.storage && 'getDirectory' in navigator.storage && typeof Worker === 'function' && navigator.locks ? 1 : 0)
  | ('webkitdirectory' in HTMLInputElement.prototype && !/Android|iPhone|iPad/.test(navigator.userAgent) ? 2 : 0)
  | (typeof MediaRecorder === 'function' && navigator.mediaDevices ? 4 : 0) | ('showSaveFilePicker' in globalThis ? 8 : 0);

/** Whether the system's share sheet opened this page; once. */
export function wasShared() {
  if (!new URLSearchParams(location.search).has('shared')) return false;
  history.replaceState(history.state, '', location.pathname);
  return true;
}

/** @param {Uint8Array} picture small, of a raster format: what shows it sniffs */
export const pictureUrl = picture => URL.createObjectURL(new Blob([picture.slice()]));

/** @param {string} address */
export const releaseUrl = address => URL.revokeObjectURL(address);

/** @type {Map<number, AbortController>} */
const drops = new Map();

/** Takes drops on an element, and what is pasted while it is there; what does that is loaded with the first one. @param {number} number @param {string} id */
export function watchDrops(number, id) {
  const abort = new AbortController();
  drops.set(number, abort);
  const loading = new AbortController();
  let asked = false;
  /** @param {DragEvent | ClipboardEvent} event */
  const needed = event => {
    const data = 'dataTransfer' in event ? event.dataTransfer : event.clipboardData;
    if (!data?.types.includes('Files')) return;
    if (event.type !== 'dragenter') event.preventDefault(); // The browser would open a dropped file in this page's place.
    const pasted = event.type === 'paste' ? [...data.files] : [];
    if (asked && pasted.length === 0) return;
    asked = true;
    import('./files-pick.js').then(async pick => {
      await pick.connect();
      if (abort.signal.aborted) return;
      if (!loading.signal.aborted) pick.watch(id, abort.signal);
      loading.abort();
      pick.pasted(pasted);
    });
  };
  const signal = AbortSignal.any([abort.signal, loading.signal]);
  for (const type of ['dragenter', 'dragover', 'drop', 'paste']) document.addEventListener(type, /** @type {any} */ (needed), { signal });
}

/** @param {number} number */
export function unwatchDrops(number) {
  drops.get(number)?.abort();
  drops.delete(number);
}
