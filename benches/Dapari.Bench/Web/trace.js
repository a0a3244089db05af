// Runs in every page before the app, only in this benchmark: notes when what happens on a message's way, so that the report can say where the time goes.
(() => {
  if (window.__trace) return;
  const notes = [];
  const note = (what, at = performance.now()) => { notes.push({ what, at: performance.timeOrigin + at }); };
  Object.defineProperty(window, '__trace', { value: { take: () => notes.splice(0) } });
  addEventListener('keydown', event => { if (event.key === 'Enter') note('key', event.timeStamp); }, { capture: true });

  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const transaction = begin.call(this, stores, mode, options);
    if (mode === 'readwrite') {
      note('begin');
      transaction.addEventListener('complete', () => note('kept'));
    }
    return transaction;
  };

  for (const carrier of [RTCDataChannel.prototype, WebSocket.prototype]) {
    const send = carrier.send;
    carrier.send = function (data) {
      note('send');
      return send.call(this, data);
    };
    const { get, set } = Object.getOwnPropertyDescriptor(carrier, 'onmessage');
    Object.defineProperty(carrier, 'onmessage', {
      configurable: true,
      get,
      set(listener) {
        set.call(this, listener && function (event) {
          note('receive');
          return listener.call(this, event);
        });
      },
    });
  }
})();
