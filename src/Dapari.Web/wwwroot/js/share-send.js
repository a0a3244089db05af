// The page without a link: makes one for files of this device, and serves it as long as it is open.
import { makeOwner, writeSecret } from './share-keys.js';
import { Desk } from './share-desk.js';
import { CHUNK, TreeBuilder, chunkBuffer, chunkLength, chunksOf, leafOf } from './files-tree.js';
import { size, words } from './share-words.js';

const MOST_FILES = 64, DAY_MS = 86_400_000;
const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/** @type {import('./share-desk.js').Source[]} */
let sources = [];
/** @type {Desk | null} */
let desk = null;

/** @param {string} text */
function say(text) {
  $('state').textContent = text;
}

export function start() {
  if (!globalThis.RTCPeerConnection || !crypto.subtle) return say(words.old);
  document.title = $('title').textContent = words.sendTitle;
  say(words.sendState);
  $('send').hidden = false;
  $('pick-words').textContent = words.pick;
  $('times-words').textContent = words.times;
  for (const option of $('times').options) option.textContent = words.timesOf(Number(option.value));
  $('pick').onchange = () => chosen([...$('pick').files]);
  document.addEventListener('dragover', event => event.preventDefault());
  document.addEventListener('drop', event => {
    event.preventDefault();
    if (!desk && event.dataTransfer?.files.length) chosen([...event.dataTransfer.files]);
  });
  addEventListener('beforeunload', event => { if (desk && !desk.over) event.preventDefault(); });
}

/** @param {File[]} files */
async function chosen(files) {
  if (files.length === 0) return;
  if (files.length > MOST_FILES) return say(words.tooMany(MOST_FILES));
  $('send').hidden = true;
  $('moving').hidden = false;
  try {
    sources = await prepare(files);
  } catch {
    $('send').hidden = false;
    $('moving').hidden = true;
    return say(words.unreadable);
  }
  $('moving').hidden = true;
  for (const { file } of sources) {
    const row = document.createElement('li');
    for (const [kind, text] of [['name', file.name], ['size', size(file.size)]]) {
      const part = document.createElement('span');
      part.className = kind;
      part.textContent = text;
      row.append(part);
    }
    $('files').append(row);
  }
  await serve(Number($('times').value));
}

/** Reads each file once and builds its tree. @param {File[]} files */
async function prepare(files) {
  const all = files.reduce((sum, file) => sum + file.size, 0);
  const made = [];
  let read = 0;
  for (const file of files) {
    /** @type {Map<string, Uint8Array>} */
    const pages = new Map();
    const builder = new TreeBuilder((level, index, hashes) => pages.set(`${level}/${index}`, hashes));
    const marked = chunkBuffer();
    for (let chunk = 0; chunk < chunksOf(file.size); chunk++) {
      const length = chunkLength(file.size, chunk);
      marked.set(new Uint8Array(await file.slice(chunk * CHUNK, chunk * CHUNK + length).arrayBuffer()), 1);
      await builder.add(await leafOf(marked.subarray(0, 1 + length)));
      read += length;
      $('bar').value = all ? read / all : 1;
      if (chunk % 16 === 0) say(words.preparing);
    }
    const root = Array.from(/** @type {Uint8Array} */ (await builder.finish()), byte => byte.toString(16).padStart(2, '0')).join('');
    made.push({ file, root, pages });
  }
  return made;
}

/** @param {number} times */
async function serve(times) {
  const owner = await makeOwner();
  const link = `${location.origin}/s#${writeSecret(owner.keys.secret)}`;
  desk = new Desk(owner, sources, times, Date.now() + DAY_MS, {
    connected: () => { if (!desk?.moving.visitors) say(words.open(times)); },
    away: () => say(words.serverAway),
    moved: show,
    changed: name => {
      $('state').dataset.kept = 'yes';
      say(words.sourceChanged(name));
    },
    ended: why => {
      $('link-box').hidden = true;
      $('moving').hidden = true;
      $('stop').hidden = true;
      $('once-more').hidden = false;
      if (why !== 'stopped' || !$('state').dataset.kept) say(words.ended(why, desk?.done ?? 0));
    },
  });
  $('link').value = link;
  $('link').setAttribute('aria-label', words.link);
  $('copy').textContent = words.copy;
  $('copy').onclick = async () => {
    $('link').select();
    await navigator.clipboard?.writeText(link).catch(() => {});
    $('copy').textContent = words.copied;
  };
  $('terminal').textContent = words.terminal;
  $('stop').textContent = words.stop;
  $('stop').onclick = () => desk?.end(3);
  $('once-more').textContent = words.onceMore;
  $('once-more').onclick = () => location.reload();
  $('link-box').hidden = false;
  $('stop').hidden = false;
  say(words.open(times));
  $('copy').focus();
}

let drawing = false;
function show() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    if (!desk || desk.over) return;
    const { visitors, given, all } = desk.moving;
    $('moving').hidden = visitors === 0;
    $('bar').value = all ? given / all : 1;
    $('numbers').textContent = words.going(size(given), size(all));
    say(visitors ? words.givenTo(visitors) : desk.done ? words.doneSoFar(desk.done, desk.times) : words.open(desk.times));
  });
}
