// Keeps the files of a link in the origin's private file system, chunk by chunk, each only as the tree has it. Everything comes in order, so that
// what is kept of a file is its beginning, and how much of it is right and on disk is one number.
import { CHUNK, HASH, TreeVerifier, chunkBuffer, chunkLength, chunksOf, leafOf } from './files-tree.js';

const PIECE = 64 * 1024, FLUSH = 64, OLD_MS = 24 * 3600_000, EMPTY = '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d';

/** @typedef {{ name: string, type: string, size: number, root: string }} File */
/** @type {FileSystemDirectoryHandle} */
let folder;
/** @type {File[]} */
let files = [];
/** @type {Uint8Array} */
let id;
/** @type {any} */
let data = null;
/** @type {any} */
let kept = null;
let item = 0, chunk = 0, filled = 0;
/** @type {TreeVerifier} */
let verifier;
const marked = chunkBuffer();

// One after the other: a piece may not overtake the one before it.
let last = Promise.resolve();
self.onmessage = ({ data: message }) => {
  last = last.then(() => take(message)).catch(error => self.postMessage({ failed: error?.name === 'QuotaExceededError' ? 'noRoom' : 'storage', why: String(error) }));
};

/** @param {any} message */
async function take(message) {
  if (message.open) await open(message.open, message.id);
  else if (message.blob !== undefined) self.postMessage({ blob: message.blob, file: await blob(message.blob) });
  else if (message.begin) await begin();
  else if (message.bytes) await arrived(new Uint8Array(message.bytes), message.turn, message.lane ? CHUNK : PIECE);
}

/** @param {Uint8Array} bytes */
const hex = bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');

/** @param {File[]} told @param {Uint8Array} share */
async function open(told, share) {
  const home = await (await navigator.storage.getDirectory()).getDirectoryHandle('dapari-shares', { create: true });
  const name = hex(share);
  for await (const [other, handle] of /** @type {any} */ (home).entries()) if (other !== name) await clean(home, other, handle);
  folder = await home.getDirectoryHandle(name, { create: true });
  const meta = JSON.stringify(told.map(({ size, root }) => [size, root]));
  kept?.close();
  kept = await (await folder.getFileHandle('kept', { create: true })).createSyncAccessHandle();
  const before = readKept();
  if (before && before.meta !== meta) for (let at = 1; at <= 64; at++) await folder.removeEntry('data' + at).catch(() => {});
  files = told;
  id = share;
  [item, chunk] = before && before.meta === meta ? before.at : [1, 0];
  const receipt = before?.receipt ?? hex(crypto.getRandomValues(new Uint8Array(16)));
  state = { meta, receipt };
  const need = files.reduce((sum, file, at) => sum + (at + 1 < item ? 0 : file.size), 0) - chunk * CHUNK;
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  save();
  // Browsers say 10 GiB where there is more: beyond it only writing tells.
  if (need > quota - usage && quota - usage < 9 * 1024 ** 3) throw new DOMException('room', 'QuotaExceededError');
  self.postMessage({ opened: true, receipt, held: held() });
}

/** What lies here of other links for more than a day goes. @param {FileSystemDirectoryHandle} home @param {string} name @param {FileSystemDirectoryHandle} other */
async function clean(home, name, other) {
  try {
    const file = await (await other.getFileHandle('kept')).getFile();
    if (Date.now() - file.lastModified > OLD_MS) await home.removeEntry(name, { recursive: true });
  } catch {
    // Another tab is at it.
  }
}

/** @type {{ meta: string, receipt: string }} */
let state;

function readKept() {
  const bytes = new Uint8Array(kept.getSize());
  kept.read(bytes, { at: 0 });
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

// First the bytes, then the word that they are there.
function save() {
  data?.flush();
  const bytes = new TextEncoder().encode(JSON.stringify({ ...state, at: [item, chunk] }));
  kept.truncate(bytes.length);
  kept.write(bytes, { at: 0 });
  kept.flush();
}

const held = () => files.reduce((sum, file, at) => sum + (at + 1 < item ? file.size : at + 1 === item ? Math.min(file.size, chunk * CHUNK) : 0), 0);

/** By a new connection: what of a chunk came by the one before is forgotten. */
async function begin() {
  filled = 0;
  await openItem();
  self.postMessage({ begun: true, item, chunk, held: held() });
}

async function openItem() {
  data?.close();
  data = null;
  while (item <= files.length) {
    const { size, root } = files[item - 1];
    verifier = new TreeVerifier(Uint8Array.from(root.match(/../g) ?? [], pair => parseInt(pair, 16)), size);
    data = await /** @type {any} */ (await folder.getFileHandle('data' + item, { create: true })).createSyncAccessHandle();
    data.truncate(Math.min(size, chunk * CHUNK));
    if (chunk < chunksOf(size)) return;
    if (size === 0 && root !== EMPTY) throw new Error('empty');
    next();
  }
}

function next() {
  data.flush();
  data.close();
  data = null;
  item++;
  chunk = 0;
  save();
}

/** @param {Uint8Array} bytes @param {number} turn of the connection @param {number} most of a chunk in one piece */
async function arrived(bytes, turn, most) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wrong = () => self.postMessage({ wrong: true, turn });
  if (bytes.length < 24 || id.some((byte, i) => byte !== bytes[1 + i])) return wrong();
  if (isPast(bytes, view)) return;
  if (view.getUint16(17) !== item || item > files.length) return wrong();
  const { size } = files[item - 1];
  if (bytes[0] === 3) {
    if (filled > 0 || (bytes.length - 24) % HASH !== 0 || await verifier.addPage(bytes[19], view.getUint32(20), bytes.subarray(24)) !== 'right') wrong();
    return;
  }
  const length = chunkLength(size, chunk), piece = bytes.subarray(27);
  if (bytes[0] !== 2 || bytes.length < 28 || view.getUint32(19) !== chunk || view.getUint32(23) !== filled || piece.length !== Math.min(most, length - filled)) return wrong();
  marked.set(piece, 1 + filled);
  filled += piece.length;
  if (filled < length) return;
  filled = 0;
  const whole = marked.subarray(0, 1 + length);
  if (verifier.check(chunk, await leafOf(whole)) !== 'right') return wrong();
  if (data.write(whole.subarray(1), { at: chunk * CHUNK }) !== length) throw new DOMException('full', 'QuotaExceededError');
  chunk++;
  const told = { chunk: true, item, held: 0, turn };
  if (chunk === chunksOf(size)) {
    next();
    await openItem();
  } else if (chunk % FLUSH === 0) save();
  told.held = held();
  self.postMessage(told);
}

/** What a lane by HTTPS had brought when it broke comes once more by the channel. @param {Uint8Array} bytes @param {DataView} view */
function isPast(bytes, view) {
  const its = view.getUint16(17);
  if (its !== item || bytes[0] !== 2 || bytes.length < 28) return its < item;
  return view.getUint32(19) < chunk || (view.getUint32(19) === chunk && view.getUint32(23) < filled);
}

/** @param {number} which from 1 */
async function blob(which) {
  return (await folder.getFileHandle('data' + which)).getFile();
}
