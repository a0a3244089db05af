// A lane by HTTPS to one contact's node: fetch and seals, and nothing else. A worker of its own because its answer's policy lets it, and it alone, connect beyond our own server
// (docs/decisions/0025). It knows no file: messages of the channel "dapari-files" come and go whole, sealed with keys that the two ends told each other by their path.
const PROBE_MS = 20_000, POST_MS = 20_000;
const PIECE = 27 + 64 * 1024, LONGEST = 27 + 256 * 1024, TAG = 16;
const POSTS = 3, TOGETHER = 4; // requests at once; chunks in one
const OPENING = 8; // records that are being opened at once

/** @typedef {{ id: number, bytes: Uint8Array<ArrayBuffer> }} Waiting */

const ending = new AbortController();

/** @type {string} */
let address;

/** @type {CryptoKey} */
let downKey;

/** @type {CryptoKey} */
let upKey;

/** @type {Waiting[]} */
const queue = [];

/** By request. @type {Map<number, Waiting[]>} */
const posted = new Map();

let next = 0, over = false;

/** @param {MessageEvent} event */
onmessage = ({ data }) => {
  if (data.op === 'open') {
    open(data).catch(end);
  } else if (data.op === 'send') {
    queue.push({ id: data.id, bytes: data.bytes });
    if (over) giveBack();
    else pump();
  } else {
    end();
  }
};

/** @param {{ address: string, down: Uint8Array<ArrayBuffer>, up: Uint8Array<ArrayBuffer> }} offer */
async function open(offer) {
  address = offer.address;
  downKey = await crypto.subtle.importKey('raw', offer.down, 'AES-GCM', false, ['decrypt']);
  upKey = await crypto.subtle.importKey('raw', offer.up, 'AES-GCM', false, ['encrypt']);
  const probe = setTimeout(end, PROBE_MS);
  const response = await ask(address, {}, ending.signal);
  if (!response.ok || !response.body) throw new Error('refused');
  const reader = response.body.getReader();
  /** @type {Promise<void>[]} */
  const opening = [];
  let told = Promise.resolve();
  for (let number = 0; ; number++) {
    const record = await nextRecord(reader);
    const opened = crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce(number) }, downKey, record);
    if (number === 0) clearTimeout(probe);
    // Opened side by side, told one after the other.
    told = Promise.all([opened, told]).then(([bytes]) => {
      if (!over) postMessage({ event: number === 0 ? 'open' : 'message', bytes }, [bytes]);
    });
    told.catch(end);
    opening.push(told);
    if (opening.length === OPENING) await opening.shift();
  }
}

/** @param {string} url @param {RequestInit} how @param {AbortSignal} signal */
const ask = (url, how, signal) => fetch(url, { ...how, signal, mode: 'cors', credentials: 'omit', cache: 'no-store', redirect: 'error', referrerPolicy: 'no-referrer' });

/** What was read and belongs to the next record. */
let rest = new Uint8Array(0);

/** @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} reader */
async function nextRecord(reader) {
  const length = new DataView((await exactly(reader, 4)).buffer).getUint32(0);
  if (length < TAG || length > LONGEST + TAG) throw new Error('record');
  return exactly(reader, length);
}

/** @param {ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>} reader @param {number} length */
async function exactly(reader, length) {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    if (rest.length === 0) {
      const { done, value } = await reader.read();
      if (done) throw new Error('ended');
      rest = value;
    }
    const part = rest.subarray(0, length - filled);
    bytes.set(part, filled);
    filled += part.length;
    rest = rest.subarray(part.length);
  }
  return bytes;
}

function pump() {
  while (queue.length > 0 && posted.size < POSTS) {
    const batch = queue.splice(0, TOGETHER);
    const number = next++;
    posted.set(number, batch);
    post(number, batch).catch(end);
  }
}

/** @param {number} number @param {Waiting[]} batch */
async function post(number, batch) {
  const messages = batch.flatMap(one => split(one.bytes));
  const content = new Uint8Array(messages.reduce((sum, message) => sum + 4 + message.length, 0));
  const view = new DataView(content.buffer);
  let at = 0;
  for (const message of messages) {
    view.setUint32(at, message.length);
    content.set(message, at + 4);
    at += 4 + message.length;
  }
  const body = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce(number) }, upKey, content);
  // No type is named: with one, the browser would ask first whether it may.
  const response = await ask(`${address}/${number}`, { method: 'POST', body }, AbortSignal.any([ending.signal, AbortSignal.timeout(POST_MS)]));
  if (!response.ok) throw new Error('refused');
  if (over) return;
  posted.delete(number);
  postMessage({ event: 'sent', done: batch }, batch.map(one => one.bytes.buffer));
  pump();
}

/** Pieces lie one behind the other; a page is alone. @param {Uint8Array<ArrayBuffer>} bytes */
function split(bytes) {
  if (bytes[0] !== 2) return [bytes];
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(bytes.subarray(at, at + PIECE));
  return pieces;
}

/** The record's number, big endian. @param {number} number */
function nonce(number) {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, BigInt(number));
  return bytes;
}

function end() {
  if (over) return;
  over = true;
  ending.abort();
  giveBack();
}

/** What the node did not say to have goes by the channel, in its order. */
function giveBack() {
  const unsent = [...[...posted.keys()].sort((a, b) => a - b).flatMap(number => posted.get(number) ?? []), ...queue.splice(0)];
  posted.clear();
  postMessage({ event: 'over', unsent }, unsent.map(one => one.bytes.buffer));
}
