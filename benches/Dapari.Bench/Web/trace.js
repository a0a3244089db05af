// Runs in every page before the app, only in this benchmark: notes when what happens on a message's way, so that the bench can say where its time goes.
(() => {
  if (window.__trace) return;
  const notes = [];
  const now = () => performance.timeOrigin + performance.now();
  const note = (what, at = now()) => { notes.push({ what, at }); };
  Object.defineProperty(window, '__trace', { value: { notes, take: () => notes.splice(0) } });
  addEventListener('keydown', e => { if (e.key === 'Enter') note('key', performance.timeOrigin + e.timeStamp); }, { capture: true });

  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    const transaction = begin.call(this, stores, mode, options);
    if (mode === 'readwrite') {
      note('begin');
      transaction.addEventListener('complete', () => note('kept'));
    }
    return transaction;
  };

  const watchSend = prototype => {
    const send = prototype.send;
    prototype.send = function (data) {
      note('send');
      return send.call(this, data);
    };
  };
  watchSend(RTCDataChannel.prototype);
  watchSend(WebSocket.prototype);

  const watchReceive = prototype => {
    const { get, set } = Object.getOwnPropertyDescriptor(prototype, 'onmessage');
    Object.defineProperty(prototype, 'onmessage', {
      configurable: true,
      get,
      set(listener) {
        set.call(this, listener && (event => {
          note('receive');
          try {
            return listener.call(this, event);
          } finally {
            note('received');
          }
        }));
      },
    });
  };
  watchReceive(RTCDataChannel.prototype);
  watchReceive(WebSocket.prototype);

  new MutationObserver(changes => changes.forEach(change => {
    const target = change.target.nodeType === Node.ELEMENT_NODE ? change.target : change.target.parentElement;
    const where = target?.closest?.('[role=log]') ? 'log' : target?.closest?.('.composer') ? 'composer' : target?.closest?.('.side') ? 'list' : target?.closest?.('header') ? 'head' : target?.id || target?.tagName;
    notes.push({ what: 'dom', at: now(), where, text: change.type + ' ' + (change.attributeName ?? change.target.nodeName) });
  })).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
})();
