// The sender's end of a link that a browser made: meets visitors at the rendezvous, and gives each what it asks for (docs/protocol/shares.md).
import { join } from './share-keys.js';
import { CHUNK, FAN, chunksOf, chunkLength, pagesOver } from './files-tree.js';

const SERVE = 1, MESSAGE = 4, GONE = 5, SERVERS = 6, BEAT = 8, OVER = 9;
const BEAT_MS = 20_000, PATIENCE_MS = 60_000, AWAY_MS = 600_000, PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];
const MOST_VISITORS = 6, MOST_OWED = 64, PIECE = 64 * 1024, BUFFERED = 1 << 20, SPARE = 64 << 20;
const WHYS = ['', 'time', 'used-up', 'stopped'];
const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * @typedef {{ file: File, root: string, pages: Map<string, Uint8Array> }} Source
 * @typedef {{ connected(): void, away(): void, moved(): void, ended(why: string): void, changed(name: string): void }} Listener
 * @typedef {{ done: boolean, leftAt: number, given: number, by: Visitor | null }} Use
 */

/** @param {number} number @param {number} bytes */
function big(number, bytes) {
  const out = new Uint8Array(bytes);
  for (let at = bytes - 1; at >= 0; at--, number = Math.floor(number / 256)) out[at] = number % 256;
  return out;
}

/** Serves a link while the page is open. */
export class Desk {
  /** @param {Awaited<ReturnType<typeof import('./share-keys.js').makeOwner>>} owner @param {Source[]} sources @param {number} times @param {number} ends in milliseconds since 1970 @param {Listener} listener */
  constructor(owner, sources, times, ends, listener) {
    this.owner = owner;
    this.sources = sources;
    this.times = times;
    this.ends = ends;
    this.listener = listener;
    this.size = sources.reduce((sum, { file }) => sum + file.size, 0);
    this.token = crypto.getRandomValues(new Uint8Array(32));
    this.failures = 0;
    this.over = 0;
    /** @type {Map<number, Visitor>} */
    this.visitors = new Map();
    /** @type {Map<string, Use>} */
    this.uses = new Map();
    /** @type {RTCIceServer[]} */
    this.servers = [];
    this.clock = setInterval(() => { if (Date.now() >= this.ends) this.end(1); }, 1000);
    this.meet();
  }

  /** Uses that were given everything. */
  get done() {
    return [...this.uses.values()].filter(use => use.done).length;
  }

  /** Bytes given to those who are getting it now, and all that they get. */
  get moving() {
    const open = [...this.uses.values()].filter(use => use.by && !use.done);
    return { visitors: open.length, given: open.reduce((sum, use) => sum + Math.min(use.given, this.size), 0), all: open.length * this.size };
  }

