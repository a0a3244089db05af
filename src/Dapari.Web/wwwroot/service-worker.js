// While developing nothing is cached: every load comes from the server. service-worker.published.js takes this file's place when published.
self.addEventListener('fetch', () => {});
