// Runs in every page before the app. It only watches, except for `deaf`, which a test sets:
// peer connections made, candidates found, Content-Security-Policy violations.
(() => {
  if (window.__watched) return;
  const watched = { made: 0, candidates: 0, violations: [], open: new Set(), deaf: false };
  Object.defineProperty(window, '__watched', { value: watched });
  document.addEventListener('securitypolicyviolation', e => watched.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));

  const Connection = window.RTCPeerConnection;
  if (!Connection) return;
  window.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      super(...args);
      watched.made++;
      watched.open.add(this);
      this.addEventListener('icecandidate', e => { if (e.candidate && e.candidate.candidate) watched.candidates++; });
    }

    close() {
      watched.open.delete(this);
      super.close();
    }
  };

  // A network that swallows everything without a word: what is sent never arrives, and nobody is told.
  const send = RTCDataChannel.prototype.send;
  RTCDataChannel.prototype.send = function (data) {
    if (!watched.deaf) send.call(this, data);
  };
})();
