// One end of a pair of another stack, told what to do by lines of JSON: "libdatachannel" (npm node-datachannel) or "libwebrtc" (npm @roamhq/wrtc).
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const [, , stack, role, modules] = process.argv;
const require = createRequire(modules + '/');
const MESSAGE = Buffer.alloc(64 * 1024, 7);
const HIGH = 4 << 20;
const say = what => process.stdout.write(JSON.stringify(what) + '\n');

let received = 0, expected = 0, echoed = null, channel;

/** What all stacks have in common. */
function open(ends) {
  channel = ends;
  say({ open: true });
}

function heard(length) {
  if (length <= 64) {
    if (role === 'answerer') channel.send(MESSAGE.subarray(0, 64));
    else echoed?.();
    return;
  }
  received += length;
  if (expected && received >= expected) {
    say({ received });
    received = expected = 0;
  }
}

function pump(bytes) {
  let left = bytes;
  const more = () => {
    while (left > 0 && channel.buffered() < HIGH) {
      const length = Math.min(left, MESSAGE.length);
      channel.send(length === MESSAGE.length ? MESSAGE : MESSAGE.subarray(0, length));
      left -= length;
    }
    if (left > 0) channel.whenLow(more);
  };
  more();
}

async function echo(rounds) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const began = process.hrtime.bigint();
    const back = new Promise(resolve => { echoed = resolve; });
    channel.send(MESSAGE.subarray(0, 64));
    await back;
    times.push(Number(process.hrtime.bigint() - began) / 1000);
  }
  times.sort((a, b) => a - b);
  say({ p50: times[Math.floor(rounds * 0.5)], p99: times[Math.floor(rounds * 0.99)] });
}

let takeSignal;
if (stack === 'libdatachannel') {
  const { PeerConnection } = require('node-datachannel');
  const pc = new PeerConnection(role, { iceServers: [], maxMessageSize: 256 * 1024, bindAddress: '127.0.0.1' });
  pc.onLocalDescription((sdp, type) => say({ signal: { sdp, type } }));
  pc.onLocalCandidate((candidate, mid) => say({ signal: { candidate, mid } }));
  takeSignal = s => s.sdp ? pc.setRemoteDescription(s.sdp, s.type) : pc.addRemoteCandidate(s.candidate, s.mid);
  const use = dc => {
    const start = () => open({
      send: bytes => dc.sendMessageBinary(bytes),
      buffered: () => dc.bufferedAmount(),
      whenLow: then => { dc.setBufferedAmountLowThreshold(HIGH / 2); dc.onBufferedAmountLow(then); },
    });
    dc.onMessage(message => heard(message.length));
    if (dc.isOpen()) start(); else dc.onOpen(start);
  };
  if (role === 'offerer') use(pc.createDataChannel('bench')); else pc.onDataChannel(use);
} else {
  const { RTCPeerConnection } = require('@roamhq/wrtc');
  const pc = new RTCPeerConnection();
  pc.onicecandidate = ({ candidate }) => { if (candidate) say({ signal: { candidate } }); };
  const use = dc => {
    dc.binaryType = 'arraybuffer';
    dc.onmessage = ({ data }) => heard(data.byteLength);
    const start = () => open({
      send: bytes => dc.send(bytes),
      buffered: () => dc.bufferedAmount,
      // Its event does not come when the amount is low already by the time that it is asked for.
      whenLow: then => setTimeout(then, 1),
    });
    if (dc.readyState === 'open') start(); else dc.onopen = start;
  };
  const waiting = [];
  takeSignal = async s => {
    if (s.candidate) return pc.remoteDescription ? pc.addIceCandidate(s.candidate) : waiting.push(s.candidate);
    await pc.setRemoteDescription(s);
    for (const one of waiting.splice(0)) await pc.addIceCandidate(one);
    if (s.type === 'offer') {
      await pc.setLocalDescription(await pc.createAnswer());
      say({ signal: { type: 'answer', sdp: pc.localDescription.sdp } });
    }
  };
  if (role === 'offerer') {
    use(pc.createDataChannel('bench'));
    pc.createOffer().then(async offer => {
      await pc.setLocalDescription(offer);
      say({ signal: { type: 'offer', sdp: offer.sdp } });
    });
  } else pc.ondatachannel = ({ channel: dc }) => use(dc);
}

createInterface({ input: process.stdin }).on('line', line => {
  const asked = JSON.parse(line);
  if (asked.signal) takeSignal(asked.signal);
  else if (asked.pump) pump(asked.pump);
  else if (asked.expect) expected = asked.expect;
  else if (asked.echo) echo(asked.echo);
}).on('close', () => process.exit(0));
