// The page of a link: shows what is offered, gets it when the person asks for it, and saves it.
import * as https from './files-https.js';
import { keysOf, join, readSecret } from './share-keys.js';
import { Line } from './share-line.js';
import { CHUNK, FAN, chunksOf } from './files-tree.js';
import { language, size, words } from './share-words.js';

const SENDER = 'sender', LANE_WISH = 4, LANE_OFFER = 5, LANE_OVER = 7, BY_LANE = 8, EARLY = 64; // words about a lane by HTTPS, and what may come by it before its turn
const WISH = 16, OWED = 64, MOST_FILES = 64;
const SHOWN = /^(image\/(png|jpeg|gif|webp)|(audio|video)\/[\w!#$&^.+-]+|application\/(pdf|zip)|text\/(plain|csv|markdown))$/;
const $ = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));
const encoder = new TextEncoder(), decoder = new TextDecoder();
const reduced = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** @typedef {{ name: string, type: string, size: number, root: string }} File */
/** @type {File[]} */
let files = [];
let from = '', receipt = '', wanted = false, taken = false, finished = false, turn = 0;
let item = 1, next = 0, owed = 0, held = 0;
/** @type {RTCDataChannel | null} */
let channel = null;
/** @type {[time: number, bytes: number][]} */
let pace = [];
/** The sender has a door; what comes by its lane counts now. */
let hasDoor = false, byLane = false;
/** @type {ArrayBuffer[]} */
let early = [];
/** @type {Worker} */
let worker;
/** @type {Line} */
let line;
/** @type {Uint8Array} */
let id;

document.documentElement.lang = language;
$('title').textContent = words.title('');
$('take').textContent = words.take;
$('take').onclick = () => finished ? saveAll() : begin();
start();

