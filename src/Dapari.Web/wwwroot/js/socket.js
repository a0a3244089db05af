// Carries frames over WebSockets, named by numbers that managed code gives.

/** @typedef {{ Opened(id: number): void, Received(id: number, bytes: Uint8Array): void, Closed(id: number): void }} Sink */

/** @type {Map<number, WebSocket>} */
const sockets = new Map();

/** @type {Sink} */
let sink;

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
}

/** Begins to connect; false when the browser refuses the address. @param {number} id @param {string} url */
export function open(id, url) {
  let socket;
  try {
    socket = new WebSocket(url);
  } catch {
    return false;
  }

  socket.binaryType = 'arraybuffer';
  sockets.set(id, socket);
  socket.onopen = () => { if (sockets.get(id) === socket) sink.Opened(id); };
  socket.onmessage = event => {
    if (sockets.get(id) !== socket) return;
    if (event.data instanceof ArrayBuffer) sink.Received(id, new Uint8Array(event.data));
    else socket.close(1003); // RFC 6455 §7.4.1: a type of data that cannot be accepted
  };
  socket.onclose = () => { if (sockets.delete(id)) sink.Closed(id); };
  return true;
}

/** Sends one message; false when the socket is not open, or holds more than `limit` bytes already. @param {number} id @param {Uint8Array} bytes @param {number} limit */
export function send(id, bytes, limit) {
  const socket = sockets.get(id);
  if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount + bytes.length > limit) return false;
  socket.send(bytes);
  return true;
}

/** Closes a socket; nothing more is heard of it. @param {number} id */
export function close(id) {
  const socket = sockets.get(id);
  sockets.delete(id);
  socket?.close();
}
