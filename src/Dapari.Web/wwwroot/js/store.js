// Carries a peer's store to and from IndexedDB. What the rows mean is decided by managed code.
//
//   meta      "owner" → the run token of the tab that may commit
//   state     key → bytes
//   messages  contact (16) ‖ order key inverted (16) ‖ shown at, milliseconds (8) → { i, e, x, r }
//             so that ascending keys are a conversation from its newest message, and keys alone can be sorted by time
//             (schema 1 kept w, a list, in place of x, with an index of it that remains, and gets nothing more)
//   fresh, segments, words: the index of words, see wordindex.js
import { pack, unpack } from './pack.js';
import { done } from './requests.js';
import { findMatches } from './search.js';
import { clear, forget, make, note, tend } from './wordindex.js';

const SCHEMA = 2;
const KEPT = 0, FULL = 1, FAILED = 2, NOT_OWNER = 3;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * @typedef {{ name: string, db: IDBDatabase | null, lost: (why: string) => void }} Store
 */

/**
 * Opens the database, making or upgrading it first.
 * @param {string} name
 * @param {(why: string) => void} lost "closed": taken away by the browser; "newer": a newer version of the app upgrades it
 * @returns {Promise<Store>}
 */
export async function open(name, lost) {
  /** @type {Store} */
  const store = { name, db: null, lost };
  await connect(store);
  return store;
}

/** @param {Store} store @returns {Promise<IDBDatabase>} */
function connect(store) {
  if (store.db) return Promise.resolve(store.db);
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(store.name, SCHEMA);
    request.onupgradeneeded = event => upgrade(request.result, /** @type {IDBTransaction} */ (request.transaction), event.oldVersion);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const db = request.result;
      store.db = db;
      const gone = (/** @type {string} */ why) => {
        if (store.db !== db) return;
        store.db = null;
        store.lost(why);
      };
      db.onclose = () => gone('closed');
      db.onversionchange = event => { db.close(); gone(event.newVersion === null ? 'closed' : 'newer'); };
      resolve(db);
    };
  });
}

/** @param {IDBDatabase} db @param {IDBTransaction} transaction @param {number} from */
function upgrade(db, transaction, from) {
  if (from < 1) {
    db.createObjectStore('meta');
    db.createObjectStore('state');
    const messages = db.createObjectStore('messages');
    messages.createIndex('id', 'i', { unique: true });
    messages.createIndex('envelope', 'e');
  }
  if (from < 2) make(db, transaction, from === 1);
}

/** Closes the database; a later call opens it again. @param {Store} store */
export function close(store) {
  store.db?.close();
  store.db = null;
}

/**
 * Runs one durable transaction, and says how it ended. `write` asks for its requests at once; the run token is checked among them.
 * @param {Store} store @param {Uint8Array | null} run the token that must own the store; null: no check
 * @param {(transaction: IDBTransaction) => void} write
 * @param {string[]} [names] of the object stores
 * @returns {Promise<number>}
 */
async function keep(store, run, write, names = ['meta', 'state', 'messages', 'fresh']) {
  let db;
  try {
    db = await connect(store);
  } catch {
    return FAILED;
  }

  return new Promise(resolve => {
    let code = FAILED;
    try {
      const transaction = db.transaction(names, 'readwrite', { durability: 'strict' });
      transaction.oncomplete = () => {
        tend(db);
        resolve(KEPT);
      };
      transaction.onabort = () => resolve(transaction.error?.name === 'QuotaExceededError' ? FULL : code);
      if (run) {
        const owner = transaction.objectStore('meta').get('owner');
        owner.onsuccess = () => {
          if (!owner.result || indexedDB.cmp(owner.result, run) !== 0) {
            code = NOT_OWNER;
            transaction.abort();
          }
        };
      }
      try {
        write(transaction);
      } catch {
        transaction.abort();
      }
    } catch {
      resolve(FAILED); // The connection is closing.
    }
  });
}

/** Makes a run the owner: commits of every other run are refused from now on. @param {Store} store @param {Uint8Array} run */
export function claim(store, run) {
  return keep(store, null, transaction => transaction.objectStore('meta').put(run, 'owner'));
}

/**
 * Keeps a batch, whole or not at all.
 * @param {Store} store @param {Uint8Array} batch packed: run, counts (state, forgotten, messages), then
 *   for each state row key, present (0 or 1), value; for each forgotten contact its id; for each message key, id, envelope, words, record
 */
