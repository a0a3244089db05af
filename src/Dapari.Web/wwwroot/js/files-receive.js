// The recipient's half in the worker: what arrives by a channel or out of a drop-off is held to the tree, written, and told when it is on disk.
import { CHUNK, TreeVerifier, chunkBuffer, leafOf, pagesOver } from './files-tree.js';
import * as store from './files-store.js';

const PIECE = 64 * 1024, PIECE_HEADER = 27, PAGE_HEADER = 24;
const REPORT_MS = 50, VERIFIERS = 8, PAGES_WAITING = 64, HEAD = 1024, HEADS = 64;
const BY_HTTPS = ' https';
const BY_CHANNEL = 0, BY_LANE = 2; // FileCarrier
export const BY_DROP_OFF = 1;
const NO_ROOM = 5, STORAGE_FAILED = 7; // TransferTrouble

/** @typedef {{ item: number, first: number, end: number }} Range */
/** @typedef {{ kept: store.Kept, verifiers: Map<number, TreeVerifier>, turn: Promise<void>, expected: Map<string, Range[]>, parts: Map<string, Part>, pages: number, fresh: Told[], failed: boolean }} Destination */
/** A chunk that is being put together. @typedef {{ item: number, chunk: number, filled: number, length: number, bytes: Uint8Array }} Part */
/** @typedef {{ item: number, first: number, count: number, carrier: number }} Told */

/** @type {Map<string, Destination>} */
const open = new Map();

/** @type {Uint8Array[]} */
const spare = [];

let timer = 0, reportedAt = 0;

/** @type {(name: string, ...args: unknown[]) => void} */
let tell;

/** @param {typeof tell} teller */
export function start(teller) {
  tell = teller;
}

/** Makes, or finds again, where a transfer's chunks are kept. @param {string} id @param {store.Item[]} items */
export async function openDestination(id, items) {
  try {
    let kept = await store.find(id);
    const fresh = kept?.meta.role !== 'destination' || !samePrefix(kept.items, items);
    const total = items.reduce((sum, item, i) => sum + (i === 0 ? 0 : item.size), 0);
    if (fresh) kept = await store.begin(id, { role: 'destination', state: 'open', at: Date.now() }, items);
    if (!kept) throw new Error('unreachable');
    const grew = kept.items.length < items.length;
    if (grew) {
      kept.setItems(items);
      await kept.saveIndex();
    }
    const data = await kept.handle('data');
    const here = data.getSize();
    const emptied = !fresh && !grew && here < total;
    if (here < total) {
      if (!await store.mayHold(total - here)) return tell('DestinationFailed', id, NO_ROOM, false);
      data.truncate(total); // Asks for all the room now.
    }
    const known = open.get(id);
    open.set(id, known && !fresh ? Object.assign(known, { kept, failed: false }) : { kept, verifiers: new Map(), turn: Promise.resolve(), expected: new Map(), parts: new Map(), pages: 0, fresh: [], failed: false });
    // Of a new place nothing can be verified, whatever was believed: a browser may have emptied it.
    if (fresh || emptied) tell('DestinationFailed', id, 0, true);
    tell('DestinationReady', id);
  } catch (error) {
    tell('DestinationFailed', id, store.isFull(error) ? NO_ROOM : STORAGE_FAILED, false);
  }
}

/** A transfer whose manifest was read has more items than before. @param {store.Item[]} known @param {store.Item[]} items */
function samePrefix(known, items) {
  return known.length <= items.length && known.every((item, i) => item.size === items[i].size && item.root.every((byte, at) => byte === items[i].root[at]));
}

/** @param {string} contact @param {string} id @param {number} item @param {number} first @param {number} count */
export function expect(contact, id, item, first, count) {
  const destination = open.get(id);
  if (!destination) return;
  const ranges = destination.expected.get(contact) ?? [];
  ranges.push({ item, first, end: first + count });
  destination.expected.set(contact, ranges);
}

/** @param {string} contact @param {string} id */
export function expectNothing(contact, id) {
  const destination = open.get(id);
  destination?.expected.delete(contact);
  for (const way of [contact, contact + BY_HTTPS]) {
    const part = destination?.parts.get(way);
    if (part) spare.push(part.bytes);
    destination?.parts.delete(way);
  }
}

/** A channel is gone. @param {string} contact */
export function forget(contact) {
  for (const id of open.keys()) expectNothing(contact, id);
}

/** One message of a channel: a piece or a page. @param {string} contact @param {ArrayBuffer} data */
export const arrived = (contact, data) => message(contact, contact, data, PIECE);

