// Runs in every page before the app. It only watches, except for what a test asks by name:
// peer connections made, candidates found, Content-Security-Policy violations.
(() => {
  const watched = { made: 0, candidates: 0, violations: [], open: new Set() };
  Object.defineProperty(window, '__watched', { value: watched });
  document.addEventListener('securitypolicyviolation', e => watched.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  const Real = window.RTCPeerConnection;
  if (!Real) return;
  window.RTCPeerConnection = class extends Real {
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
})();
