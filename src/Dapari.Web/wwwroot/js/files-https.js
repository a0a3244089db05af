// Lanes by HTTPS to the nodes that offered one (docs/protocol/files.md): what goes by them instead of by the channel, while they are open. Nothing is lost with a lane: what it
// had and was not confirmed goes by the channel, at both ends.
const OVER = 7, GOT = 6;
const OFFER = 1 + 16 + 32 + 32, LONGEST_ADDRESS = 256;
const GOT_EACH = 4, GOT_MS = 50; // records until the other end is told

/** @typedef {{ contact: string, bytes: Uint8Array, counts: boolean, served?: unknown[] }} Message */
/** @typedef {{ worker: Worker, open: boolean, going: Map<number, Message>, got: number, said: number, timer: number }} Lane */

/** @type {Map<string, Lane>} by contact */
const lanes = new Map();

/** What is given in place of the channel. @type {{ send: (message: object, transfer: Transferable[]) => void, sent: (contact: string, buffer: ArrayBuffer) => void, arrived: (contact: string, bytes: ArrayBuffer) => void, tell: (name: string, ...args: unknown[]) => void }} */
let ends;

let last = 0;

/** @param {typeof ends} given */
export function start(given) {
  ends = given;
}

/** A node says where it can be reached. @param {string} contact @param {Uint8Array} offer */
export function offered(contact, offer) {
  if (lanes.has(contact) || offer.length <= OFFER || offer.length > OFFER + LONGEST_ADDRESS) return;
  const address = addressOf(offer.subarray(OFFER));
  if (!address) return say(contact, Uint8Array.of(OVER));
  const worker = new Worker(new URL('./files-lane.js', import.meta.url), { type: 'module' });
  /** @type {Lane} */
  const lane = { worker, open: false, going: new Map(), got: 0, said: 0, timer: 0 };
  lanes.set(contact, lane);
  worker.onmessage = ({ data }) => heard(contact, lane, data);
  worker.onerror = () => drop(contact, lane, []);
  const ticket = Array.from(offer.subarray(1, 17), byte => byte.toString(16).padStart(2, '0')).join('');
  worker.postMessage({ op: 'open', address: `${address}/${ticket}`, down: offer.slice(17, 49), up: offer.slice(49, OFFER) });
}

/** Nothing but https, a name and a port. @param {Uint8Array} bytes */
function addressOf(bytes) {
  try {
    const url = new URL(new TextDecoder('ascii').decode(bytes));
    return url.protocol === 'https:' && url.pathname === '/' && !url.search && !url.hash && !url.username ? url.origin : '';
  } catch {
    return '';
  }
}

/** True: it goes by a lane. @param {Message} message */
export function trySend(message) {
  const lane = lanes.get(message.contact);
  if (!lane?.open) return false;
  const id = ++last;
  lane.going.set(id, message);
  lane.worker.postMessage({ op: 'send', id, bytes: message.bytes }, [message.bytes.buffer]);
  return true;
}

/** The other end left the lane: what this one has in it comes back. @param {string} contact */
export function left(contact) {
  lanes.get(contact)?.worker.postMessage({ op: 'close' });
}

/** The channel is gone, and the lane with it. @param {string} contact */
export function forget(contact) {
  const lane = lanes.get(contact);
  if (!lane) return;
  lanes.delete(contact);
  clearTimeout(lane.timer);
  lane.worker.terminate();
}

export function forgetAll() {
  for (const contact of [...lanes.keys()]) forget(contact);
}

/** @param {string} contact @param {Lane} lane @param {any} data */
function heard(contact, lane, data) {
  if (lanes.get(contact) !== lane) return;
  if (data.event === 'open') {
    lane.open = true;
    lane.got = 1;
    sayGot(contact, lane);
  } else if (data.event === 'message') {
    ends.arrived(contact, data.bytes);
    lane.got++;
    if (lane.got - lane.said >= GOT_EACH) sayGot(contact, lane);
    else if (!lane.timer) lane.timer = setTimeout(() => sayGot(contact, lane), GOT_MS);
  } else if (data.event === 'sent') {
    for (const { id, bytes } of data.done) {
      const message = lane.going.get(id);
      lane.going.delete(id);
      if (message?.counts) ends.sent(contact, bytes.buffer);
      if (message?.served) ends.tell('Served', contact, ...message.served);
    }
  } else {
    drop(contact, lane, data.unsent);
  }
}

/** @param {string} contact @param {Lane} lane @param {{ id: number, bytes: Uint8Array }[]} unsent */
function drop(contact, lane, unsent) {
  const { going } = lane;
  forget(contact);
  say(contact, Uint8Array.of(OVER));
  for (const { id, bytes } of unsent) ends.send({ ...going.get(id), op: 'send', contact, bytes }, [bytes.buffer]);
}

/** @param {string} contact @param {Lane} lane */
function sayGot(contact, lane) {
  clearTimeout(lane.timer);
  lane.timer = 0;
  lane.said = lane.got;
  const word = new Uint8Array(9);
  word[0] = GOT;
  new DataView(word.buffer).setBigUint64(1, BigInt(lane.got));
  say(contact, word);
}

/** A word by the channel. @param {string} contact @param {Uint8Array} bytes */
function say(contact, bytes) {
  ends.send({ op: 'word', contact, bytes }, []);
}
