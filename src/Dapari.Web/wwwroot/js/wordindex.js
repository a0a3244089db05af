// The index of words, made so that a message's commit pays one small row for it (docs/decisions/0010-search.md):
//
//   fresh     message key → its words, "\n" before each: what no segment has yet. Written with the message, in the same transaction
//   segments  number → { keys, letters }: the keys of up to 1,024 messages, the newest shown first; immutable
//   words     [first letter, number] → { s, n, w, c, o }: of one segment its number, when its newest message was shown, the sorted words that
//             begin with the letter, in how many messages each is, and in which (places in `keys`, ascending, one word's after the other's)
//   meta      "unindexed" → messages above this key were kept by schema 1 and are in no segment yet
//             ["gone", contact] → a removed contact, whose words are still in segments after the number that is the value
//
// A segment may name messages that are no more, or words that a message no longer has: who searches looks at the message itself.
import { done } from './requests.js';

export const SEGMENT = 1024;
const KEY = 40;
const AT_ONCE = 256;         // messages read at once in the background: no task holds the page for long
const REST_MS = 2000;        // after a commit, before the background work
const ALL = ['meta', 'messages', 'fresh', 'segments', 'words'];

/** Makes the stores. @param {IDBDatabase} db @param {IDBTransaction} transaction the upgrade's @param {boolean} filled whether schema 1 left messages */
export function make(db, transaction, filled) {
  db.createObjectStore('fresh');
  db.createObjectStore('segments', { autoIncrement: true });
  db.createObjectStore('words');
  if (!filled) return;
  // Its index of words is left as it is: to delete a million entries would hold up the start (by more than 15 s for 100,000 messages).
  transaction.objectStore('meta').put(new Uint8Array(0), 'unindexed');
}

/** Notes a message's words, in the transaction that keeps it. @param {IDBTransaction} transaction @param {Uint8Array} key @param {string} words */
export function note(transaction, key, words) {
  transaction.objectStore('fresh').put(words, key);
}

/** Forgets a conversation: its words leave the segments later. @param {IDBTransaction} transaction @param {Uint8Array} contact @param {IDBKeyRange} range its messages */
export function forget(transaction, contact, range) {
  transaction.objectStore('fresh').delete(range);
  transaction.objectStore('meta').put(0, ['gone', contact]);
}

/** Deletes the whole index. @param {IDBTransaction} transaction */
export function clear(transaction) {
  for (const name of ['fresh', 'segments', 'words']) transaction.objectStore(name).clear();
  transaction.objectStore('meta').delete('unindexed');
  transaction.objectStore('meta').delete(goneRows());
}

/** @type {WeakSet<IDBDatabase>} those with work ahead or under way */
const tended = new WeakSet();

/** Does in the background, when the page rests, what there is to do. @param {IDBDatabase} db */
export function tend(db) {
  if (tended.has(db)) return;
  tended.add(db);
  // A failure (disk full, connection closed) is no harm: what is not in a segment is found where it lies. The next commit tries again.
  setTimeout(() => settle(db, idle).catch(() => {}).finally(() => tended.delete(db)), REST_MS);
}

/** Does all there is to do. @param {IDBDatabase} db @param {() => Promise<void>} [rest] between two steps */
export async function settle(db, rest = () => Promise.resolve()) {
  for (;;) {
    await rest();
    if (!await purge(db) && !await fold(db) && !await indexOld(db)) return;
  }
}

/** Makes a segment of fresh rows, once there are enough. Whole or not at all, like each of these steps. @param {IDBDatabase} db */
function fold(db) {
  return step(db, ['fresh', 'segments', 'words'], async transaction => {
    const fresh = transaction.objectStore('fresh');
    if (await done(fresh.count()) < SEGMENT) return false;
    const [keys, words] = await Promise.all([done(fresh.getAllKeys(null, SEGMENT)), done(fresh.getAll(null, SEGMENT))]);
    fresh.delete(IDBKeyRange.bound(keys[0], keys[keys.length - 1]));
    await put(transaction, keys.map(bytes), words);
    return true;
  });
}

/** Makes a segment of the next messages that schema 1 kept. @param {IDBDatabase} db */
function indexOld(db) {
  return step(db, ['meta', 'messages', 'segments', 'words'], async transaction => {
    const meta = transaction.objectStore('meta'), messages = transaction.objectStore('messages');
    let at = await done(meta.get('unindexed'));
    if (at === undefined) return false;
    const keys = [], words = [];
    while (keys.length < SEGMENT) {
      const range = IDBKeyRange.lowerBound(at, true);
      const [some, values] = await Promise.all([done(messages.getAllKeys(range, AT_ONCE)), done(messages.getAll(range, AT_ONCE))]);
      for (const [i, key] of some.entries()) {
        keys.push(bytes(at = key));
        words.push(wordsOf(values[i]));
      }
      if (some.length < AT_ONCE) {
        at = null;
        break;
      }
    }

    if (keys.length) await put(transaction, keys, words);
    if (at) meta.put(at, 'unindexed'); else meta.delete('unindexed');
    return true;
  });
}