  meet() {
    if (this.over) return;
    const url = new URL('/rendezvous', location.href);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    const socket = this.socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    let last = Promise.resolve();
    socket.onopen = () => {
      socket.send(join(Uint8Array.of(SERVE), this.owner.keys.id, this.token));
      this.beat = setInterval(() => this.send(Uint8Array.of(BEAT)), BEAT_MS);
    };
    socket.onclose = () => {
      clearInterval(this.beat);
      if (this.over) return;
      this.listener.away();
      setTimeout(() => this.meet(), PAUSES_MS[Math.min(this.failures++, PAUSES_MS.length - 1)]);
    };
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data), body = bytes.slice(1);
      if (bytes[0] === SERVE) {
        this.failures = 0;
        this.listener.connected();
      } else if (bytes[0] === SERVERS) {
        try { this.servers = JSON.parse(decoder.decode(body)); } catch { this.servers = []; }
      } else if (bytes[0] === MESSAGE && body.length > 4) last = last.then(() => this.hear(body)).catch(() => {});
      else if (bytes[0] === GONE && body.length === 4) this.visitors.get(new DataView(body.buffer).getUint32(0))?.leftRendezvous();
    };
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  send(bytes) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  /** @param {Uint8Array<ArrayBuffer>} body */
  async hear(body) {
    const number = new DataView(body.buffer).getUint32(0), known = this.visitors.get(number), keys = this.owner.keys;
    if (known) {
      const word = await keys.open(known.visit, body.slice(4), keys.visitor);
      if (word) await known.hear(word);
      return;
    }
    const visit = body.slice(4, 20), word = await keys.open(visit, body.slice(20), keys.visitor);
    if (word?.kind !== 'hello' || this.over) return;
    if (this.visitors.size >= MOST_VISITORS) return this.say(number, visit, { kind: 'over', why: 'busy' });
    this.visitors.set(number, new Visitor(this, number, visit));
  }

  /** @param {number} number @param {Uint8Array} visit @param {object} word */
  async say(number, visit, word) {
    this.send(join(Uint8Array.of(MESSAGE), big(number, 4), await this.owner.keys.seal(visit, word, this.owner.keys.sender)));
  }

  /** Whether this receipt may be served; a use of somebody who went away for long before the end is free again. @param {string} receipt @param {Visitor} by */
  take(receipt, by) {
    const now = Date.now();
    for (const [other, use] of this.uses) if (!use.done && !use.by && now - use.leftAt > AWAY_MS) this.uses.delete(other);
    const use = this.uses.get(receipt);
    if (!use && this.uses.size >= this.times) return false;
    if (use?.by && use.by !== by) use.by.close();
    this.uses.set(receipt, { done: use?.done ?? false, given: 0, leftAt: 0, by });
    return true;
  }

  /** @param {number} why as at the rendezvous */
  end(why) {
    if (this.over) return;
    this.over = why;
    clearInterval(this.clock);
    for (const visitor of [...this.visitors.values()]) visitor.tell({ kind: 'over', why: WHYS[why] });
    this.send(Uint8Array.of(OVER, why));
    setTimeout(() => {
      for (const visitor of [...this.visitors.values()]) visitor.close();
      this.socket?.close();
    }, 2000);
    this.listener.ended(WHYS[why]);
  }
}

/** One visitor's connection, and what it asked for, given in that order. */
class Visitor {
  /** @param {Desk} desk @param {number} number @param {Uint8Array<ArrayBuffer>} visit */
  constructor(desk, number, visit) {
    this.desk = desk;
    this.number = number;
    this.visit = visit;
    this.receipt = '';
    this.owed = 0;
    this.last = Promise.resolve();
    const connection = this.connection = new RTCPeerConnection({ iceServers: desk.servers });
    const channel = this.channel = connection.createDataChannel('dapari-share');
    channel.binaryType = 'arraybuffer';
    channel.bufferedAmountLowThreshold = BUFFERED / 2;
    this.limit = setTimeout(() => this.leftRendezvous(), PATIENCE_MS);
    connection.onicecandidate = ({ candidate }) => this.signal({ kind: 'candidate', candidate: candidate?.candidate ?? '', fragment: candidate?.usernameFragment ?? '' });
    connection.onconnectionstatechange = () => { if (connection.connectionState === 'failed') this.close(); };
    channel.onopen = () => this.tell({ kind: 'files', version: 1, from: '', files: desk.sources.map(({ file, root }) => ({ name: file.name, type: file.type || 'application/octet-stream', size: file.size, root })) });
    channel.onclose = () => this.close();
    channel.onmessage = ({ data }) => this.asked(new Uint8Array(data));
    /** @type {Promise<unknown>} Signals leave in order: candidates belong to the offer before them. */
    this.signals = connection.setLocalDescription().then(async () => desk.say(number, visit, await desk.owner.offer(visit, connection.localDescription?.sdp ?? '')));
  }

  /** @param {object} word */
  signal(word) {
    this.signals = this.signals?.then(() => this.desk.say(this.number, this.visit, word)).catch(() => {});
  }

  /** @param {any} word */
  async hear(word) {
    if (word.kind === 'answer' && typeof word.sdp === 'string') await this.connection.setRemoteDescription({ type: 'answer', sdp: word.sdp });
    else if (word.kind === 'candidate' && typeof word.candidate === 'string' && word.candidate && this.connection.remoteDescription) {
      await this.connection.addIceCandidate({ candidate: word.candidate, sdpMid: '0', usernameFragment: word.fragment || undefined }).catch(() => {});
    }
  }

