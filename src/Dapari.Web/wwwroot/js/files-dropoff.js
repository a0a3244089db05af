// Drop-offs in the worker: chunks are sealed, each with its number, and left at a server over HTTP, or fetched, opened and held to the tree.
// The layout of a blob and its vectors: docs/protocol/files.md.
import { CHUNK, FAN, HASH, chunkLength, chunksOf, pageCount, pagesOver } from './files-tree.js';
import * as store from './files-store.js';
import * as receive from './files-receive.js';
import { SourceError, readChunk, readPages } from './files-source.js';

const TAG = 16, BODY = 8 * 1024 * 1024, EASY_REST = 2, LONGEST_REST_MS = 2000, TRIES = 5;
const UNREACHABLE = 0, UNKNOWN_TOKEN = 1, NO_ROOM = 2, SOURCE = 3; // UploadFault
const REMOVE_AGAIN_MS = [1000, 10_000, 60_000];

/** @typedef {{ server: string, blob: string, token: string, key: string, spans: [first: number, count: number][] }} DropOff */
/** Chunks of one item under one page of leaves, in a row. @typedef {{ item: number, first: number, end: number, unit: number, offset: number, pages: number, span: number }} Run */

/** @type {(name: string, ...args: unknown[]) => void} */
let tell;

let easy = false;

/** @type {Map<string, AbortController>} */
const fetching = new Map();

/** @type {Map<string, AbortController>} */
const leaving = new Map();

/** @param {typeof tell} teller */
export function start(teller) {
  tell = teller;
}

/** @param {boolean} on */
export function goEasy(on) {
  easy = on;
}

/**
 * Where everything lies in a blob.
 * @param {store.Item[]} items @param {[first: number, count: number][]} spans chunks counted through @returns {{ runs: Run[], size: number }}
 */
export function layout(items, spans) {
  const starts = [0];
  for (let i = 0; i < items.length; i++) starts.push(starts[i] + chunksOf(items[i].size));
  /** @type {Run[]} */
  const runs = [];
  let unit = 0, offset = 0;
  for (const [span, [from, count]] of spans.entries()) {
    const end = Math.min(from + count, starts[items.length]);
    let item = 0;
    for (let at = from; at < end;) {
      while (starts[item + 1] <= at) item++;
      const first = at - starts[item];
      const size = items[item].size;
      const chunks = Math.min(end - at, starts[item + 1] - at, FAN - first % FAN);
      const pages = pagesOver(size, first).reduce((sum, [level, index]) => sum + pageCount(size, level, index) * HASH, 0);
      const run = { item, first, end: first + chunks, unit, offset, pages, span };
      runs.push(run);
      unit += chunks + (pages > 0 ? 1 : 0);
      offset = chunkOffset(run, run.end - 1) + chunkLength(size, run.end - 1) + TAG;
      at += chunks;
    }
  }
  return { runs, size: offset };
}

/** @param {Run} run @param {number} chunk */
const chunkOffset = (run, chunk) => run.offset + (run.pages > 0 ? run.pages + TAG : 0) + (chunk - run.first) * (CHUNK + TAG);

/** @param {Run} run @param {number} chunk */
const chunkUnit = (run, chunk) => run.unit + (run.pages > 0 ? 1 : 0) + chunk - run.first;

/** @param {string} key in hexadecimal */
const readKey = key => crypto.subtle.importKey('raw', receive.unhex(key), 'AES-GCM', false, ['encrypt', 'decrypt']);

/** The number of a unit as its nonce, big endian. @param {number} unit */
function nonce(unit) {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, BigInt(unit));
  return bytes;
}

/** @param {CryptoKey} key @param {number} unit @param {Uint8Array} plain */
export const seal = async (key, unit, plain) => new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce(unit) }, key, plain));

/** @param {CryptoKey} key @param {number} unit @param {Uint8Array} sealed */
export const unseal = async (key, unit, sealed) => new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce(unit) }, key, sealed));

