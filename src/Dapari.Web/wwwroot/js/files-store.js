// What is kept of transfers, in the origin's private file system: dapari-files/<profile>/<transfer>/ with
//   data      all items from item 1 on, in a row: their bytes, under no name of their sender's making
//   manifest  item 0
//   tree      sources only: the hashes below each item's root (item 0 first), level by level from the leaves
//   index     for each item its root (32) and size (8, big endian); item 0 first
//   meta      JSON: role, state, when it was begun
// Only a worker may write here (createSyncAccessHandle). Handles are shared ("readwrite-unsafe"), so that a tab that froze keeps nobody out.
import { CHUNK, HASH, chunkLength, hashesOf, levelStart, pageCount } from './files-tree.js';

const OPEN = 12, KNOWN = 64; // transfers whose files are held open, and that are remembered
export const RESERVE = 64 * 1024 * 1024; // of the disk, left to the browser and the engine's own store
const MOST_SAID = 10 * 1024 ** 3;
const encoder = new TextEncoder(), decoder = new TextDecoder();

/** @typedef {{ root: Uint8Array, size: number }} Item */
/** @typedef {{ role: 'source' | 'destination', state: 'preparing' | 'prepared' | 'open' | 'done', at: number, keep?: boolean }} Meta */

/** @type {FileSystemDirectoryHandle} */
let home;

/** @type {Map<string, Kept>} the last used last */
const kept = new Map();

/** Opens the store of a profile. @param {string} profile */
export async function openHome(profile) {
  const root = await navigator.storage.getDirectory();
  home = await (await root.getDirectoryHandle('dapari-files', { create: true })).getDirectoryHandle(profile, { create: true });
}

/** Bytes that may be kept here besides what is, as far as the browser says. */
export async function room() {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return quota - usage - RESERVE;
}

/**
 * Whether so many more bytes may be tried. Chromium since 138 says 10 GiB wherever there is as much or more, so that nobody learns whether a window is
 * private; what is enforced is another limit, of which only writing tells. @param {number} bytes
 */
export async function mayHold(bytes) {
  const known = await room();
  return bytes <= known || known + RESERVE >= MOST_SAID;
}

/** @param {unknown} error */
export const isFull = error => error instanceof DOMException && error.name === 'QuotaExceededError';

/** A transfer's folder, held open. */
export class Kept {
  /** @param {string} id @param {FileSystemDirectoryHandle} folder @param {Meta} meta @param {Item[]} items */
  constructor(id, folder, meta, items) {
    this.id = id;
    this.folder = folder;
    this.meta = meta;
    /** @type {Map<string, any>} */
    this.handles = new Map();
    /** @type {Map<string, Promise<any>>} */
    this.opening = new Map();
    this.setItems(items);
  }

  /** @param {Item[]} items */
  setItems(items) {
    this.items = items;
    /** Where items begin in "data", and their hashes in "tree". */
    this.starts = [0];
    this.trees = [0];
    for (let i = 0; i < items.length; i++) {
      this.starts.push(this.starts[i] + (i === 0 ? 0 : items[i].size));
      this.trees.push(this.trees[i] + hashesOf(items[i].size));
    }
  }

  /** @param {string} name */
  async handle(name) {
    const found = this.handles.get(name);
    if (found) return found;
    let opening = this.opening.get(name);
    if (!opening) {
      opening = openHandle(this.folder, name);
      this.opening.set(name, opening);
      opening.then(handle => this.handles.set(name, handle)).catch(() => {}).finally(() => this.opening.delete(name));
    }
    return opening;
  }

  /** Reads part of a chunk; false: it is not here. @param {any} handle of the item's file @param {number} item @param {number} at @param {Uint8Array} into */
  readSync(handle, item, at, into) {
    return handle.read(into, { at: this.starts[item] + at }) === into.length;
  }

  /** The file that holds an item's bytes. @param {number} item */
  bytes(item) {
    return this.handle(item === 0 ? 'manifest' : 'data');
  }

  /** @param {number} item @param {number} chunk @param {Uint8Array} bytes */
  async write(item, chunk, bytes) {
    writeAll(await this.bytes(item), this.starts[item] + chunk * CHUNK, bytes);
  }

  /** @param {number} item @param {number} level @param {number} index @param {Uint8Array} hashes */
  async writePage(item, level, index, hashes) {
    writeAll(await this.handle('tree'), this.pageAt(item, level, index), hashes);
  }

  /** @param {number} item @param {number} level @param {number} index */
  async page(item, level, index) {
    const hashes = new Uint8Array(pageCount(this.items[item].size, level, index) * HASH);
    return (await this.handle('tree')).read(hashes, { at: this.pageAt(item, level, index) }) === hashes.length ? hashes : null;
  }

  /** What a chunk's leaf must be, by the kept tree. @param {number} item @param {number} chunk */
  async leaf(item, chunk) {
    const { size, root } = this.items[item];
    if (size <= CHUNK) return root;
    const hash = new Uint8Array(HASH);
    return (await this.handle('tree')).read(hash, { at: (this.trees[item] + chunk) * HASH }) === HASH ? hash : null;
  }

  /** @param {number} item @param {number} level @param {number} index */
  pageAt(item, level, index) {
    return (this.trees[item] + levelStart(this.items[item].size, level - 1)) * HASH + index * 256 * HASH;
  }

  /** @param {number} item @param {number} chunk */
  lengthOf(item, chunk) {
    return chunkLength(this.items[item]?.size ?? 0, chunk);
  }