/** One of a lane by HTTPS, which brings a chunk in one piece. @param {string} contact @param {ArrayBuffer} data */
export const arrivedByHttps = (contact, data) => message(contact, contact + BY_HTTPS, data, CHUNK);

/** @param {string} contact @param {string} way what is put together is so for each way alone @param {ArrayBuffer} data @param {number} most */
function message(contact, way, data, most) {
  const bytes = new Uint8Array(data);
  if (bytes.length <= PAGE_HEADER) return;
  const view = new DataView(data);
  const destination = open.get(hex(bytes.subarray(1, 17)));
  if (!destination || destination.failed) return;
  const item = view.getUint16(17);
  if (bytes[0] === 2 && bytes.length > PIECE_HEADER && bytes.length <= PIECE_HEADER + most) piece(destination, contact, way, item, view.getUint32(19), view.getUint32(23), bytes.subarray(PIECE_HEADER));
  else if (bytes[0] === 3 && (bytes.length - PAGE_HEADER) % 32 === 0) page(destination, contact, item, bytes[19], view.getUint32(20), bytes.subarray(PAGE_HEADER));
}

/** @param {Destination} destination @param {string} contact @param {string} way @param {number} item @param {number} chunk @param {number} offset @param {Uint8Array} bytes */
function piece(destination, contact, way, item, chunk, offset, bytes) {
  let part = destination.parts.get(way);
  if (offset === 0) {
    if (!isExpected(destination, contact, item, chunk)) return;
    part = { item, chunk, filled: 0, length: destination.kept.lengthOf(item, chunk), bytes: part?.bytes ?? spare.pop() ?? chunkBuffer() };
    destination.parts.set(way, part);
  }
  if (!part || part.item !== item || part.chunk !== chunk || part.filled !== offset || offset + bytes.length > part.length) return;
  part.bytes.set(bytes, 1 + offset);
  part.filled += bytes.length;
  if (part.filled < part.length) return;
  destination.parts.delete(way);
  unexpect(destination, contact, item, chunk);
  take(destination, item, chunk, part.bytes, part.length, way === contact ? BY_CHANNEL : BY_LANE);
}

/** @param {Destination} destination @param {string} contact @param {number} item @param {number} chunk */
const isExpected = (destination, contact, item, chunk) => !!destination.expected.get(contact)?.some(range => range.item === item && chunk >= range.first && chunk < range.end);

/** @param {Destination} destination @param {string} contact @param {number} item @param {number} chunk */
function unexpect(destination, contact, item, chunk) {
  const ranges = destination.expected.get(contact) ?? [];
  const at = ranges.findIndex(range => range.item === item && chunk >= range.first && chunk < range.end);
  if (at < 0) return;
  const { first, end } = ranges[at];
  ranges.splice(at, 1, ...[{ item, first, end: chunk }, { item, first: chunk + 1, end }].filter(range => range.first < range.end));
}

/** @param {Destination} destination @param {string} contact @param {number} item @param {number} level @param {number} index @param {Uint8Array} hashes */
function page(destination, contact, item, level, index, hashes) {
  const range = destination.expected.get(contact)?.find(one => one.item === item);
  if (!range || destination.pages >= PAGES_WAITING || level < 1 || level > 4) return;
  destination.pages++;
  destination.turn = destination.turn.then(async () => {
    destination.pages--;
    if (!await addPage(destination, item, level, index, hashes)) tell('Wrong', destination.kept.id, item, range.first, 1, false);
  });
}

/** True: it belongs to the item, and is kept. @param {Destination} destination @param {number} item @param {number} level @param {number} index @param {Uint8Array} hashes */
export async function addPage(destination, item, level, index, hashes) {
  const verifier = await verifierOf(destination, item);
  if (verifier.pages.has(`${level}/${index}`)) return true;
  if (await verifier.addPage(level, index, hashes) !== 'right') return false;
  // Kept, so that it need not be asked for again after a restart; a full disk is told by the next chunk.
  await destination.kept.writePage(item, level, index, hashes).catch(() => {});
  return true;
}

/** @param {Destination} destination @param {number} item */
async function verifierOf(destination, item) {
  const { verifiers, kept } = destination;
  let verifier = verifiers.get(item);
  if (!verifier) {
    verifier = new TreeVerifier(kept.items[item].root, kept.items[item].size);
    if (verifiers.size >= VERIFIERS) verifiers.delete(/** @type {number} */ (verifiers.keys().next().value));
    verifiers.set(item, verifier);
  }
  return verifier;
}

