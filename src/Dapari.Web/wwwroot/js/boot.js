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

try {
  await /** @type {any} */ (globalThis).Blazor.start();
} catch (error) {
  console.error(error);
  failed();
}

register();