  leftRendezvous() {
    if (this.channel.readyState !== 'open') this.close();
  }

  close() {
    if (this.desk.visitors.get(this.number) !== this) return;
    this.desk.visitors.delete(this.number);
    clearTimeout(this.limit);
    this.connection.onicecandidate = null;
    this.connection.close();
    this.desk.send(join(Uint8Array.of(GONE), big(this.number, 4)));
    const use = this.desk.uses.get(this.receipt);
    if (use?.by === this) {
      use.by = null;
      use.leftAt = Date.now();
    }
    this.desk.listener.moved();
  }

  /** @param {object} word */
  tell(word) {
    if (this.channel.readyState === 'open') this.channel.send(join(Uint8Array.of(1), encoder.encode(JSON.stringify(word))));
    else if (/** @type {any} */ (word).kind === 'over') this.signal(word);
  }

  /** Nothing but words is heard of a visitor, and what is none ends it. @param {Uint8Array<ArrayBuffer>} bytes */
  asked(bytes) {
    let word;
    try { word = bytes[0] === 1 ? JSON.parse(decoder.decode(bytes.subarray(1))) : null; } catch { word = null; }
    const use = this.desk.uses.get(this.receipt);
    if (word?.kind === 'take' && /^[0-9a-f]{32}$/.test(word.receipt) && !this.receipt) {
      if (!this.desk.take(word.receipt, this)) return this.tell({ kind: 'over', why: 'used-up' });
      this.receipt = word.receipt;
      this.tell({ kind: 'taken' });
      this.desk.listener.moved();
    } else if (word?.kind === 'want' && use && this.isWish(word)) {
      this.owed += word.count;
      if (this.owed > 2 * MOST_OWED) return this.close();
      this.last = this.last.then(() => this.give(word, use)).catch(() => this.close());
    } else if (word?.kind === 'done' && use) {
      this.last = this.last.then(() => {
        use.done = true;
        this.tell({ kind: 'done' });
        this.desk.listener.moved();
        if (this.desk.done >= this.desk.times) this.desk.end(2);
      });
    } else this.close();
  }

  /** @param {any} word */
  isWish({ item, first, count }) {
    const file = Number.isInteger(item) && this.desk.sources[item - 1]?.file;
    return file && Number.isInteger(first) && first >= 0 && Number.isInteger(count) && count > 0 && count <= MOST_OWED && first + count <= chunksOf(file.size)
      && Math.floor(first / FAN) === Math.floor((first + count - 1) / FAN);
  }

  /** @param {{ item: number, first: number, count: number, pages?: boolean }} wish @param {Use} use */
  async give({ item, first, count, pages }, use) {
    const { file, pages: kept } = this.desk.sources[item - 1], head = join(this.desk.owner.keys.id, big(item, 2));
    if (pages) for (const [level, index] of pagesOver(file.size, first)) await this.put(join(Uint8Array.of(3), head, big(level, 1), big(index, 4), /** @type {Uint8Array} */ (kept.get(`${level}/${index}`))));
    for (let chunk = first; chunk < first + count; chunk++) {
      const length = chunkLength(file.size, chunk);
      if (use.given + length > 2 * this.desk.size + SPARE) return this.close();
      let bytes;
      try {
        bytes = new Uint8Array(await file.slice(chunk * CHUNK, chunk * CHUNK + length).arrayBuffer());
      } catch {
        this.tell({ kind: 'lost', item });
        this.desk.listener.changed(file.name);
        return this.desk.end(3);
      }
      for (let at = 0; at < length; at += PIECE) await this.put(join(Uint8Array.of(2), head, big(chunk, 4), big(at, 4), bytes.subarray(at, at + PIECE)));
      use.given += length;
      this.owed--;
      this.desk.listener.moved();
    }
  }

  /** @param {Uint8Array<ArrayBuffer>} message */
  async put(message) {
    if (this.channel.bufferedAmount > BUFFERED) await new Promise(resolve => { this.channel.onbufferedamountlow = resolve; this.connection.addEventListener('connectionstatechange', resolve, { once: true }); });
    if (this.channel.readyState !== 'open') throw new Error('gone');
    this.channel.send(message);
  }
}