/** Whether the pages over a chunk are here: in memory, or kept by an earlier run and still right. @param {Destination} destination @param {number} item @param {number} chunk */
export async function hasPages(destination, item, chunk) {
  const verifier = await verifierOf(destination, item);
  if (verifier.expected(0, chunk)) return true;
  for (const [level, index] of pagesOver(verifier.size, chunk)) {
    if (verifier.pages.has(`${level}/${index}`)) continue;
    const hashes = await destination.kept.page(item, level, index).catch(() => null);
    if (!hashes || await verifier.addPage(level, index, hashes) !== 'right') return false;
  }
  return true;
}

/**
 * A whole chunk with room for its mark before it: judged in its turn, written, told. The buffer is given back.
 * @param {Destination} destination @param {number} item @param {number} chunk @param {Uint8Array} buffer @param {number} length @param {number} carrier
 */
export function take(destination, item, chunk, buffer, length, carrier) {
  const marked = buffer.subarray(0, 1 + length);
  const hashed = leafOf(marked);
  destination.turn = destination.turn.then(async () => {
    const leaf = await hashed;
    const verifier = await verifierOf(destination, item);
    const id = destination.kept.id;
    if (open.get(id) !== destination || destination.failed) return;
    if (!await hasPages(destination, item, chunk) || verifier.check(chunk, leaf) !== 'right') {
      tell('Wrong', id, item, chunk, 1, carrier === BY_DROP_OFF);
    } else {
      try {
        await destination.kept.write(item, chunk, marked.subarray(1));
        destination.fresh.push({ item, first: chunk, count: 1, carrier });
        reportSoon();
      } catch (error) {
        destination.failed = true;
        tell('DestinationFailed', id, store.isFull(error) ? NO_ROOM : STORAGE_FAILED, false);
      }
    }
    if (spare.length < 8) spare.push(buffer);
  });
  return destination.turn;
}

function reportSoon() {
  if (!timer) timer = setTimeout(report, Math.max(0, reportedAt + REPORT_MS - performance.now()));
}

// What was written is on disk before it is told.
function report() {
  timer = 0;
  reportedAt = performance.now();
  /** @type {unknown[][]} */
  const all = [];
  for (const [id, destination] of open) {
    if (destination.fresh.length === 0) continue;
    const fresh = destination.fresh.splice(0);
    try {
      destination.kept.flush('data', 'manifest');
    } catch {
      destination.failed = true;
      tell('DestinationFailed', id, STORAGE_FAILED, false);
      continue;
    }
    for (const told of joined(fresh)) all.push([id, told.item, told.first, told.count, told.carrier]);
  }
  if (all.length > 0) tell('Verified', all.map(one => one.join()).join(';'));
}

/** @param {Told[]} fresh */
function joined(fresh) {
  /** @type {Told[]} */
  const ranges = [];
  for (const one of fresh) {
    const last = ranges.at(-1);
    if (last && last.item === one.item && last.carrier === one.carrier && last.first + last.count === one.first) last.count++;
    else ranges.push(one);
  }
  return ranges;
}

/** @param {string} id */
export const destinationOf = id => open.get(id);

/** A buffer to give to {@link take}. */
export const buffer = () => spare.pop() ?? chunkBuffer();

/** @param {string} id */
export async function readManifest(id) {
  const kept = await store.find(id);
  const bytes = new Uint8Array(kept?.items[0]?.size ?? 0);
  if (kept && kept.readSync(await kept.bytes(0), 0, 0, bytes)) tell('ManifestRead', id, bytes);
  else tell('DestinationFailed', id, STORAGE_FAILED, true);
}

/** All is verified and lies where it belongs already: it is closed, and its first bytes are told. @param {string} id */
export async function finish(id) {
  try {
    const kept = await store.find(id);
    const data = await kept?.handle('data');
    const total = kept?.starts.at(-1) ?? 0;
    if (!kept || data.getSize() < total) {
      tell('DestinationFailed', id, STORAGE_FAILED, true);
      return;
    }
    const heads = kept.items.slice(1, 1 + HEADS).map((item, i) => {
      const head = new Uint8Array(Math.min(HEAD, item.size));
      kept.readSync(data, 1 + i, 0, head);
      return head;
    });
    data.flush();
    await kept.saveMeta({ state: 'done' });
    open.delete(id);
    tell('Finished', id, heads);
  } catch (error) {
    tell('DestinationFailed', id, store.isFull(error) ? NO_ROOM : STORAGE_FAILED, false);
  }
}

/** @param {string} id */
export function release(id) {
  open.delete(id);
}

export function releaseAll() {
  open.clear();
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @param {string} text */
export const unhex = text => Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
