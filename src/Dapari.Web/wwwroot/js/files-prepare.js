// Reads what the person chose once, in the worker: strips pictures, makes previews, hashes, and keeps a copy where there is room.
import { CHUNK, TreeBuilder, chunkBuffer, leafOf } from './files-tree.js';
import * as store from './files-store.js';
import { lent } from './files-source.js';
import { hex } from './files-receive.js';
import { dimensions, mayTell, strip } from './files-strip.js';

const STEP = 16 * CHUNK; // read, hashed and written at once
const MOST_PIXELS = 64e6, SIDE = 320, PREVIEW = 12 * 1024, PREVIEWS = 32 * 1024, LEAST_PREVIEW = 2048;
const TELL_MS = 100;
const STALE_MS = 48 * 3600 * 1000, HALF_DONE_MS = 600 * 1000;

/** @typedef {{ file: File, kind: number, picture: Blob | null, width: number, height: number }} Picked */

/** @type {(name: string, ...args: unknown[]) => void} */
let tell;

/** @type {Set<string>} */
const cancelled = new Set();

/** @param {typeof tell} teller */
export function start(teller) {
  tell = teller;
}

/** @param {string} id */
export function cancel(id) {
  cancelled.add(id);
}

class Cancelled extends Error {}

class Unreadable extends Error {
  /** @param {string} file */
  constructor(file) {
    super('unreadable');
    this.file = file;
  }
}

/**
 * @param {string} id @param {Picked[]} picked @param {boolean} keep what pictures say of themselves @param {string} lock
 * @returns {Promise<{ outcome: number, failed: string, items: object[] }>} outcome: 0 done, 1 unreadable, 2 no room, 4 cancelled
 */
export function prepare(id, picked, keep, lock) {
  cancelled.delete(id);
  // Held as long as this goes on, so that no other tab takes what is half done for a leftover.
  return navigator.locks.request(lock + id, async () => {
    try {
      const stripped = await Promise.all(picked.map(async one => keep || !mayTell(one.kind, one.file.type) ? one.file : strip(one.file).catch(() => one.file)));
      const sizes = stripped.map(blob => blob.size);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const items = [{ root: new Uint8Array(32), size: 0 }, ...sizes.map(size => ({ root: new Uint8Array(32), size }))];
      const kept = await store.begin(id, { role: 'source', state: 'preparing', at: Date.now(), keep }, items);
      let copies = total <= await store.room();
      const told = teller(id);
      for (let i = 0; i < stripped.length; i++) {
        try {
          items[i + 1].root = await hash(id, kept, i + 1, stripped[i], copies, told, picked[i].file.name);
        } catch (error) {
          if (!copies || !store.isFull(error)) throw error;
          // There was less room than was said: what is there of the copy goes, and it is served from where it lies.
          copies = false;
          (await kept.handle('data')).truncate(0);
          items[i + 1].root = await hash(id, kept, i + 1, stripped[i], false, told, picked[i].file.name);
        }
      }
      if (copies) kept.flush('data');
      else lent.set(id, [null, ...stripped]);
      kept.flush('tree');
      kept.setItems(items);
      await kept.saveIndex();
      return { outcome: 0, failed: '', items: await describe(picked, stripped, items) };
    } catch (error) {
      await store.remove(id);
      if (error instanceof Cancelled) return { outcome: 4, failed: '', items: [] };
      if (error instanceof Unreadable) return { outcome: 1, failed: error.file, items: [] };
      return { outcome: 2, failed: '', items: [] };
    } finally {
      cancelled.delete(id);
    }
  });
}

/** @param {string} id */
function teller(id) {
  let sum = 0, at = 0;
  return /** @param {number} more */ more => {
    sum += more;
    if (performance.now() - at < TELL_MS) return;
    at = performance.now();
    tell('Preparing', id, sum);
  };
}

/**
 * One file, read once: the next part is read while this one is hashed and written.
 * @param {string} id @param {store.Kept | null} kept @param {number} item @param {Blob} blob @param {boolean} copies @param {(more: number) => void} told @param {string} name
 */
async function hash(id, kept, item, blob, copies, told, name) {
  /** @type {Promise<void>[]} */
  const pages = [];
  const builder = new TreeBuilder((level, index, hashes) => { if (kept) pages.push(kept.writePage(item, level, index, hashes)); });
  const buffers = Array.from({ length: STEP / CHUNK }, chunkBuffer);
  /** @param {number} at */
  const read = async at => {
    const bytes = await blob.slice(at, at + STEP).arrayBuffer().catch(() => { throw new Unreadable(name); });
    if (bytes.byteLength !== Math.min(STEP, blob.size - at)) throw new Unreadable(name);
    return new Uint8Array(bytes);
  };
  let ahead = blob.size > 0 ? read(0) : Promise.resolve(new Uint8Array(0));
  for (let at = 0; at < blob.size; at += STEP) {
    if (cancelled.has(id)) throw new Cancelled();
    const bytes = await ahead;
    if (at + STEP < blob.size) (ahead = read(at + STEP)).catch(() => {});
    /** @type {Promise<Uint8Array>[]} */
    const leaves = [];
    for (let from = 0, n = 0; from < bytes.length; from += CHUNK, n++) {
      const part = bytes.subarray(from, from + CHUNK);
      buffers[n].set(part, 1);
      leaves.push(leafOf(buffers[n].subarray(0, 1 + part.length)));
    }
    if (kept && copies) for (let from = 0; from < bytes.length; from += CHUNK) await kept.write(item, (at + from) / CHUNK, bytes.subarray(from, from + CHUNK));
    for (const leaf of await Promise.all(leaves)) await builder.add(leaf);
    told(bytes.length);
  }
  const root = await builder.finish();
  await Promise.all(pages);
  return root;
}