async function start() {
  if (location.hash.length < 2) return (await import('./share-send.js')).start();
  const secret = readSecret(location.hash.slice(1));
  if (!secret) return say(words.wrong);
  if (!globalThis.RTCPeerConnection || !crypto.subtle || !navigator.storage?.getDirectory) return say(words.old);
  const keys = await keysOf(secret);
  id = keys.id;
  worker = new Worker('js/share-worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => heard(data);
  say(words.connecting);
  line = new Line(keys, {
    away: () => say(words.away),
    connecting: () => say(words.connecting),
    busy: () => say(words.busy),
    over: why => end(words[/** @type {'time'} */ (why)]),
    lost: () => { leaveLane(); channel = null; if (!finished) say(wanted ? words.lost : words.connecting); $('way').hidden = true; },
    opened,
  });
}

/** @param {string} text */
function say(text) {
  $('state').textContent = text;
}

/** @param {string} text */
function end(text) {
  if (finished) return;
  leaveLane();
  line?.stop();
  $('take').hidden = true;
  $('moving').hidden = true;
  say(text);
}

/** @param {RTCDataChannel} opened @param {() => Promise<string>} way */
function opened(opened, way) {
  leaveLane();
  channel = opened;
  turn++;
  taken = false;
  opened.onmessage = ({ data }) => take(new Uint8Array(data));
  const look = async () => {
    if (channel !== opened || finished) return;
    showWay(await way());
    setTimeout(look, 3000);
  };
  setTimeout(look, 200);
}

/** @param {string} found */
function showWay(found) {
  $('way').hidden = false;
  $('way').dataset.way = byLane ? 'direct' : found;
  $('way').textContent = byLane ? words.https(from) : found === 'relay' ? words.relay : words.direct(from);
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function send(bytes) {
  if (channel?.readyState === 'open') channel.send(bytes);
}

https.start({
  send: ({ bytes }) => send(bytes),
  arrived: (_, bytes) => {
    if (byLane) give(bytes, true);
    else if (early.length < EARLY) early.push(bytes);
  },
  sent: () => {},
  tell: () => {},
});

/** @param {ArrayBuffer} bytes @param {boolean} lane */
function give(bytes, lane) {
  if (taken) worker.postMessage({ bytes, turn, lane }, [bytes]);
}

function leaveLane() {
  https.forget(SENDER);
  byLane = false;
  early = [];
}

/** @param {object} word */
function tell(word) {
  send(join(Uint8Array.of(1), encoder.encode(JSON.stringify(word))));
}

/** A message of the sender. @param {Uint8Array<ArrayBuffer>} bytes */
function take(bytes) {
  if (bytes[0] === LANE_OFFER) return https.offered(SENDER, bytes);
  if (bytes[0] === LANE_OVER) return leaveLane();
  if (bytes[0] === BY_LANE) {
    byLane = true;
    showWay('direct');
    for (const one of early.splice(0)) give(one, true);
    return;
  }
  if (bytes[0] !== 1) return give(bytes.buffer, false);
  let word;
  try { word = JSON.parse(decoder.decode(bytes.subarray(1))); } catch { return; }
  if (word.kind === 'files' && Array.isArray(word.files)) offered(word);
  else if (word.kind === 'taken' && wanted) begun();
  else if (word.kind === 'over') end(words[/** @type {'time'} */ (word.why)] ?? words.stopped);
  else if (word.kind === 'lost') end(words.changed);
  else if (word.kind === 'done') {
    leaveLane();
    line.stop();
  }
}

/** This use is ours: the files may come, by HTTPS where that is possible. */
function begun() {
  worker.postMessage({ begin: true });
  if (hasDoor) send(join(Uint8Array.of(LANE_WISH), encoder.encode(location.origin)));
}

/** A name that shows as what it is, and is one name and no path. @param {unknown} claimed */
function clean(claimed) {
  const name = (String(claimed).split(/[\\/]/).pop() ?? '').replace(reduced, '').replace(/[<>:"|?*]/g, '_').replace(/\s+\./g, '.').replace(/[. ]+$/, '').slice(-120);
  return name === '' ? 'file' : name.startsWith('.') ? '_' + name : name;
}

/** @param {{ from?: unknown, https?: unknown, files: any[] }} word */
function offered(word) {
  const good = word.files.length > 0 && word.files.length <= MOST_FILES
    && word.files.every(file => Number.isSafeInteger(file?.size) && file.size >= 0 && file.size <= 2 ** 50 && /^[0-9a-f]{64}$/.test(file.root));
  if (!good) return end(words.stopped);
  const told = word.files.map(({ name, type, size, root }) => ({ name: clean(name), type: SHOWN.test(type) ? String(type) : 'application/octet-stream', size, root }));
  if (files.length && JSON.stringify(files) !== JSON.stringify(told)) return end(words.changed);
  from = String(word.from ?? '').replace(reduced, '').slice(0, 64);
  files = told;
  hasDoor = word.https === true;
  $('title').textContent = words.title(from);
  document.title = files.length === 1 ? files[0].name : words.title(from);
  if (!$('files').children.length) for (const file of files) {
    const row = document.createElement('li');
    for (const [kind, text] of [['name', file.name], ['size', size(file.size)]]) {
      const part = document.createElement('span');
      part.className = kind;
      part.textContent = text;
      row.append(part);
    }
    $('files').append(row);
  }
  if (wanted) return claim();
  say(words.ready);
  $('take').hidden = false;
}

function begin() {
  wanted = true;
  $('take').hidden = true;
  claim();
}

/** Asks for a use; the worker knows by which receipt. */
function claim() {
  say(words.moving);
  if (receipt) tell({ kind: 'take', receipt });
  else worker.postMessage({ open: files, id });
}

/** What the worker says. @param {any} told */
function heard(told) {
  if (told.opened) {
    receipt = told.receipt;
    held = told.held;
    show();
    tell({ kind: 'take', receipt });
  } else if (told.begun) {
    ({ item, chunk: next, held } = told);
    owed = 0;
    pace = [];
    taken = true;
    $('moving').hidden = false;
    wish();
  } else if (told.chunk && told.turn === turn) {
    owed--;
    held = told.held;
    show();
    wish();
  } else if (told.wrong && told.turn === turn) {
    taken = false;
    line.again(true); // Whatever came, it is not the file: by a new connection.
  } else if (told.failed) {
    taken = wanted = false;
    receipt = '';
    say(words[/** @type {'noRoom'} */ (told.failed)]);
    $('take').textContent = words.goOn;
    $('take').hidden = false;
    line.again(true);
    say(words[/** @type {'noRoom'} */ (told.failed)]);
  } else if (told.file) save(told.blob, told.file);
}

function wish() {
  for (; item <= files.length && next >= chunksOf(files[item - 1].size); item++) next = 0;
  if (item > files.length) {
    if (owed === 0) finish();
    return;
  }
  const chunks = chunksOf(files[item - 1].size);
  const count = Math.min(WISH, chunks - next, FAN - next % FAN);
  if (owed + count > OWED) return;
  // A connection begins with the pages; each page of leaves does too.
  tell({ kind: 'want', item, first: next, count, pages: next % FAN === 0 || owed === 0 });
  next += count;
  owed += count;
  wish();
}

function show() {
  const all = files.reduce((sum, file) => sum + file.size, 0), now = performance.now();
  pace = [...pace.filter(([time]) => now - time < 3000), [now, held]];
  const [[since, before]] = pace;
  $('bar').value = all ? held / all : 1;
  if (now - since > 200) $('numbers').textContent = words.progress(size(held), size(all), size((held - before) / (now - since) * 1000));
}

function finish() {
  if (finished) return;
  finished = true;
  taken = false;
  held = files.reduce((sum, file) => sum + file.size, 0);
  show();
  tell({ kind: 'done' });
  say(words.done);
  $('take').textContent = words.save;
  $('take').hidden = false;
  saveAll();
}

function saveAll() {
  for (let which = 1; which <= files.length; which++) worker.postMessage({ blob: which });
}

/** @param {number} which @param {Blob} file */
function save(which, file) {
  const link = document.createElement('a');
  const { name, type } = files[which - 1];
  link.href = URL.createObjectURL(file.slice(0, file.size, type));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 600_000);
}
