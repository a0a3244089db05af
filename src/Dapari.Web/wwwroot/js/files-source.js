// The sender's half in the worker: reads chunks of what was prepared, from the copy or from where the person's file lies, and serves them to channels.
import { CHUNK, HASH, chunkLength, leafOf, pagesOver, same } from './files-tree.js';
import * as store from './files-store.js';
import { unhex } from './files-receive.js';

const PIECE = 64 * 1024, PIECE_HEADER = 27, PAGE_HEADER = 24;
const AHEAD = 8; // chunks that the page holds and the channel did not take yet
const WHOLE = CHUNK + CHUNK / PIECE * PIECE_HEADER; // a whole chunk as messages
const SPARE = 8;

/** Buffers of whole chunks that wait to be filled. @type {ArrayBuffer[]} */
const spare = [];

/** @typedef {{ contact: string, id: string, item: number, at: number, first: number, end: number, pages: boolean }} Serving */

/** Where no copy could be kept: the person's own files, by transfer, in this and other tabs. @type {Map<string, (Blob | null)[]>} */
export const lent = new Map();

/** @type {Map<string, { queue: Serving[], ahead: number, running: boolean }>} by contact */
const lines = new Map();

/** @type {Map<string, Promise<any>>} */
const reading = new Map();

/** @type {(name: string, ...args: unknown[]) => void} */
let tell;

/** @type {(message: object, transfer: Transferable[]) => void} */
let send;

/** @param {typeof tell} teller @param {typeof send} sender */
export function start(teller, sender) {
  tell = teller;
  send = sender;
}

/** A source was found that cannot be read as it was. */
export class SourceError extends Error {
  /** @param {number} item @param {boolean} changed */
  constructor(item, changed) {
    super('source');
    this.item = item;
    this.changed = changed;
  }
}

/** A chunk into its place; it is the one that was hashed, or this fails. @param {string} id @param {number} item @param {number} chunk @param {Uint8Array} marked with the mark before it */
export async function readChunk(id, item, chunk, marked) {
  const kept = await store.find(id);
  const file = lent.get(id)?.[item];
  if (!kept || kept.meta.role !== 'source') throw new SourceError(item, false);
  if (file) {
    try {
      marked.set(new Uint8Array(await file.slice(chunk * CHUNK, chunk * CHUNK + marked.length - 1).arrayBuffer()), 1);
    } catch (error) {
      // A file that was written to meanwhile cannot be read any more, nor one that went.
      throw new SourceError(item, /** @type {Error} */ (error).name === 'NotReadableError');
    }
  } else if (!kept.readSync(await kept.bytes(item), item, chunk * CHUNK, marked.subarray(1))) {
    throw new SourceError(item, false);
  }
  const leaf = await kept.leaf(item, chunk);
  if (!leaf || !same(await leafOf(marked), leaf)) throw new SourceError(item, true);
}

/** The pages over a chunk, one after the other. @param {string} id @param {number} item @param {number} chunk */
export async function readPages(id, item, chunk) {
  const kept = await store.find(id);
  if (!kept) throw new SourceError(item, false);
  /** @type {{ level: number, index: number, hashes: Uint8Array }[]} */
  const pages = [];
  for (const [level, index] of pagesOver(kept.items[item].size, chunk)) {
    const hashes = await kept.page(item, level, index);
    if (!hashes) throw new SourceError(item, false);
    pages.push({ level, index, hashes });
  }
  return pages;
}

/** Whether what was offered can be read; the items are kept, so that the person may choose the files again. @param {string} id @param {store.Item[]} items */
export async function openSource(id, items) {
  const kept = await store.find(id);
  const known = kept?.meta.role === 'source' && kept.items.length === items.length && kept.items.every((item, i) => item.size === items[i].size && same(item.root, items[i].root));
  if (!known) {
    await store.begin(id, { role: 'source', state: 'open', at: Date.now(), keep: false }, items).catch(() => {});
    return tell('SourceReady', id, false);
  }
  if (kept.meta.state === 'prepared') await kept.saveMeta({ state: 'open' }).catch(() => {});
  tell('SourceReady', id, await isReadable(id, kept));
}

/** @param {string} id @param {store.Kept} kept */
export async function isReadable(id, kept) {
  if (lent.has(id)) return true;
  const total = kept.starts.at(-1) ?? 0;
  const [data, tree, manifest] = await Promise.all([kept.handle('data'), kept.handle('tree'), kept.handle('manifest')]).catch(() => []);
  return !!data && data.getSize() >= total && tree.getSize() >= (kept.trees.at(-1) ?? 0) * HASH && manifest.getSize() >= (kept.items[0]?.size ?? 0);
}

