// Finds the newest messages in which every word asked for begins a word: in the segments of the index of words (wordindex.js), and among
// the messages that are in none yet. Each match is looked at in the message itself before it counts.
import { bytes, SEGMENT, shown, split, wordsOf } from './wordindex.js';
import { done } from './requests.js';

const LOOK = 100;      // matches looked at at once, after the first
const READ_ON = 1000;  // messages read at once where there is no index yet

/**
 * @typedef {{ name: string, key: Uint8Array, shown: number }} Match
 * @typedef {{ number: number, newest: number, places: number[] }} Hits of one segment
 */

/**
 * @param {IDBDatabase} db @param {string[]} words prefixes @param {IDBKeyRange | null} within one conversation, by its order; else all, by when shown
 * @param {number} count @returns {Promise<any[]>} values, newest first
 */
export async function findMatches(db, words, within, count) {
  const asked = words.filter((word, i) => !words.some((other, j) => i !== j && other.startsWith(word) && (other !== word || j < i)));
  // Read before the index is: what moves from here to there meanwhile is then seen at least once.
  const unindexed = await readUnindexed(db, asked, within);
  const transaction = db.transaction(['messages', 'fresh', 'segments', 'words'], 'readonly');
  const [fresh, segments] = await Promise.all([readFresh(transaction.objectStore('fresh'), asked, within), readWords(transaction.objectStore('words'), asked)]);
  const taken = new Set();
  /** @type {Match[]} */
  let matches = [];
  const take = (/** @type {Uint8Array[]} */ keys) => {
    for (const key of keys) {
      const name = String.fromCharCode(...key);
      if (!taken.has(name)) matches.push({ name, key, shown: shown(key) });
      taken.add(name);
    }
  };

  take(unindexed);
  take(fresh);
  const found = [];
  for (let next = 0, looked = 0; ;) {
    const wanted = Math.max(count - found.length, looked ? LOOK : 0);
    if (within) {
      take((await readKeys(transaction, segments.slice(next))).filter(key => within.includes(key)));
      next = segments.length;
    } else {
      // Further segments, as long as the next may have a match that is newer than the last that is wanted.
      const certain = () => next === segments.length || matches.filter(match => match.shown > segments[next].newest).length >= wanted;
      while (!certain()) {
        const from = next;
        for (let hits = 0; next < segments.length && hits < wanted; next++) hits += segments[next].places.length;
        take(await readKeys(transaction, segments.slice(from, next)));
      }
    }

    matches.sort((a, b) => (within ? 0 : b.shown - a.shown) || (a.name < b.name ? -1 : 1));
    const some = matches.slice(0, wanted);
    matches = matches.slice(wanted);
    looked += some.length;
    const values = await Promise.all(some.map(match => done(transaction.objectStore('messages').get(match.key))));
    found.push(...values.filter(value => value && has(wordsOf(value), asked)));
    if (found.length >= count || (next === segments.length && matches.length === 0)) return found.slice(0, count);
  }
}

/** In each segment where all words are, the places where all are; the newest segment first. @param {IDBObjectStore} store @param {string[]} asked @returns {Promise<Hits[]>} */
async function readWords(store, asked) {
  const letters = [...new Set(asked.map(word => word[0]))];
  const rows = new Map(await Promise.all(letters.map(async letter =>
    /** @type {[string, any[]]} */ ([letter, await done(store.getAll(IDBKeyRange.bound([letter], [letter, []])))]))));
  /** @type {Map<number, { newest: number, bits: Uint32Array }> | null} */
  let kept = null;
  for (const word of asked) {
    const next = new Map();
    for (const row of rows.get(word[0]) ?? []) {
      const before = kept?.get(row.s);
      if (kept && !before) continue;
      const bits = places(row, word);
      if (bits && before) before.bits.forEach((value, i) => bits[i] &= value);
      if (bits?.some(value => value !== 0)) next.set(row.s, { newest: row.n, bits });
    }
    kept = next;
  }

  return [...(kept ?? new Map())].map(([number, { newest, bits }]) => ({ number, newest, places: list(bits) })).sort((a, b) => b.newest - a.newest);
}

/** Where words with this beginning are, as bits. @param {{ w: string, c: Uint16Array, o: Uint16Array }} row @param {string} prefix */
function places(row, prefix) {
  const words = row.w.split('\n');
  let low = 0;
  for (let high = words.length; low < high;) {
    const middle = (low + high) >> 1;
    if (words[middle] < prefix) low = middle + 1; else high = middle;
  }

  if (!words[low]?.startsWith(prefix)) return null;
  let at = 0;
  for (let i = 0; i < low; i++) at += row.c[i];
  const bits = new Uint32Array(SEGMENT / 32);
  for (let i = low; i < words.length && words[i].startsWith(prefix); i++) {
    for (const end = at + row.c[i]; at < end; at++) bits[row.o[at] >> 5] |= 1 << (row.o[at] & 31);
  }

  return bits;
}

/** @param {Uint32Array} bits */
function list(bits) {
  const all = [];
  for (let i = 0; i < bits.length; i++) {
    for (let rest = bits[i]; rest !== 0; rest &= rest - 1) all.push(32 * i + 31 - Math.clz32(rest & -rest));
  }

  return all;
}

/** The keys of matches. @param {IDBTransaction} transaction @param {Hits[]} segments */
async function readKeys(transaction, segments) {
  const store = transaction.objectStore('segments');
  const lists = await Promise.all(segments.map(async ({ number, places }) => {
    const keys = split((await done(store.get(number))).keys);
    return places.map(place => keys[place]);
  }));
  return lists.flat();
}

/** Matches that are in no segment yet. @param {IDBObjectStore} store @param {string[]} asked @param {IDBKeyRange | null} within */
async function readFresh(store, asked, within) {
  const [keys, words] = await Promise.all([done(store.getAllKeys(within)), done(store.getAll(within))]);
  return keys.filter((_, i) => has(words[i], asked)).map(bytes);
}

/** Matches among the messages of schema 1 that are in no segment yet. @param {IDBDatabase} db @param {string[]} asked @param {IDBKeyRange | null} within */
async function readUnindexed(db, asked, within) {
  const matches = [];
  let at = await done(db.transaction('meta').objectStore('meta').get('unindexed'));
  while (at !== undefined) {
    // One transaction for each run, so that commits come between.
    const messages = db.transaction('messages').objectStore('messages');
    const range = IDBKeyRange.lowerBound(at, true);
    const [keys, values] = await Promise.all([done(messages.getAllKeys(range, READ_ON)), done(messages.getAll(range, READ_ON))]);
    matches.push(...keys.filter((key, i) => (!within || within.includes(key)) && has(wordsOf(values[i]), asked)).map(bytes));
    at = keys.length === READ_ON ? keys[keys.length - 1] : undefined;
  }

  return matches;
}

/** @param {string} words "\n" before each @param {string[]} asked */
function has(words, asked) {
  return asked.every(word => words.includes('\n' + word));
}
