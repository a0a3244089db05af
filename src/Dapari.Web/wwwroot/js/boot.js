// Starts the app, and says so in words when it cannot start.
import { register } from './updates.js';

const texts = {
  en: { failed: 'Dapari could not start.', again: 'Try again' },
  it: { failed: 'Dapari non è riuscita ad avviarsi.', again: 'Riprova' },
};

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
  button.onclick = () => location.reload();
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

try {
  await /** @type {any} */ (globalThis).Blazor.start();
} catch (error) {
  console.error(error);
  failed();
}

// The copy for starting offline is made when the person can begin, not before: on a thin line both at once would only make them wait.
await drawn();
register();