/** @param {string} contact @param {string} id @param {number} item @param {number} first @param {number} count @param {boolean} pages */
export function serve(contact, id, item, first, count, pages) {
  const line = lines.get(contact) ?? { queue: [], ahead: 0, running: false };
  lines.set(contact, line);
  line.queue.push({ contact, id, item, at: first, first, end: first + count, pages });
  run(contact, line);
}

/** @param {string} contact @param {string} id */
export function stopServing(contact, id) {
  const line = lines.get(contact);
  if (line) line.queue = line.queue.filter(one => one.id !== id);
}

/** A channel is gone, or new. @param {string} contact */
export function forget(contact) {
  const line = lines.get(contact);
  if (line) line.queue = [];
  lines.delete(contact);
}

/** The channel took a chunk, and gives its buffer back. @param {string} contact @param {ArrayBuffer} buffer */
export function sent(contact, buffer) {
  if (spare.length < SPARE && buffer.byteLength === WHOLE) spare.push(buffer);
  const line = lines.get(contact);
  if (!line) return;
  line.ahead = Math.max(0, line.ahead - 1);
  run(contact, line);
}

/** @param {string} contact @param {{ queue: Serving[], ahead: number, running: boolean }} line */
async function run(contact, line) {
  if (line.running) return;
  line.running = true;
  while (line.queue.length > 0 && line.ahead < AHEAD && lines.get(contact) === line) {
    const serving = line.queue[0];
    try {
      if (serving.pages) {
        serving.pages = false;
        for (const { level, index, hashes } of await readPages(serving.id, serving.item, serving.first)) post(contact, pageMessage(serving, level, index, hashes));
      }
      const bytes = await chunkMessages(serving);
      if (line.queue[0] !== serving || lines.get(contact) !== line) continue;
      line.ahead++;
      post(contact, bytes, serving.at === serving.end - 1 ? [serving.id, serving.item, serving.first, serving.end - serving.first] : undefined);
      if (++serving.at === serving.end) line.queue.shift();
    } catch (error) {
      line.queue = line.queue.filter(one => one.id !== serving.id || one.item !== serving.item);
      if (!(error instanceof SourceError)) console.error('files: a source could not be read', /** @type {Error} */ (error).name);
      tell('SourceFailed', serving.id, serving.item, error instanceof SourceError && error.changed);
    }
  }
  line.running = false;
}

/** @param {string} contact @param {Uint8Array} bytes @param {unknown[]} [served] */
function post(contact, bytes, served) {
  send({ op: 'send', contact, bytes, counts: bytes[0] === 2, served }, [bytes.buffer]);
}

/** All pieces of a chunk, each with its header, one behind the other. @param {Serving} serving */
async function chunkMessages(serving) {
  const { id, item, at: chunk } = serving;
  const kept = await store.find(id);
  if (!kept || kept.meta.role !== 'source' || !kept.items[item]) throw new SourceError(item, false);
  const length = chunkLength(kept.items[item].size, chunk);
  if (length === 0) throw new SourceError(item, false);
  const pieces = Math.ceil(length / PIECE);
  const bytes = new Uint8Array(length === CHUNK ? spare.pop() ?? new ArrayBuffer(WHOLE) : new ArrayBuffer(length + pieces * PIECE_HEADER));
  const view = new DataView(bytes.buffer);
  const transfer = unhex(id);
  // A copy of ours is as it was hashed, and its recipient holds it to the tree; a person's own file may have changed.
  /** @type {Uint8Array | null} */
  let marked = null;
  if (lent.get(id)?.[item]) await readChunk(id, item, chunk, marked = new Uint8Array(1 + length));
  const handle = marked ? null : await kept.bytes(item);
  for (let piece = 0; piece < pieces; piece++) {
    const at = piece * (PIECE_HEADER + PIECE);
    bytes[at] = 2;
    bytes.set(transfer, at + 1);
    view.setUint16(at + 17, item);
    view.setUint32(at + 19, chunk);
    view.setUint32(at + 23, piece * PIECE);
    const into = bytes.subarray(at + PIECE_HEADER, Math.min(at + PIECE_HEADER + PIECE, bytes.length));
    if (marked) into.set(marked.subarray(1 + piece * PIECE, 1 + piece * PIECE + into.length));
    else if (!kept.readSync(handle, item, chunk * CHUNK + piece * PIECE, into)) throw new SourceError(item, false);
  }
  return bytes;
}

/** @param {Serving} serving @param {number} level @param {number} index @param {Uint8Array} hashes */
function pageMessage(serving, level, index, hashes) {
  const bytes = new Uint8Array(PAGE_HEADER + hashes.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 3;
  bytes.set(unhex(serving.id), 1);
  view.setUint16(17, serving.item);
  bytes[19] = level;
  view.setUint32(20, index);
  bytes.set(hashes, PAGE_HEADER);
  return bytes;
}
