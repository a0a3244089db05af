// Web Push: the browser's push service wakes the service worker while the app is closed. What it carries says nothing; the words that are shown are kept here, in this browser.

import { canBeWoken } from './page.js';

const WORDS = '/wake-words', CACHE = 'wake';

/**
 * The subscription that there is for a server's key, as "endpoint|key|secret"; "": none. One for another key (the server was set up anew) is renewed
 * without a question, for the person had said yes.
 * @param {string} key the server's, Base64 with - and _
 */
export async function read(key) {
  if (!canBeWoken() || Notification.permission !== 'granted') return '';
  try {
    const registration = await navigator.serviceWorker.ready;
    const present = await registration.pushManager.getSubscription();
    if (present && base64(present.options.applicationServerKey) === key) return facts(present);
    await present?.unsubscribe();
    return facts(await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  } catch {
    return ''; // Its push service is out of reach; the next start tries again.
  }
}

/**
 * Subscribes; from a click, for the browser may ask. The subscription as {@link read} gives it, or "!denied", "!failed".
 * @param {string} key
 */
export async function subscribe(key) {
  if (!canBeWoken()) return '!failed';
  if (Notification.permission !== 'granted' && await Notification.requestPermission() !== 'granted') return '!denied';
  return (await read(key)) || '!failed';
}

/** Takes the subscription back, and what was kept for it. */
export async function unsubscribe() {
  try {
    await caches.delete(CACHE);
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
  } catch {
    // The server forgets it too, so nothing comes any more.
  }
}

/** Keeps what a wake-up shows, in the person's language. @param {string} title @param {string} body */
export async function keepWords(title, body) {
  try {
    await (await caches.open(CACHE)).put(WORDS, new Response(JSON.stringify({ title, body }), { headers: { 'Content-Type': 'application/json' } }));
  } catch {
    // No room: the worker has words of its own.
  }
}

/** @param {PushSubscription} subscription */
function facts(subscription) {
  return [subscription.endpoint, base64(subscription.getKey('p256dh')), base64(subscription.getKey('auth'))].join('|');
}

/** @param {ArrayBuffer | null} bytes */
function base64(bytes) {
  return bytes ? btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') : '';
}