export function commit(store, batch) {
  const parts = unpack(batch);
  const counts = new DataView(parts[1].buffer, parts[1].byteOffset);
  let at = 2;
  return keep(store, parts[0], transaction => {
    const state = transaction.objectStore('state');
    for (let i = counts.getUint32(0, true); i > 0; i--) {
      const key = decoder.decode(parts[at++]);
      const present = parts[at++][0];
      const value = parts[at++];
      if (present) state.put(value.slice(), key); else state.delete(key);
    }

    const messages = transaction.objectStore('messages');
    for (let i = counts.getUint32(4, true); i > 0; i--) {
      const contact = parts[at++].slice(), range = conversation(contact);
      messages.delete(range);
      forget(transaction, contact, range);
    }

    const ids = messages.index('id');
    for (let i = counts.getUint32(8, true); i > 0; i--) {
      const key = parts[at++].slice();
      const id = parts[at++].slice();
      const envelope = parts[at++].slice();
      const words = parts[at++];
      const value = { i: id, e: envelope.length ? envelope : undefined, x: words.length ? '\n' + decoder.decode(words) : '', r: parts[at++].slice() };
      const former = ids.getKey(id);
      former.onsuccess = () => {
        if (former.result !== undefined) {
          // An id that is kept for another contact, direction or clock is a hostile one: what is kept stays.
          const kept = new Uint8Array(/** @type {ArrayBuffer} */ (former.result));
          if (indexedDB.cmp(kept.subarray(0, 32), key.subarray(0, 32)) !== 0) return;
          if (indexedDB.cmp(former.result, key) !== 0) {
            messages.delete(former.result);
            transaction.objectStore('fresh').delete(former.result);
          }
        }
        messages.put(value, key);
        if (value.x) note(transaction, key, value.x);
      };
    }
  });
}

/** Deletes all rows and messages. @param {Store} store @param {Uint8Array} run */
export function wipe(store, run) {
  return keep(store, run, transaction => {
    transaction.objectStore('state').clear();
    transaction.objectStore('messages').clear();
    clear(transaction);
  }, ['meta', 'state', 'messages', 'fresh', 'segments', 'words']);
}

/** All state rows: key, value, key, value … @param {Store} store @returns {Promise<{ bytes: Uint8Array }>} */
export async function load(store) {
  const state = await read(store, 'state');
  const [keys, values] = await Promise.all([done(state.getAllKeys()), done(state.getAll())]);
  return { bytes: pack(keys.flatMap((key, i) => [encoder.encode(String(key)), values[i]])) };
}

/** One message by id or envelope: a list of one or none. @param {Store} store @param {'id' | 'envelope'} index @param {Uint8Array} key */
export async function find(store, index, key) {
  const messages = await read(store, 'messages');
  const value = await done(messages.index(index).get(key));
  return { bytes: pack(value ? [value.r] : []) };
}

/**
 * A page of a conversation, oldest first; before it one byte: whether there is more.
 * @param {Store} store @param {Uint8Array} contact @param {Uint8Array} anchor an inverted order key, or nothing
 * @param {boolean} newer @param {number} count
 */
export async function page(store, contact, anchor, newer, count) {
  const messages = await read(store, 'messages');
  const values = !anchor.length ? await done(messages.getAll(conversation(contact), count + 1))
    : newer ? await backwards(messages, IDBKeyRange.bound(edge(contact, [], 0), edge(contact, anchor, 0), false, true), count + 1)
      : await done(messages.getAll(IDBKeyRange.bound(edge(contact, anchor, 255), edge(contact, [], 255), true), count + 1));
  const more = values.length > count && (anchor.length > 0 || !newer);
  const found = values.slice(0, count);
  if (!newer || !anchor.length) found.reverse();
  return { bytes: pack([Uint8Array.of(more ? 1 : 0), ...found.map(value => value.r)]) };
}

/** @param {IDBObjectStore} messages @param {IDBKeyRange} range @param {number} count @returns {Promise<any[]>} from the range's end */
function backwards(messages, range, count) {
  return new Promise((resolve, reject) => {
    /** @type {any[]} */
    const found = [];
    const request = messages.openCursor(range, 'prev');
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) found.push(cursor.value);
      if (cursor && found.length < count) cursor.continue(); else resolve(found);
    };
  });
}

/** @param {Store} store @param {string} words one a line @param {Uint8Array} contact or nothing @param {number} count */
export async function search(store, words, contact, count) {
  const found = await findMatches(await connect(store), words.split('\n'), contact.length ? conversation(contact) : null, count);
  return { bytes: pack(found.map(value => value.r)) };
}

/** @param {Store} store @param {string} name */
async function read(store, name) {
  return (await connect(store)).transaction(name, 'readonly').objectStore(name);
}

/** @param {Uint8Array} contact */
function conversation(contact) {
  return IDBKeyRange.bound(edge(contact, [], 0), edge(contact, [], 255));
}

/** A key's beginning, filled up. @param {Uint8Array} contact @param {ArrayLike<number>} order @param {number} rest */
function edge(contact, order, rest) {
  const key = new Uint8Array(40).fill(rest);
  key.set(contact);
  key.set(order, 16);
  return key;
}