/** @param {Picked[]} picked @param {Blob[]} stripped @param {store.Item[]} items */
async function describe(picked, stripped, items) {
  const seen = picked.filter(one => one.kind === 1 || one.picture).length;
  const share = Math.min(PREVIEW, Math.max(LEAST_PREVIEW, Math.floor(PREVIEWS / Math.max(1, seen))));
  let left = seen > 0 && picked.length <= 64 ? PREVIEWS : 0;
  const described = [];
  for (let i = 0; i < picked.length; i++) {
    const one = picked[i];
    let { width, height } = one, preview = new Uint8Array(0);
    const source = one.picture ?? (one.kind === 1 ? stripped[i] : null);
    if (source) {
      const made = await previewOf(source, left >= LEAST_PREVIEW ? Math.min(share, left) : 0).catch(() => null);
      if (made && !one.picture) ({ width, height } = made);
      if (made) preview = made.bytes;
      left -= preview.length;
    }
    described.push({ root: hex(items[i + 1].root), size: items[i + 1].size, width, height, preview });
  }
  return described;
}

/** @param {Blob} blob @param {number} most bytes; 0: only its size @param {number} [longest] pixels */
export async function previewOf(blob, most, longest = SIDE) {
  const size = await dimensions(blob);
  if (!size || size.width < 1 || size.height < 1 || size.width * size.height > MOST_PIXELS) return null;
  const scale = Math.min(1, longest / Math.max(size.width, size.height));
  // Turned as it says; what was read of its header may be the other way round then.
  const bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image', ...(scale < 1 ? { resizeWidth: Math.max(1, Math.round(size.width * scale)), resizeQuality: 'medium' } : {}) });
  try {
    const isTurned = (bitmap.width > bitmap.height) !== (size.width > size.height) && size.width !== size.height;
    const [width, height] = isTurned ? [size.height, size.width] : [size.width, size.height];
    return { width, height, bytes: most > 0 ? await encode(bitmap, most, longest) : new Uint8Array(0) };
  } finally {
    bitmap.close();
  }
}

/** @param {ImageBitmap} bitmap @param {number} most @param {number} longest */
async function encode(bitmap, most, longest) {
  for (const [side, quality] of [[longest, 0.75], [longest, 0.5], [longest * 0.6, 0.5], [longest * 0.35, 0.4], [longest * 0.2, 0.3]]) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d')).drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    let made = await canvas.convertToBlob({ type: 'image/webp', quality });
    // A browser that cannot write WebP writes PNG instead.
    if (made.type !== 'image/webp') made = await canvas.convertToBlob({ type: 'image/jpeg', quality });
    if (made.size <= most) return new Uint8Array(await made.arrayBuffer());
  }
  return new Uint8Array(0);
}

/** The manifest of a prepared transfer (of no bytes: there is none); from then on it may be served. @param {string} id @param {Uint8Array} bytes */
export async function keepManifest(id, bytes) {
  const kept = await store.find(id);
  if (!kept) return null;
  const items = [...(kept.items ?? [])];
  items[0] = { root: new Uint8Array(32), size: bytes.length };
  kept.closeHandles();
  // Its hashes come first in the tree: those of the items move behind them.
  const trees = await (await (await kept.folder.getFileHandle('tree', { create: true })).getFile()).arrayBuffer();
  kept.setItems(items);
  const blob = new Blob([bytes]);
  if (kept.trees[1] > 0) {
    const handle = await kept.handle('tree');
    handle.write(new Uint8Array(trees), { at: kept.trees[1] * 32 });
  }
  items[0].root = await hash(id, kept, 0, blob, true, () => {}, 'manifest');
  kept.flush('manifest', 'tree');
  await kept.saveIndex();
  await kept.saveMeta({ state: 'prepared' });
  return hex(items[0].root);
}

/** Files that were chosen again for a transfer: true if they are all it names. @param {string} id @param {Picked[]} picked */
export async function chooseAgain(id, picked) {
  const kept = await store.find(id);
  if (!kept || kept.meta.role !== 'source') return false;
  const wanted = kept.items.slice(1);
  /** @type {(Blob | null)[]} */
  const found = [null];
  const blobs = await Promise.all(picked.map(async one => mayTell(one.kind, one.file.type) ? [one.file, await strip(one.file).catch(() => one.file)] : [one.file]));
  const all = await Promise.all(blobs.flat().map(async blob => ({ blob, root: wanted.some(item => item.size === blob.size) ? hex(await hash(id, null, 1, blob, false, () => {}, '').catch(() => new Uint8Array(0))) : '' })));
  for (const item of wanted) {
    const match = all.find(one => one.root === hex(item.root) && one.blob.size === item.size);
    if (!match) return false;
    found.push(match.blob);
  }
  const told = () => {};
  let copies = wanted.reduce((sum, item) => sum + item.size, 0) <= await store.room();
  for (let i = 1; i < found.length; i++) {
    const blob = /** @type {Blob} */ (found[i]);
    try {
      await hash(id, kept, i, blob, copies, told, '');
    } catch (error) {
      if (!copies || !store.isFull(error)) return false;
      copies = false;
      i--;
    }
  }
  kept.flush('data', 'tree');
  if (!copies) lent.set(id, found);
  return true;
}

/** Removes what a crash, or a person who went, left half done. @param {string} lock */
export async function sweep(lock) {
  for (const id of await store.all()) {
    await navigator.locks.request(lock + id, { ifAvailable: true }, async held => {
      if (!held) return;
      const kept = await store.find(id);
      const age = Date.now() - (kept?.meta.at ?? 0);
      if (!kept || (kept.meta.state === 'preparing' && age > HALF_DONE_MS) || (kept.meta.state === 'prepared' && age > STALE_MS)) await store.remove(id);
    });
  }
}
