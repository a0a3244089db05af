// The visitor's end of a link: meets the sender at the rendezvous, and makes a connection to it (docs/protocol/shares.md).
import { join } from './share-keys.js';

const SERVE = 1, VISIT = 2, MESSAGE = 4, SERVERS = 6, AWAY = 7, BEAT = 8, OVER = 9;
const BEAT_MS = 20_000, PATIENCE_MS = 45_000, PAUSES_MS = [1000, 2000, 4000, 8000, 15_000];
const ENDS = ['', 'time', 'used-up', 'stopped'];

/** @typedef {{ away(): void, connecting(): void, busy(): void, over(why: string): void, opened(channel: RTCDataChannel, way: () => Promise<string>): void, lost(): void }} Listener */

/** Goes on by itself until {@link stop}. */
export class Line {
  /** @param {import('./share-keys.js').Keys} keys @param {Listener} listener */
  constructor(keys, listener) {
    this.keys = keys;
    this.listener = listener;
    this.failures = 0;
    this.stopped = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {RTCPeerConnection | null} */
    this.connection = null;
    this.meet();
  }

  stop() {
    this.stopped = true;
    this.close();
  }

  close() {
    clearInterval(this.beat);
    clearTimeout(this.limit);
    if (this.socket) this.socket.onclose = this.socket.onmessage = null;
    this.socket?.close();
    this.socket = null;
    if (this.connection) this.connection.onconnectionstatechange = this.connection.onicecandidate = this.connection.ondatachannel = null;
    this.connection?.close();
    this.connection = null;
  }

  /** Begins anew after a while. @param {boolean} wasOpen */
  again(wasOpen) {
    this.close();
    if (this.stopped) return;
    if (wasOpen) {
      this.failures = 0;
      this.listener.lost();
    }
    setTimeout(() => this.meet(), PAUSES_MS[Math.min(this.failures++, PAUSES_MS.length - 1)]);
  }

  meet() {
    if (this.stopped) return;
    const url = new URL('/rendezvous', location.href);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    const socket = this.socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    /** @type {RTCIceServer[]} */
    let servers = [];
    // One after the other, as they came.
    let last = Promise.resolve();
    socket.onopen = () => {
      socket.send(join(Uint8Array.of(VISIT), this.keys.id));
      this.beat = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send(Uint8Array.of(BEAT)), BEAT_MS);
    };
    socket.onclose = () => { if (!this.channelOpen()) this.again(false); };
    socket.onmessage = ({ data }) => {
      const bytes = new Uint8Array(data), body = bytes.slice(1);
      switch (bytes[0]) {
        case SERVERS:
          try { servers = JSON.parse(new TextDecoder().decode(body)); } catch { servers = []; }
          break;
        case AWAY:
          if (this.channelOpen()) break;
          this.connection?.close();
          this.connection = null;
          clearTimeout(this.limit);
          this.listener.away();
          break;
        case OVER:
          if (!this.channelOpen()) this.listener.over(ENDS[body[0]] ?? 'stopped');
          break;
        case SERVE:
          if (!this.channelOpen()) last = last.then(() => this.connect(socket, servers));
          break;
        case MESSAGE:
          last = last.then(() => this.hear(socket, body)).catch(() => {});
          break;
      }
    };
  }

  channelOpen() {
    return this.channel?.readyState === 'open';
  }

  /** @param {WebSocket} socket @param {RTCIceServer[]} iceServers */
  async connect(socket, iceServers) {
    this.listener.connecting();
    this.connection?.close();
    const connection = this.connection = new RTCPeerConnection({ iceServers });
    const visit = this.visit = crypto.getRandomValues(new Uint8Array(16));
    clearTimeout(this.limit);
    this.limit = setTimeout(() => { if (!this.channelOpen()) this.again(false); }, PATIENCE_MS);
    connection.onicecandidate = ({ candidate }) =>
      this.say(socket, visit, { kind: 'candidate', candidate: candidate?.candidate ?? '', fragment: candidate?.usernameFragment ?? '' });
    connection.onconnectionstatechange = () => { if (connection.connectionState === 'failed') this.again(this.channelOpen()); };
    connection.ondatachannel = ({ channel }) => {
      this.channel = channel;
      channel.binaryType = 'arraybuffer';
      channel.onclose = () => { if (this.connection === connection) this.again(true); };
      clearTimeout(this.limit);
      this.failures = 0;
      this.listener.opened(channel, () => wayOf(connection));
    };
    const hello = await this.keys.seal(visit, { kind: 'hello', version: 1 });
    if (socket.readyState === WebSocket.OPEN) socket.send(join(Uint8Array.of(MESSAGE), visit, hello));
  }

  /** @param {WebSocket} socket @param {Uint8Array} visit @param {object} word */
  async say(socket, visit, word) {
    const box = await this.keys.seal(visit, word);
    if (socket.readyState === WebSocket.OPEN) socket.send(join(Uint8Array.of(MESSAGE), box));
  }

  /** @param {WebSocket} socket @param {Uint8Array<ArrayBuffer>} box */
  async hear(socket, box) {
    const { connection, visit } = this;
    if (!connection || !visit) return;
    const word = await this.keys.open(visit, box);
    if (word?.kind === 'over') {
      if (word.why === 'busy') {
        this.listener.busy();
        this.failures = 3;
        this.again(false);
      } else this.listener.over(word.why in { time: 1, 'used-up': 1 } ? word.why : 'stopped');
    } else if (word?.kind === 'offer' && await this.keys.isGenuine(visit, word)) {
      await connection.setRemoteDescription({ type: 'offer', sdp: word.sdp });
      await connection.setLocalDescription();
      await this.say(socket, visit, { kind: 'answer', sdp: connection.localDescription?.sdp });
    } else if (word?.kind === 'candidate' && typeof word.candidate === 'string' && connection.remoteDescription) {
      await connection.addIceCandidate(word.candidate ? { candidate: word.candidate, sdpMid: '0', usernameFragment: word.fragment || undefined } : undefined).catch(() => {});
    }
  }
}

/** @param {RTCPeerConnection} connection @returns {Promise<string>} "direct" or "relay" */
async function wayOf(connection) {
  const stats = await connection.getStats();
  let way = 'direct';
  stats.forEach(one => {
    if (one.type !== 'candidate-pair' || !one.nominated || one.state !== 'succeeded') return;
    if (stats.get(one.localCandidateId)?.candidateType === 'relay' || stats.get(one.remoteCandidateId)?.candidateType === 'relay') way = 'relay';
  });
  return way;
}