/** Takes one segment apart that names a removed contact's messages; those of others are fresh again. @param {IDBDatabase} db */
function purge(db) {
  return step(db, ALL, async transaction => {
    const meta = transaction.objectStore('meta'), segments = transaction.objectStore('segments'), messages = transaction.objectStore('messages');
    const cursor = await done(meta.openCursor(goneRows()));
    if (!cursor) return false;
    const contact = bytes(/** @type {any} */ (cursor.key)[1]);
    const next = await done(segments.openCursor(IDBKeyRange.lowerBound(cursor.value, true)));
    if (!next) {
      meta.delete(cursor.key);
      return true;
    }

    meta.put(next.key, cursor.key);
    const theirs = (/** @type {Uint8Array} */ key) => contact.every((byte, i) => key[i] === byte);
    const keys = split(next.value.keys);
    if (!keys.some(theirs)) return true;
    segments.delete(next.key);
    for (const letter of next.value.letters) transaction.objectStore('words').delete([letter, next.key]);
    const empty = await done(messages.getKey(within(contact))) === undefined;
    const kept = keys.filter(key => !empty || !theirs(key));
    const values = await Promise.all(kept.map(key => done(messages.get(key))));
    for (const [i, value] of values.entries()) if (value && wordsOf(value)) note(transaction, kept[i], wordsOf(value));
    return true;
  });
}

/** Writes a segment. @param {IDBTransaction} transaction @param {Uint8Array[]} keys @param {string[]} words */
async function put(transaction, keys, words) {
  const order = keys.map((_, i) => i).sort((a, b) => shown(keys[b]) - shown(keys[a]));
  /** @type {Map<string, number[]>} */
  const places = new Map();
  order.forEach((from, place) => {
    for (const word of words[from].slice(1).split('\n')) {
      const list = places.get(word);
      if (list) list.push(place); else if (word) places.set(word, [place]);
    }
  });

  const flat = new Uint8Array(KEY * keys.length);
  order.forEach((from, place) => flat.set(keys[from], KEY * place));
  /** @type {Map<string, string[]>} */
  const letters = new Map();
  for (const word of [...places.keys()].sort()) {
    const list = letters.get(word[0]);
    if (list) list.push(word); else letters.set(word[0], [word]);
  }

  const number = await done(transaction.objectStore('segments').add({ keys: flat, letters: [...letters.keys()] }));
  const newest = shown(keys[order[0]]);
  for (const [letter, list] of letters) {
    const lists = list.map(word => /** @type {number[]} */ (places.get(word)));
    transaction.objectStore('words').put(
      { s: number, n: newest, w: list.join('\n'), c: Uint16Array.from(lists, one => one.length), o: Uint16Array.from(lists.flat()) }, [letter, number]);
  }
}

/** Runs one transaction to its end. @param {IDBDatabase} db @param {string[]} names @param {(transaction: IDBTransaction) => Promise<boolean>} work @returns {Promise<boolean>} */
async function step(db, names, work) {
  // Not forced to disk: it is there whole or not at all, and if not, what it is made from is still there.
  const transaction = db.transaction(names, 'readwrite', { durability: 'relaxed' });
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  try {
    const worked = await work(transaction);
    await ended;
    return worked;
  } catch (error) {
    ended.catch(() => {});
    try { transaction.abort(); } catch { /* It ended already. */ }
    throw error;
  }
}

/** @returns {Promise<void>} when the page has nothing better to do */
function idle() {
  return new Promise(resolve => globalThis.requestIdleCallback ? requestIdleCallback(() => resolve(), { timeout: 1000 }) : setTimeout(resolve, 20));
}

/** A segment's keys. @param {Uint8Array} flat */
export function split(flat) {
  return Array.from({ length: flat.length / KEY }, (_, i) => flat.subarray(KEY * i, KEY * i + KEY));
}

/** When a message was shown: milliseconds, its key's last eight bytes, of which six are used until the year 10889. @param {Uint8Array} key */
export function shown(key) {
  let value = 0;
  for (let i = KEY - 6; i < KEY; i++) value = value * 256 + key[i];
  return value;
}

/** A kept message's words, "\n" before each. @param {{ x?: string, w?: string[] }} value */
export function wordsOf(value) {
  return value.x ?? (value.w ?? []).map(word => '\n' + word).join('');
}

/** @param {IDBValidKey} key */
export function bytes(key) {
  return new Uint8Array(/** @type {ArrayBuffer} */ (key));
}

/** @param {Uint8Array} contact */
function within(contact) {
  const lower = new Uint8Array(KEY), upper = new Uint8Array(KEY).fill(255);
  lower.set(contact);
  upper.set(contact);
  return IDBKeyRange.bound(lower, upper);
}

function goneRows() {
  return IDBKeyRange.bound(['gone'], ['gone', []]);
}
