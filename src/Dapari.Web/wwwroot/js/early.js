// Runs before anything is shown: the theme and language that were chosen, and the invite's secret out of the address bar and history.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem('dapari.theme');
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
    const chosen = localStorage.getItem('dapari.language');
    const language = [chosen, ...navigator.languages].map(tag => (tag ?? '').slice(0, 2).toLowerCase()).find(tag => tag === 'it' || tag === 'en');
    root.lang = language ?? 'en';
  } catch {
    // Storage may be forbidden; then nothing was chosen.
  }

  const query = new URLSearchParams(location.search);
  let profile = query.get('profile');
  try {
    // A tab stays the person that it was opened as, also where a link of the app does not name the profile.
    if (profile === null) profile = sessionStorage.getItem('dapari.profile');
    else sessionStorage.setItem('dapari.profile', profile);
  } catch {
    // As above.
  }

  let invite = '';
  if (location.pathname === '/i' || location.pathname === '/i/') {
    if (location.hash.length > 1) invite = location.origin + '/i' + location.hash;
    history.replaceState(null, '', '/' + location.search);
  }

  Object.defineProperty(globalThis, 'dapariEarly', { value: { profile: profile ?? '', invite }, configurable: true });
})();
