// Starts the app, tries again where the network failed it, and says so in words when it cannot start.
import { register } from './updates.js';

const texts = {
  en: { failed: 'Dapari could not start.', again: 'Try again' },
  it: { failed: 'Dapari non è riuscita ad avviarsi.', again: 'Riprova' },
};

const TRIES = 'dapari.starts', MOST = 3;
const PATIENCE_MS = 2_500; // the loader asks again by itself what it did not get, for less than a second

/** Loads the page anew: what came already is taken from the browser's cache. An invite that was opened goes along. */
function again() {
  const { invite } = /** @type {any} */ (globalThis).dapariEarly ?? {};
  if (invite) history.replaceState(null, '', '/i' + location.search + new URL(invite).hash);
  location.reload();
}

/** Loads the page anew once its server answers: without it there would only be the browser's own page for errors. The browser's word that it is online says nothing here, for the server may be this very machine. */
async function againOnceReached() {
  for (;;) {
    try {
      await fetch('/healthz', { cache: 'no-store' });
      return again();
    } catch {
      await new Promise(resolve => setTimeout(resolve, PATIENCE_MS));
    }
  }
}

/** A phone that changes from one network to another loses what is under way, and the loader then waits for ever: a few times the page is loaded anew by itself. */
function lost() {
  if (!document.querySelector('#app > .start')) return;
  let tries = MOST;
  try {
    tries = Number(sessionStorage.getItem(TRIES));
    sessionStorage.setItem(TRIES, String(tries + 1));
  } catch {
    // Nobody would count: the person is asked.
  }
  if (tries >= MOST) failed();
  else againOnceReached();
}

function failed() {
  const text = document.documentElement.lang === 'it' ? texts.it : texts.en;
  const app = document.getElementById('app');
  if (!app) return;
  const box = document.createElement('div');
  box.className = 'start-failed';
  box.setAttribute('role', 'alert');
  const line = document.createElement('p');
  line.textContent = text.failed;
  const button = document.createElement('button');
  button.textContent = text.again;
  button.onclick = again;
  box.append(line, button);
  app.replaceChildren(box);
}

/** The first screen in place of the waiting sign; at the latest after a while, for a version that hangs must be replaceable by the next. */
function drawn() {
  return new Promise(resolve => {
    const app = document.getElementById('app');
    if (!app?.querySelector('.start')) return resolve(undefined);
    new MutationObserver((_, observer) => {
      if (app.querySelector('.start')) return;
      observer.disconnect();
      resolve(undefined);
    }).observe(app, { childList: true });
    setTimeout(resolve, 15_000);
  });
}

let waiting = 0;
const suspect = () => { waiting ||= setTimeout(lost, PATIENCE_MS); };
addEventListener('unhandledrejection', suspect);
try {
  await /** @type {any} */ (globalThis).Blazor.start();
} catch (error) {
  console.error(error);
  suspect();
}

// The copy for starting offline is made when the person can begin, not before: on a thin line both at once would only make them wait.
await drawn();
removeEventListener('unhandledrejection', suspect);
if (!document.querySelector('#app > .start')) {
  clearTimeout(waiting);
  try {
    sessionStorage.removeItem(TRIES);
  } catch {
    // As above.
  }
}
register();
