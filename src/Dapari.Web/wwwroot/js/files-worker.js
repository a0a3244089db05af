// The worker that holds the bytes of files. It does what it is told, in order, and tells what came of it; it decides nothing.
import * as dropOff from './files-dropoff.js';
import * as https from './files-https.js';
import * as prepare from './files-prepare.js';
import * as receive from './files-receive.js';
import * as source from './files-source.js';
import * as store from './files-store.js';
import { HASH } from './files-tree.js';

const KEPT_WHEN_SENT = 16 * 1024 * 1024; // one's own pictures and voice notes stay to be looked at

const HTTPS_OFFER = 5, HTTPS_OVER = 7; // words about a lane

/** Tabs of a profile lend each other the files that could not be copied. @type {BroadcastChannel} */
let tabs;

/** @type {Map<string, store.Item[]>} sources that could not be read yet */
const waiting = new Map();

let lock = '';

/** @param {string} name @param {...unknown} args */
const tell = (name, ...args) => postMessage({ event: name, args });

for (const part of [dropOff, prepare, receive]) part.start(tell);
source.start(tell, (message, transfer) => {
  if (!https.trySend(/** @type {any} */ (message))) postMessage(message, transfer);
});
https.start({ send: (message, transfer) => postMessage(message, transfer), sent: source.sent, arrived: receive.arrivedByHttps, tell });

/** @param {Uint8Array} packed root (32) and size (8) of each @returns {store.Item[]} */
function itemsOf(packed) {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  return Array.from({ length: packed.length / (HASH + 8) }, (_, i) => ({ root: packed.slice(i * 40, i * 40 + HASH), size: Number(view.getBigUint64(i * 40 + HASH)) }));
}

/** What is asked of it; what gives something back is answered by its number. @type {Record<string, (...args: any[]) => unknown>} */
const does = {
  sweep: () => prepare.sweep(lock),
  openDestination: (id, items) => receive.openDestination(id, itemsOf(items)),
  readManifest: receive.readManifest,
  expect: receive.expect,
  expectNothing: receive.expectNothing,
  finish: receive.finish,
  async openSource(id, packed) {
    const items = itemsOf(packed);
    waiting.set(id, items);
    await source.openSource(id, items);
    if (!source.lent.has(id)) tabs.postMessage({ who: id });
  },
  serve: source.serve,
  stopServing: source.stopServing,
  sent: source.sent,
  fetchChunks(id, text, item, first, count) { dropOff.fetchChunks(id, JSON.parse(text), item, first, count); },
  stopFetch: dropOff.stopFetch,
  upload(id, text) { dropOff.upload(id, JSON.parse(text)); },
  stopUpload: dropOff.stopUpload,
  removeDropOffs(text) { dropOff.removeDropOffs(JSON.parse(text)); },
  goEasy: dropOff.goEasy,
  forget(contact) {
    https.forget(contact);
    receive.forget(contact);
    source.forget(contact);
  },
  /** The transfer is over: finished files stay, and small ones of one's own. */
  async release(id) {
    waiting.delete(id);
    receive.release(id);
    dropOff.stopFetch(id);
    const kept = await store.find(id);
    source.lent.delete(id);
    if (!kept) return;
    if (kept.meta.role === 'source' ? (kept.starts.at(-1) ?? 0) > KEPT_WHEN_SENT : kept.meta.state !== 'done') await store.remove(id);
    else kept.closeHandles();
  },
  async remove(id) {
    receive.release(id);
    source.lent.delete(id);
    await store.remove(id);
  },
  async removeAll(except) {
    for (const id of await store.all()) if (!except.includes(id)) await does.remove(id);
  },
  used: () => store.used(),
  /** Another tab goes on with all of it. */
  close() {
    https.forgetAll();
    dropOff.stopAll();
    receive.releaseAll();
    store.closeAll();
    waiting.clear();
  },
  wipe: () => store.wipe(),

  async prepare(id, picked, keep) {
    const made = await prepare.prepare(id, picked, keep, lock);
    return made;
  },
  cancel: prepare.cancel,
  async keepManifest(id, bytes) {
    const root = await prepare.keepManifest(id, bytes);
    const files = source.lent.get(id);
    if (files) tabs.postMessage({ lend: id, files });
    return root;
  },
  async chooseAgain(id, picked) {
    const good = await prepare.chooseAgain(id, picked);
    if (good) {
      tabs.postMessage({ lend: id, files: source.lent.get(id) ?? null });
      if (waiting.has(id)) tell('SourceReady', id, true);
    }
    return good;
  },
  async peek(blob) {
    const made = await prepare.previewOf(blob, 48 * 1024, 480).catch(() => null);
    return made?.bytes.length ? made.bytes : null;
  },
  async blob(id, item, type) {
    const kept = await store.find(id);
    const own = source.lent.get(id)?.[item];
    return own ? own.slice(0, own.size, type) : await kept?.blob(item, type) ?? null;
  },
  async manifest(id) {
    const kept = await store.find(id);
    const blob = kept?.items[0]?.size ? await kept.blob(0, '') : null;
    return blob ? new Uint8Array(await blob.arrayBuffer()) : null;
  },
};

/** What must not overtake what was asked before it. */
let turn = Promise.resolve();
const AT_ONCE = new Set(['expect', 'expectNothing', 'serve', 'stopServing', 'sent', 'stopFetch', 'stopUpload', 'goEasy', 'forget', 'cancel']);

/** @param {MessageEvent} event */
onmessage = ({ data }) => {
  if (data.op === 'arrived') {
    const bytes = new Uint8Array(data.bytes);
    if (bytes[0] === HTTPS_OFFER) https.offered(data.contact, bytes);
    else if (bytes[0] === HTTPS_OVER) https.left(data.contact);
    else receive.arrived(data.contact, data.bytes);
  } else if (data.op === 'start') {
    lock = `dapari-files:${data.profile}:`;
    turn = begin(data.profile);
  } else if (AT_ONCE.has(data.op)) {
    does[data.op](...data.args);
  } else if (data.number) {
    // Not in turn with the others: preparing takes long.
    turn.then(() => does[data.op](...data.args)).then(
      result => postMessage({ number: data.number, result }),
      error => postMessage({ number: data.number, error: String(error?.name ?? error) }));
  } else {
    turn = turn.then(() => does[data.op](...data.args)).then(() => {}, error => console.error('files:', data.op, error?.name, error?.stack));
  }
};

/** @param {string} profile */
async function begin(profile) {
  await store.openHome(profile);
  tabs = new BroadcastChannel('dapari-files:' + profile);
  tabs.onmessage = ({ data }) => {
    if (data.who && source.lent.has(data.who)) tabs.postMessage({ lend: data.who, files: source.lent.get(data.who) });
    if (!data.lend) return;
    if (data.files && !source.lent.has(data.lend)) source.lent.set(data.lend, data.files);
    const items = waiting.get(data.lend);
    if (items) source.openSource(data.lend, items);
  };
}
