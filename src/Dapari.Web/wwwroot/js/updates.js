// Registers the service worker and tells when a newer version waits to start.

/** @typedef {{ UpdateReady(): void }} Sink */

/** @type {ServiceWorker | null} */
let waiting = null;

/** @type {Sink | null} */
let sink = null;

/** Says who hears of it. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  if (waiting) sink.UpdateReady();
}

export async function register() {
  if (!('serviceWorker' in navigator) || !isSecureContext) return;
  const controlled = !!navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener('controllerchange', () => { if (controlled) location.reload(); });
  try {
    const registration = await navigator.serviceWorker.register('/service-worker.js', { updateViaCache: 'none' });
    const found = (/** @type {ServiceWorker | null} */ worker) => {
      if (!worker || !navigator.serviceWorker.controller) return;
      waiting = worker;
      sink?.UpdateReady();
    };
    found(registration.waiting);
    registration.addEventListener('updatefound', () => {
      const worker = registration.installing;
      worker?.addEventListener('statechange', () => { if (worker.state === 'installed') found(worker); });
    });
    // A tab may stay open for weeks.
    setInterval(() => registration.update().catch(() => {}), 3_600_000);
  } catch {
    // Without a service worker the app runs, only not offline.
  }
}

/** Starts the newer version; every tab reloads when it has taken over. */
export function apply() {
  if (waiting) waiting.postMessage('start'); else location.reload();
}