  /** What was written is on disk when this returns. @param {string[]} names */
  flush(...names) {
    for (const name of names) this.handles.get(name)?.flush();
  }

  async saveIndex() {
    const bytes = new Uint8Array(this.items.length * 40);
    const view = new DataView(bytes.buffer);
    this.items.forEach((item, i) => {
      bytes.set(item.root, i * 40);
      view.setBigUint64(i * 40 + 32, BigInt(item.size));
    });
    await writeWhole(this.folder, 'index', bytes);
  }

  /** @param {Partial<Meta>} change */
  async saveMeta(change) {
    Object.assign(this.meta, change);
    await writeWhole(this.folder, 'meta', encoder.encode(JSON.stringify(this.meta)));
  }

  /** An item as a file, from any tab. @param {number} item @param {string} type @returns {Promise<Blob | null>} */
  async blob(item, type) {
    return blobOf(this.folder, this.items, item, type);
  }

  closeHandles() {
    for (const handle of this.handles.values()) handle.close();
    this.handles.clear();
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name */
async function openHandle(folder, name) {
  const file = await folder.getFileHandle(name, { create: true });
  return /** @type {any} */ (file).createSyncAccessHandle({ mode: 'readwrite-unsafe' });
}

/** @param {any} handle @param {number} at @param {Uint8Array} bytes */
function writeAll(handle, at, bytes) {
  // A full disk writes less than was asked, or throws.
  if (handle.write(bytes, { at }) !== bytes.length) throw new DOMException('full', 'QuotaExceededError');
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @param {Uint8Array} bytes */
async function writeWhole(folder, name, bytes) {
  const handle = await openHandle(folder, name);
  try {
    handle.truncate(bytes.length);
    writeAll(handle, 0, bytes);
    handle.flush();
  } finally {
    handle.close();
  }
}

/** @param {FileSystemDirectoryHandle} folder @param {Item[]} items @param {number} item @param {string} type */
async function blobOf(folder, items, item, type) {
  if (!items[item]) return null;
  const start = items.slice(1, item).reduce((sum, one) => sum + one.size, 0);
  try {
    const file = await (await folder.getFileHandle(item === 0 ? 'manifest' : 'data')).getFile();
    return file.size >= start + items[item].size ? file.slice(start, start + items[item].size, type) : null;
  } catch {
    return items[item].size === 0 ? new Blob([], { type }) : null;
  }
}

/** @param {FileSystemDirectoryHandle} folder @returns {Promise<{ meta: Meta, items: Item[] } | null>} */
async function readFolder(folder) {
  try {
    const meta = JSON.parse(decoder.decode(await (await (await folder.getFileHandle('meta')).getFile()).arrayBuffer()));
    const bytes = new Uint8Array(await (await (await folder.getFileHandle('index', { create: true })).getFile()).arrayBuffer());
    const view = new DataView(bytes.buffer);
    const items = Array.from({ length: Math.floor(bytes.length / 40) }, (_, i) => ({ root: bytes.slice(i * 40, i * 40 + 32), size: Number(view.getBigUint64(i * 40 + 32)) }));
    return { meta, items };
  } catch {
    return null; // There is none, or a crash came before it was whole.
  }
}

/** A transfer that is kept here; null: none. @param {string} id */
export async function find(id) {
  const known = kept.get(id);
  if (known) {
    kept.delete(id);
    kept.set(id, known);
    return known;
  }
  let folder;
  try {
    folder = await home.getDirectoryHandle(id);
  } catch {
    return null;
  }
  const read = await readFolder(folder);
  return read ? keepOpen(new Kept(id, folder, read.meta, read.items)) : null;
}

/** Begins a transfer's folder anew. @param {string} id @param {Meta} meta @param {Item[]} items */
export async function begin(id, meta, items) {
  await remove(id);
  const made = new Kept(id, await home.getDirectoryHandle(id, { create: true }), meta, items);
  await made.saveIndex();
  await made.saveMeta({});
  return keepOpen(made);
}

/** @param {Kept} one */
function keepOpen(one) {
  const other = kept.get(one.id);
  if (other) return other;
  kept.set(one.id, one);
  for (const old of [...kept.values()].slice(0, Math.max(0, kept.size - OPEN))) old.closeHandles();
  for (const id of [...kept.keys()].slice(0, Math.max(0, kept.size - KNOWN))) kept.delete(id);
  return one;
}

/** @param {string} id */
export async function remove(id) {
  kept.get(id)?.closeHandles();
  kept.delete(id);
  await home.removeEntry(id, { recursive: true }).catch(() => {});
}

/** Ids of all that is kept. */
export async function all() {
  const ids = [];
  for await (const [id, handle] of /** @type {any} */ (home).entries()) if (handle.kind === 'directory') ids.push(id);
  return ids;
}

/** Lets every file go: another tab goes on with them. */
export function closeAll() {
  for (const one of kept.values()) one.closeHandles();
  kept.clear();
}

/** Removes all that is kept of this profile. */
export async function wipe() {
  for (const id of await all()) await remove(id);
}

/** Bytes that all of it takes. */
export async function used() {
  let sum = 0;
  for await (const folder of /** @type {any} */ (home).values()) {
    if (folder.kind !== 'directory') continue;
    for await (const file of folder.values()) if (file.kind === 'file') sum += (await file.getFile().catch(() => ({ size: 0 }))).size;
  }
  return sum;
}
