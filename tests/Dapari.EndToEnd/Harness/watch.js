// Runs in every page before the app. It only watches, except for `deaf`, which a test sets:
// peer connections made, candidates found and heard from the other side, Content-Security-Policy violations.
(() => {
  if (window.__watched) return;
  const watched = { made: 0, candidates: 0, found: [], heard: [], violations: [], open: new Set(), deaf: false };
  Object.defineProperty(window, '__watched', { value: watched });
  document.addEventListener('securitypolicyviolation', e => watched.violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));

  const Connection = window.RTCPeerConnection;
  if (!Connection) return;
  window.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      super(...args);
      watched.made++;
      watched.open.add(this);
      this.addEventListener('icecandidate', e => {
        if (!e.candidate || !e.candidate.candidate) return;
        watched.candidates++;
        watched.found.push(e.candidate.candidate);
      });
    }

    addIceCandidate(candidate, ...rest) {
      if (candidate && candidate.candidate) watched.heard.push(candidate.candidate);
      return super.addIceCandidate(candidate, ...rest);
    }

    setRemoteDescription(description, ...rest) {
      for (const line of description.sdp.split(/\r?\n/)) if (line.startsWith('a=candidate:')) watched.heard.push(line.slice(2));
      return super.setRemoteDescription(description, ...rest);
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