/** @param {DropOff} dropOff @param {RequestInit} options @param {string} [query] */
function ask(dropOff, options, query = '') {
  const headers = { ...options.headers, Authorization: 'Bearer ' + dropOff.token };
  return fetch(`${dropOff.server}/blobs/${dropOff.blob}${query}`, { ...options, headers, cache: 'no-store', credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' });
}

/** Rests so that a call has most of the line. @param {number} since */
async function rest(since) {
  if (easy) await new Promise(resolve => setTimeout(resolve, Math.min(LONGEST_REST_MS, EASY_REST * (performance.now() - since))));
}

/** Fetches chunks of one item under one page of leaves. @param {string} id @param {DropOff} dropOff @param {number} item @param {number} first @param {number} count */
export async function fetchChunks(id, dropOff, item, first, count) {
  stopFetch(id);
  const destination = receive.destinationOf(id);
  if (!destination) return tell('FetchFailed', id, dropOff.blob, false);
  const abort = new AbortController();
  fetching.set(id, abort);
  const begun = performance.now();
  let at = first;
  try {
    const run = layout(destination.kept.items, dropOff.spans).runs.find(one => one.item === item && one.first <= first && first + count <= one.end);
    if (!run) throw new Gone();
    const key = await readKey(dropOff.key);
    const withPages = run.pages > 0 && !await receive.hasPages(destination, item, first);
    if (withPages && first !== run.first) {
      const [pages] = await Array.fromAsync(units(dropOff, run.offset, [run.pages], abort.signal));
      if (!await takePages(destination, run, await unseal(key, run.unit, pages))) throw new Wrong();
    }
    const lengths = Array.from({ length: count }, (_, i) => chunkLength(destination.kept.items[item].size, first + i));
    const inFront = withPages && first === run.first;
    const from = inFront ? run.offset : chunkOffset(run, first);
    let pagesDue = inFront;
    /** @type {Promise<void>[]} */
    const taken = [];
    for await (const sealed of units(dropOff, from, inFront ? [run.pages, ...lengths] : lengths, abort.signal)) {
      if (pagesDue) {
        pagesDue = false;
        if (!await takePages(destination, run, await unseal(key, run.unit, sealed))) throw new Wrong();
        continue;
      }
      const buffer = receive.buffer();
      const plain = await unseal(key, chunkUnit(run, at), sealed);
      buffer.set(plain, 1);
      if (abort.signal.aborted) return;
      taken.push(receive.take(destination, item, at++, buffer, plain.length, receive.BY_DROP_OFF));
    }
    await Promise.all(taken);
    await rest(begun);
  } catch (error) {
    if (abort.signal.aborted) return;
    // What cannot be opened was not sealed by who has the key: wrong bytes, not a failing line.
    if (error instanceof Wrong || /** @type {Error} */ (error).name === 'OperationError') tell('Wrong', id, item, at, 1, true);
    else tell('FetchFailed', id, dropOff.blob, error instanceof Gone);
  } finally {
    if (fetching.get(id) === abort) fetching.delete(id);
  }
}

class Gone extends Error {}
class Wrong extends Error {}

/** @param {NonNullable<ReturnType<typeof receive.destinationOf>>} destination @param {Run} run @param {Uint8Array} hashes */
async function takePages(destination, run, hashes) {
  let at = 0;
  for (const [level, index] of pagesOver(destination.kept.items[run.item].size, run.first)) {
    const length = pageCount(destination.kept.items[run.item].size, level, index) * HASH;
    if (!await receive.addPage(destination, run.item, level, index, hashes.subarray(at, at + length))) return false;
    at += length;
  }
  return at === hashes.length;
}

/** Sealed units out of a range of a blob, as they come. @param {DropOff} dropOff @param {number} offset @param {number[]} plain their lengths before sealing @param {AbortSignal} signal */
async function* units(dropOff, offset, plain, signal) {
  const total = plain.reduce((sum, length) => sum + length + TAG, 0);
  const response = await ask(dropOff, { headers: { Range: `bytes=${offset}-${offset + total - 1}` }, signal });
  if (response.status === 404) throw new Gone();
  if (response.status !== 206 || !response.body) throw new Error('status');
  const reader = response.body.getReader();
  try {
    let next = 0, filled = 0, unit = new Uint8Array(plain[0] + TAG);
    while (next < plain.length) {
      const { done, value } = await reader.read();
      if (done) throw new Error('short');
      for (let at = 0; at < value.length && next < plain.length;) {
        const part = value.subarray(at, at + unit.length - filled);
        unit.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < unit.length) continue;
        yield unit;
        filled = 0;
        if (++next < plain.length) unit = new Uint8Array(plain[next] + TAG);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} id */
export function stopFetch(id) {
  fetching.get(id)?.abort();
  fetching.delete(id);
}

/** Leaves what a drop-off's spans name, from where its server is. @param {string} id @param {DropOff} dropOff */
export async function upload(id, dropOff) {
  leaving.get(id)?.abort();
  const stop = new AbortController();
  leaving.set(id, stop);
  let durable = 0;
  /** @type {{ runs: Run[], size: number, items: store.Item[] } | null} */
  let plan = null;
  try {
    const kept = await store.find(id);
    if (!kept || kept.meta.role !== 'source') throw new SourceError(0, false);
    plan = { ...layout(kept.items, dropOff.spans), items: kept.items };
    const key = await readKey(dropOff.key);
    durable = await offsetAt(dropOff, stop.signal);
    tell('Uploaded', id, bytesWhole(plan, durable));
    let body = sealFrom(id, key, plan, durable, stop.signal);
    for (let refused = 0; durable < plan.size && !stop.signal.aborted;) {
      const begun = performance.now();
      const sealed = await body;
      // The next piece is sealed while this one is under way.
      const ahead = sealFrom(id, key, plan, durable + sealed.length, stop.signal);
      ahead.catch(() => {});
      const response = await ask(dropOff, { method: 'PUT', body: sealed, signal: stop.signal }, '?offset=' + durable);
      if (response.status === 204) {
        durable += sealed.length;
        refused = 0;
        body = ahead;
        tell('Uploaded', id, bytesWhole(plan, durable));
        await rest(begun);
        continue;
      }
      if (response.status === 409 || response.status === 408) {
        if (++refused >= TRIES) throw new Refused(UNREACHABLE);
        durable = await offsetAt(dropOff, stop.signal);
        body = sealFrom(id, key, plan, durable, stop.signal);
        continue;
      }
      throw new Refused(faultOf(response.status));
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      if (leaving.get(id) === stop) leaving.delete(id);
      if (error instanceof SourceError) tell('SourceFailed', id, error.item, error.changed);
      return tell('UploadFailed', id, error instanceof SourceError ? SOURCE : error instanceof Refused ? error.fault : UNREACHABLE);
    }
    // What came of a piece that was broken off counts too.
    durable = await offsetAt(dropOff, AbortSignal.timeout(10_000)).catch(() => durable);
  }
  if (leaving.get(id) === stop) leaving.delete(id);
  tell('LeftAtServer', id, plan ? JSON.stringify(spansWhole(plan, durable)) : '[]');
}

/** @param {string} id */
export function stopUpload(id) {
  const stop = leaving.get(id);
  if (stop) stop.abort();
  else tell('LeftAtServer', id, '[]');
}

class Refused extends Error {
  /** @param {number} fault */
  constructor(fault) {
    super('refused');
    this.fault = fault;
  }
}

/** @param {number} status */
const faultOf = status => status === 404 ? UNKNOWN_TOKEN : status === 507 || status === 413 ? NO_ROOM : UNREACHABLE;

/** What is durable. @param {DropOff} dropOff @param {AbortSignal} signal */
async function offsetAt(dropOff, signal) {
  const response = await ask(dropOff, { method: 'HEAD', signal });
  const offset = Number(response.headers.get('Upload-Offset') ?? NaN);
  if (response.status !== 200 || !Number.isSafeInteger(offset)) throw new Refused(response.status === 200 ? UNREACHABLE : faultOf(response.status));
  return offset;
}

/**
 * Sealed bytes from an offset on, at most {@link BODY} (a chunk during a call).
 * @param {string} id @param {CryptoKey} key @param {{ runs: Run[], size: number, items: store.Item[] }} plan @param {number} offset @param {AbortSignal} signal
 */
async function sealFrom(id, key, { runs, size, items }, offset, signal) {
  const body = new Uint8Array(Math.max(0, Math.min(easy ? CHUNK + TAG : BODY, size - offset)));
  let filled = 0;
  /** @param {number} unit @param {number} start @param {() => Promise<Uint8Array>} read @param {number} length */
  const put = async (unit, start, length, read) => {
    if (start + length + TAG <= offset + filled || filled === body.length) return;
    const sealed = await seal(key, unit, await read());
    const part = sealed.subarray(offset + filled - start, offset + filled - start + body.length - filled);
    body.set(part, filled);
    filled += part.length;
  };
  for (let i = runAt(runs, offset); i < runs.length && filled < body.length; i++) {
    const run = runs[i];
    if (run.pages > 0) await put(run.unit, run.offset, run.pages, async () => joined((await readPages(id, run.item, run.first)).map(page => page.hashes)));
    const done = Math.floor((offset + filled - chunkOffset(run, run.first)) / (CHUNK + TAG));
    for (let chunk = run.first + Math.max(0, done); chunk < run.end && filled < body.length; chunk++) {
      if (signal.aborted) throw new Error('stopped');
      const length = chunkLength(items[run.item].size, chunk);
      await put(chunkUnit(run, chunk), chunkOffset(run, chunk), length, async () => {
        const marked = new Uint8Array(1 + length);
        await readChunk(id, run.item, chunk, marked);
        return marked.subarray(1);
      });
    }
  }
  return body;
}

/** The last run that begins at an offset or before. @param {Run[]} runs @param {number} offset */
function runAt(runs, offset) {
  let low = 0;
  for (let high = runs.length - 1; low < high;) {
    const middle = Math.ceil((low + high) / 2);
    if (runs[middle].offset <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** @param {Uint8Array[]} parts */
function joined(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Chunks of a run that are whole below an offset. @param {Run} run @param {number} size of the item @param {number} offset */
function chunksWhole(run, size, offset) {
  if (offset >= chunkOffset(run, run.end - 1) + chunkLength(size, run.end - 1) + TAG) return run.end - run.first;
  return Math.max(0, Math.min(run.end - run.first - 1, Math.floor((offset - chunkOffset(run, run.first)) / (CHUNK + TAG))));
}

/** Bytes of chunks that are whole below an offset. @param {{ runs: Run[], items: store.Item[] }} plan @param {number} offset */
function bytesWhole({ runs, items }, offset) {
  let sum = 0;
  for (const run of runs) {
    const size = items[run.item].size;
    const whole = chunksWhole(run, size, offset);
    if (whole > 0) sum += (whole - 1) * CHUNK + chunkLength(size, run.first + whole - 1);
    if (whole < run.end - run.first) break;
  }
  return sum;
}

/** The spans of chunks that are whole below an offset. @param {{ runs: Run[], items: store.Item[] }} plan @param {number} offset */
function spansWhole({ runs, items }, offset) {
  const starts = [0];
  for (let i = 0; i < items.length; i++) starts.push(starts[i] + chunksOf(items[i].size));
  /** @type {[number, number][]} */
  const spans = [];
  let span = -1; // where one ends and the next begins there are pages: they stay two
  for (const run of runs) {
    const whole = chunksWhole(run, items[run.item].size, offset);
    const first = starts[run.item] + run.first;
    const last = spans.at(-1);
    if (whole > 0 && last && span === run.span) last[1] += whole;
    else if (whole > 0) spans.push([first, whole]);
    span = run.span;
    if (whole < run.end - run.first) break;
  }
  return spans;
}

/** Removed at their servers; tried again a few times, then left to their end. @param {DropOff[]} dropOffs */
export async function removeDropOffs(dropOffs) {
  await Promise.all(dropOffs.map(async dropOff => {
    for (const wait of [0, ...REMOVE_AGAIN_MS]) {
      await new Promise(resolve => setTimeout(resolve, wait));
      const response = await ask(dropOff, { method: 'DELETE' }).catch(() => null);
      if (response?.status === 204 || response?.status === 404) return;
    }
  }));
}

export function stopAll() {
  for (const one of [...fetching.values(), ...leaving.values()]) one.abort();
  fetching.clear();
}
