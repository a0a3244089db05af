// Keeps the published app for starting offline. A version is kept whole, each file checked by its hash, before it may start; it starts when
// the person says so, or when no tab runs the former one. So a page never mixes two versions.
self.importScripts('./service-worker-assets.js');

const manifest = /** @type {any} */ (self).assetsManifest;
const NAME = 'dapari-' + manifest.version;
const SHARED = 'shared-files';
// Large icons are wanted once, by the system when it installs the app, and then there is a network.
const LEFT_OUT = /\.(map|LICENSE\.txt|br|gz)$|^service-worker|^icons\/.*-512\.png$/;
const NAMED_BY_HASH = /^_framework\/.*\.[0-9a-z]{10}\.[a-z]+$/;
const assets = manifest.assets.filter(asset => !LEFT_OUT.test(asset.url));
const kept = new Set(assets.map(asset => new URL(asset.url, self.registration.scope).pathname));

self.addEventListener('install', event => event.waitUntil(install()));
self.addEventListener('activate', event => event.waitUntil(activate()));
self.addEventListener('fetch', event => {
  const answer = isShared(event.request) ? takeShared(event.request) : answerFor(event.request);
  if (answer) event.respondWith(answer);
});
self.addEventListener('message', event => {
  if (event.data === 'start') self.skipWaiting();
});
self.addEventListener('notificationclick', event => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data?.tag ?? event.notification.tag)));
});

self.addEventListener('push', event => event.waitUntil(wake()));
// The browser gave up the subscription: a new one is made, and the app tells the server of it when it is opened next.
self.addEventListener('pushsubscriptionchange', event => {
  const options = /** @type {any} */ (event).oldSubscription?.options;
  if (options) /** @type {any} */ (event).waitUntil(self.registration.pushManager.subscribe(options).catch(() => {}));
});

async function install() {
  const cache = await caches.open(NAME);
  // What the former version holds with the same hash is taken over instead of loaded again.
  const former = await formerFiles();
  await Promise.all(assets.map(async asset => {
    const same = former.get(asset.url + ' ' + asset.hash);
    const response = same ?? await load(asset);
    if (!response.ok) throw new Error(`${asset.url}: ${response.status}`);
    await cache.put(asset.url, withHash(response, asset.hash));
  }));
}

/**
 * A name with its content's hash says all: what the page has loaded just now comes from the browser's own cache without a word to the
 * server. The others are asked for again, so that a version is never put together from two.
 * @param {{ url: string, hash: string }} asset
 */
async function load(asset) {
  const ask = (/** @type {RequestCache} */ cache) => fetch(new Request(asset.url, { integrity: asset.hash, cache }));
  return NAMED_BY_HASH.test(asset.url) ? ask('force-cache').catch(() => ask('no-cache')) : ask('no-cache');
}

async function formerFiles() {
  const files = new Map();
  for (const name of await caches.keys()) {
    if (!name.startsWith('dapari-') || name === NAME) continue;
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const response = await cache.match(request);
      const hash = response?.headers.get('dapari-hash');
      if (response && hash) files.set(new URL(request.url).pathname.slice(1) + ' ' + hash, response);
    }
  }
  return files;
}

/** @param {Response} response @param {string} hash */
function withHash(response, hash) {
  const headers = new Headers(response.headers);
  headers.set('dapari-hash', hash);
  headers.delete('content-encoding'); // the body is kept as decoded
  headers.delete('content-length');
  return new Response(response.body, { status: 200, headers });
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith('dapari-') && name !== NAME) await caches.delete(name);
  // Navigations need not wait for the worker where the network answers first; this app starts from the cache alone.
  await self.registration.navigationPreload?.disable();
  await self.clients.claim();
}

/** The system's share sheet posts files here (manifest: share_target). @param {Request} request */
function isShared(request) {
  const url = new URL(request.url);
  return request.method === 'POST' && url.origin === self.location.origin && url.pathname === '/share';
}

/** Keeps what was shared until the page takes it (js/files-pick.js), under numbers; the server never sees it. @param {Request} request */
async function takeShared(request) {
  try {
    const files = (await request.formData()).getAll('files').filter(one => one instanceof File);
    await caches.delete(SHARED);
    const cache = await caches.open(SHARED);
    for (const [number, file] of files.entries()) {
      const headers = { 'Content-Type': file.type || 'application/octet-stream', 'dapari-name': encodeURIComponent(file.name) };
      await cache.put('/shared/' + number, new Response(file, { headers }));
    }
  } catch {
    await caches.delete(SHARED).catch(() => {}); // No room: the page opens, with nothing taken.
  }
  return Response.redirect('/?shared', 303);
}

/** @param {Request} request @returns {Promise<Response> | null} null: not ours, the browser goes on by itself */
function answerFor(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return null;
  if (request.mode === 'navigate') {
    // The app's own addresses all open the same page. What the server itself serves (files with an ending, its health) is left to it.
    const own = !/\.[a-z0-9]+$/i.test(url.pathname) && url.pathname !== '/ws' && url.pathname !== '/healthz' && !/^\/s\/?$/.test(url.pathname) && !url.pathname.startsWith('/ca');
    return own || url.pathname === '/index.html' ? fromCache('index.html', request) : null;
  }
  return kept.has(url.pathname) ? fromCache(url.pathname.slice(1), request) : null;
}

/** @param {string} path @param {Request} request */
async function fromCache(path, request) {
  // Storage that is full or failing keeps nobody from starting who has the network.
  const found = await caches.open(NAME).then(cache => cache.match(path)).catch(() => undefined);
  return found ?? fetch(request);
}

/** Brings a tab to the front, or opens one, and tells it which notification was clicked. @param {string} tag */
async function open(tag) {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const tab = tabs.find(one => one.visibilityState === 'visible') ?? tabs[0];
  if (tab) {
    await tab.focus();
    tab.postMessage({ kind: 'notification', tag });
  } else {
    await self.clients.openWindow('/');
  }
}

/** The server says that something waits, and nothing else. The words are the app's (js/wake.js); whoever has it on screen needs none. */
async function wake() {
  const tabs = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (tabs.some(tab => tab.visibilityState === 'visible')) return;
  const italian = self.navigator.language.startsWith('it');
  let words = { title: 'Dapari', body: italian ? "C'è qualcosa di nuovo per te." : 'Something new is waiting for you.' };
  try {
    const kept = await caches.match('/wake-words', { cacheName: 'wake' });
    if (kept) words = await kept.json();
  } catch {
    // The storage fails: its own words do.
  }
  await self.registration.showNotification(words.title, /** @type {any} */ ({ body: words.body, tag: 'wake', renotify: true, icon: '/icons/icon-192.png', badge: '/icons/icon-192.png', data: { tag: 'wake' } }));
}
