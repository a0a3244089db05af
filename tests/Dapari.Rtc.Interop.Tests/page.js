// The browser's end: one connection, and channels that hash what they get.
let connection, channel;
const opened = Promise.withResolvers();

function listen(got) {
  channel = got;
  channel.binaryType = 'arraybuffer';
  if (channel.readyState === 'open') opened.resolve();
  else channel.onopen = () => opened.resolve();
}

function begin() {
  connection = new RTCPeerConnection();
  connection.ondatachannel = event => listen(event.channel);
}

async function settled() {
  if (connection.iceGatheringState !== 'complete')
    await new Promise(done => connection.addEventListener('icegatheringstatechange', () => connection.iceGatheringState === 'complete' && done()));
  return connection.localDescription.sdp;
}

window.offer = async options => {
  begin();
  listen(connection.createDataChannel('from the browser', options ?? {}));
  await connection.setLocalDescription();
  return settled();
};

window.answer = async sdp => {
  begin();
  await connection.setRemoteDescription({ type: 'offer', sdp });
  await connection.setLocalDescription();
  return settled();
};

window.accept = sdp => connection.setRemoteDescription({ type: 'answer', sdp });

window.channelFacts = async () => {
  await opened.promise;
  return { label: channel.label, protocol: channel.protocol, ordered: channel.ordered, maxRetransmits: channel.maxRetransmits, id: channel.id };
};

window.echo = () => {
  channel.onmessage = event => {
    if (event.data === 'close') channel.close();
    else channel.send(event.data);
  };
};

const hex = bytes => [...new Uint8Array(bytes)].map(byte => byte.toString(16).padStart(2, '0')).join('');

// Takes so many bytes and tells their hash.
window.take = size => {
  const all = new Uint8Array(size);
  let at = 0;
  const whole = new Promise((done, failed) => {
    channel.onclose = () => failed(new Error(`closed after ${at}`));
    channel.onmessage = event => {
      all.set(new Uint8Array(event.data), at);
      at += event.data.byteLength;
      if (at === size) done();
    };
  });
  window.taken = whole.then(async () => hex(await crypto.subtle.digest('SHA-256', all)));
};

// Sends so many random bytes and tells their hash.
window.give = async (size, piece) => {
  const all = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(all.subarray(at, Math.min(at + 65536, size)));
  const hash = hex(await crypto.subtle.digest('SHA-256', all));
  channel.bufferedAmountLowThreshold = 1 << 20;
  for (let at = 0; at < size; at += piece) {
    if (channel.bufferedAmount > 4 << 20) await new Promise(done => { channel.onbufferedamountlow = done; });
    channel.send(all.subarray(at, Math.min(at + piece, size)));
  }
  return hash;
};
