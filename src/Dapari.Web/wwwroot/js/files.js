// The page's half of files: starts the worker that holds their bytes when there are any, and carries the channels "dapari-files" between it and the paths.
// A channel stays in the page: given to a worker (RTCDataChannel is transferable) it loses its opening and its first messages when the worker is busy.
import * as path from './path.js';

const HIGH = 2 * 1024 * 1024; // bytes in a channel before it waits; Chromium closes one at 16 MiB
const LOW = 1024 * 1024;
const PIECE = 27 + 64 * 1024; // of a chunk with its header
const EARLY = 64; // messages before the opening is told
const HTTPS_WISH = 4, HTTPS_OFFER = 5; // words about a lane by HTTPS (files-https.js)
const CONTROL = 1, LONGEST_CONTROL = 1 + 256;

/** @typedef {Record<string, (...args: any[]) => void>} Sink */
/** @typedef {{ contact: string, path: number, channel: RTCDataChannel | null, queue: { bytes: Uint8Array, at: number, counts: boolean, served?: unknown[] }[] }} Line */

/** @type {Sink} */
let sink;

/** Started with the first word to it. @type {Worker | null} */
let worker = null;

let whose = 'default';

/** @type {Map<string, Line>} by contact */
const lines = new Map();

/** @type {Map<number, { resolve: (value: any) => void, reject: (error: Error) => void }>} */
const asked = new Map();

let last = 0;

/** Ties events to managed code. @param {string} profile */
export async function connect(profile) {
  start(profile, await events());
}

/** @returns {Promise<any>} */
export async function events() {
  const runtime = /** @type {any} */ (globalThis).getDotnetRuntime(0);
  return (await runtime.getAssemblyExports('Dapari.Web.dll')).Dapari.Web.Platform.FileEvents;
}

/** @param {string} profile @param {Sink} listener */
export function start(profile, listener) {
  sink = listener;
  whose = profile || 'default';
}

/** @returns {Worker} */
function working() {
  if (worker) return worker;
  worker = new Worker(new URL('./files-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => {
    if (data.op === 'send') {
      put(data);
    } else if (data.op === 'word') {
      control(data.contact, data.bytes);
    } else if (data.number) {
      const waiting = asked.get(data.number);
      asked.delete(data.number);
      if (data.error) waiting?.reject(new Error(data.error));
      else waiting?.resolve(data.result);
    } else {
      raise(data.event, data.args);
    }
  };
  worker.onerror = event => {
    // Nothing goes on without it: what waits is told so.
    console.error('files: the worker failed', event.message);
    for (const waiting of asked.values()) waiting.reject(new Error('worker'));
    asked.clear();
    worker = null; // The next word starts another.
    for (const line of [...lines.values()]) close(line, true);
  };
  worker.postMessage({ op: 'start', profile: whose });
  return worker;
}

/** @param {string} event @param {any[]} args */
function raise(event, args) {
  if (event === 'Finished') sink.Finished(args[0], pack(args[1]));
  else sink[event](...args);
}

/** As pack.js does. @param {Uint8Array[]} parts */
function pack(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** Tells the worker to do something. @param {string} op @param {...unknown} args */
export function tell(op, ...args) {
  working().postMessage({ op, args });
}

/** Asks it for something. @param {string} op @param {...unknown} args @returns {Promise<any>} */
export function ask(op, ...args) {
  return new Promise((resolve, reject) => {
    const number = ++last;
    asked.set(number, { resolve, reject });
    working().postMessage({ op, args, number });
  });
}

/** Makes or takes the channel of a path. @param {string} contact @param {number} id the path's @param {boolean} offerer */
export function attach(contact, id, offerer) {
  detach(contact);
  /** @type {Line} */
  const line = { contact, path: id, channel: null, queue: [] };
  lines.set(contact, line);
  path.files(id, offerer, (channel, early) => adopt(line, channel, early));
}

/** @param {Line} line @param {RTCDataChannel} channel @param {ArrayBuffer[]} early */
function adopt(line, channel, early) {
  if (lines.get(line.contact) !== line) {
    channel.close();
    return;
  }
  line.channel = channel;
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = LOW;
  channel.onbufferedamountlow = () => pump(line);
  let isOpen = false;
  const heard = channel.onmessage = /** @param {{ data: unknown }} event */ ({ data }) => {
    if (lines.get(line.contact) !== line || !(data instanceof ArrayBuffer) || data.byteLength === 0) return;
    // The other end's first word may come before the opening is told here: nobody would listen to it.
    if (!isOpen) {
      if (early.length < EARLY) early.push(data);
    } else if (new Uint8Array(data, 0, 1)[0] === HTTPS_OFFER) working().postMessage({ op: 'arrived', contact: line.contact, bytes: data }, [data]);
    else if (new Uint8Array(data, 0, 1)[0] !== CONTROL) worker?.postMessage({ op: 'arrived', contact: line.contact, bytes: data }, [data]);
    else if (data.byteLength <= LONGEST_CONTROL) sink.Control(line.contact, new Uint8Array(data));
  };
  channel.onclose = () => {
    if (lines.get(line.contact) === line) close(line, true);
  };
  const opened = () => {
    if (lines.get(line.contact) !== line || isOpen) return;
    isOpen = true;
    channel.send(Uint8Array.of(HTTPS_WISH, ...new TextEncoder().encode(location.origin)));
    sink.Channel(line.contact, true);
    for (const data of early.splice(0)) heard({ data });
  };
  if (channel.readyState === 'open') opened();
  else channel.onopen = opened;
}

/** The path is gone, or no files may go by it. @param {string} contact */
export function detach(contact) {
  const line = lines.get(contact);
  if (line) close(line, line.channel?.readyState === 'open');
}

/** @param {Line} line @param {boolean} told */
function close(line, told) {
  lines.delete(line.contact);
  path.files(line.path, false, null);
  worker?.postMessage({ op: 'forget', args: [line.contact] });
  line.channel?.close();
  if (told) sink.Channel(line.contact, false);
}

/** @param {string} contact @param {Uint8Array} bytes */
export function control(contact, bytes) {
  const channel = lines.get(contact)?.channel;
  if (channel?.readyState === 'open') channel.send(bytes);
}

/** What the worker read is put into the channel as it empties. @param {{ contact: string, bytes: Uint8Array, counts: boolean, served?: unknown[] }} message */
function put({ contact, bytes, counts, served }) {
  const line = lines.get(contact);
  if (!line) return;
  line.queue.push({ bytes, at: 0, counts, served });
  pump(line);
}

/** @param {Line} line */
function pump(line) {
  const { channel, queue } = line;
  if (channel?.readyState !== 'open') return;
  try {
    while (queue.length > 0 && channel.bufferedAmount < HIGH) {
      const one = queue[0];
      channel.send(one.bytes.subarray(one.at, one.at + PIECE));
      one.at += PIECE;
      if (one.at < one.bytes.length) continue;
      queue.shift();
      // It is filled again: buffers of chunks would come and go faster than garbage is collected.
      if (one.counts) worker?.postMessage({ op: 'sent', args: [line.contact, one.bytes.buffer] }, [one.bytes.buffer]);
      if (one.served) sink.Served(line.contact, ...one.served);
    }
  } catch {
    close(line, true);
  }
}

/** Ends all channels, and lets the files go: another tab goes on. */
export function closeAll() {
  for (const line of [...lines.values()]) close(line, false);
  worker?.postMessage({ op: 'close', args: [] });
}
