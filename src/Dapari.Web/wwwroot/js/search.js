// Finds the newest messages in which every word asked for begins a word. Rare words are looked up; where all are common, the newest
// messages are read through instead, for then the matches lie near. What neither settles is settled by the whole lists of keys.

const COMMON = 3000;      // keys of one word after which it counts as common
const READ_THROUGH = 4000; // messages read before giving that up
const AT_ONCE = 400;

/**
 * @param {IDBObjectStore} messages @param {string[]} words prefixes @param {IDBKeyRange | null} within one conversation
 * @param {number} count @returns {Promise<any[]>} values, newest first
 */
export async function findMatches(messages, words, within, count) {
  const lists = await Promise.all(words.map(word => done(messages.index('words').getAllKeys(prefix(word), COMMON))));
  const rare = lists.filter(list => list.length < COMMON);
  if (rare.length > 0) {
    return take(messages, intersect(rare, within), words.filter((_, i) => lists[i].length >= COMMON), count);
  }

  const near = await readThrough(messages, words, within, count);
  if (near) return near;
  const whole = await Promise.all(words.map(word => done(messages.index('words').getAllKeys(prefix(word)))));
  return take(messages, intersect(whole, within), [], count);
}

/** @param {string} word */
function prefix(word) {
  return IDBKeyRange.bound(word, word + '\uffff');
}

/** Keys that are in every list, once each, newest first. @param {IDBValidKey[][]} lists @param {IDBKeyRange | null} within */
function intersect(lists, within) {
  lists.sort((a, b) => a.length - b.length);
  /** @type {Map<string, Uint8Array> | null} */
  let kept = null;
  for (const list of lists) {
    const next = new Map();
    for (const key of list) {
      const bytes = new Uint8Array(/** @type {ArrayBuffer} */ (key));
      const name = text(bytes);
      if (kept ? kept.has(name) : within === null || within.includes(key)) next.set(name, bytes);
    }
    kept = next;
  }

  const names = [...(kept ?? new Map()).entries()];
  names.sort(within ? (a, b) => (a[0] < b[0] ? -1 : 1) : (a, b) => time(b[1]) - time(a[1]));
  return names.map(entry => entry[1]);
}

/** The first `count` of these keys whose values also have `words`. @param {IDBObjectStore} messages @param {Uint8Array[]} keys @param {string[]} words @param {number} count */
async function take(messages, keys, words, count) {
  const found = [];
  for (let at = 0; at < keys.length && found.length < count; at += AT_ONCE) {
    const some = keys.slice(at, at + (words.length ? AT_ONCE : Math.min(AT_ONCE, count - found.length)));
    const values = await Promise.all(some.map(key => done(messages.get(key))));
    found.push(...values.filter(value => has(value, words)));
    if (!words.length) at -= AT_ONCE - some.length;
  }
  return found.slice(0, count);
}

/** The newest matches, or null when they do not lie among the newest messages. @param {IDBObjectStore} messages @param {string[]} words @param {IDBKeyRange | null} within @param {number} count */
async function readThrough(messages, words, within, count) {
  const found = [];
  const source = within ? messages : messages.index('time');
  let range = within;
  for (let seen = 0; seen < READ_THROUGH;) {
    const [keys, values] = await Promise.all([
      within ? done(messages.getAllKeys(range, AT_ONCE)) : null, done(source.getAll(range, AT_ONCE))]);
    found.push(...values.filter(value => has(value, words)));
    if (found.length >= count) return found.slice(0, count);
    if (values.length < AT_ONCE) return found;
    seen += values.length;
    if (within && keys) {
      range = IDBKeyRange.bound(keys[keys.length - 1], within.upper, true);
    } else {
      // Equal times may lie on both sides of the edge: begin the next run with them, and drop what was seen.
      const last = values[values.length - 1].t;
      if (values[0].t === last) return null;
      while (found.length > 0 && found[found.length - 1].t === last) found.pop();
      range = IDBKeyRange.lowerBound(last);
    }
  }
  return null;
}

/** @param {{ w: string[] }} value @param {string[]} words */
function has(value, words) {
  return words.every(word => value.w.some(one => one.startsWith(word)));
}

/** @param {Uint8Array} bytes */
function text(bytes) {
  return String.fromCharCode(...bytes);
}

/** @param {Uint8Array} key milliseconds, the key's last eight bytes, of which six are used until the year 10889 */
function time(key) {
  let value = 0;
  for (let i = 34; i < 40; i++) value = value * 256 + key[i];
  return value;
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
