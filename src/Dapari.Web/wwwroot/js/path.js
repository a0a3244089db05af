// Carries bytes straight to another device over RTCPeerConnection, and does its perfect negotiation (W3C WebRTC 1.0 §10.7).
// Paths are named by numbers that managed code gives. A description goes out whole; candidates follow as they are found.

/**
 * @typedef {{
 *   Described(id: number, offer: boolean, sdp: string): void,
 *   Candidate(id: number, candidate: string, mid: string, line: number, fragment: string): void,
 *   CandidatesEnded(id: number): void,
 *   Opened(id: number, facts: string): void, Facts(id: number, facts: string): void,
 *   Received(id: number, bytes: Uint8Array): void, Closed(id: number): void }} Sink
 * @typedef {{
 *   id: number, pc: RTCPeerConnection, channel: RTCDataChannel | null, polite: boolean, makingOffer: boolean, ignoringOffer: boolean,
 *   early: (RTCIceCandidateInit | null)[], work: Promise<void>, opened: boolean, timer: number,
 *   files: RTCDataChannel | null, filesEarly: ArrayBuffer[],
 *   takesFiles: ((channel: RTCDataChannel, early: ArrayBuffer[]) => void) | null }} Path
 */

const EARLY = 64; // candidates kept while their description has not come, and words about files before they are listened to
const EARLY_BYTES = 1024;
const FACTS_EVERY_MS = 5000;

/** @type {Map<number, Path>} */
const paths = new Map();

/** @type {Sink} */
let sink;

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
}

export function isSupported() {
  return typeof RTCPeerConnection === 'function';
}

/**
 * Begins a path; the offerer makes the channel, which makes the first offer.
 * @param {number} id @param {boolean} offerer @param {boolean} polite @param {string} iceServers JSON of RTCIceServer[]
 */
export function open(id, offerer, polite, iceServers) {
  let pc;
  try {
    pc = new RTCPeerConnection({ iceServers: JSON.parse(iceServers) });
  } catch {
    return false;
  }

  /** @type {Path} */
  const path = { id, pc, channel: null, polite, makingOffer: false, ignoringOffer: false, early: [], work: Promise.resolve(), opened: false, timer: 0, files: null, filesEarly: [], takesFiles: null };
  paths.set(id, path);
  pc.onnegotiationneeded = () => offer(path);
  pc.onicecandidate = ({ candidate }) => {
    if (!paths.has(id)) return;
    if (!candidate) sink.CandidatesEnded(id);
    else if (candidate.candidate) sink.Candidate(id, candidate.candidate, candidate.sdpMid ?? '', candidate.sdpMLineIndex ?? 0, candidate.usernameFragment ?? '');
  };
  pc.onconnectionstatechange = () => { if (pc.connectionState === 'failed' || pc.connectionState === 'closed') gone(path); };
  pc.ondatachannel = ({ channel }) => {
    if (channel.label === 'dapari' && channel.ordered && !path.channel && !offerer) adopt(path, channel);
    else if (channel.label === 'dapari-files' && channel.ordered && channel.maxRetransmits === null && channel.maxPacketLifeTime === null && !path.files && !offerer) hold(path, channel);
    else channel.close();
  };
  if (offerer) adopt(path, pc.createDataChannel('dapari'));
  return true;
}

/** @param {Path} path @param {RTCDataChannel} channel */
function adopt(path, channel) {
  path.channel = channel;
  channel.binaryType = 'arraybuffer';
  channel.onmessage = ({ data }) => {
    if (!paths.has(path.id)) return;
    opened(path); // The first message may overtake the facts.
    if (data instanceof ArrayBuffer) sink.Received(path.id, new Uint8Array(data));
  };
  channel.onclose = () => gone(path);
  channel.onopen = async () => {
    const facts = await readFacts(path.pc);
    if (paths.has(path.id)) opened(path, facts);
  };
  if (channel.readyState === 'open') channel.onopen(new Event('open'));
}

/** @param {Path} path @param {string} [facts] */
function opened(path, facts) {
  if (!path.opened) {
    path.opened = true;
    sink.Opened(path.id, facts ?? '');
    path.timer = setInterval(() => tell(path), FACTS_EVERY_MS);
    const ice = path.pc.sctp?.transport.iceTransport;
    if (ice) ice.onselectedcandidatepairchange = () => tell(path);
  } else if (facts) {
    sink.Facts(path.id, facts);
  }
}

/** @param {Path} path */
async function tell(path) {
  const facts = await readFacts(path.pc);
  if (facts && paths.has(path.id)) sink.Facts(path.id, facts);
}

/**
 * The settled pair, for managed code to judge: "local type|address|remote type|address|round-trip seconds", or nothing yet.
 * @param {RTCPeerConnection} pc
 */
async function readFacts(pc) {
  try {
    const report = await pc.getStats();
    const all = [...report.values()];
    const transport = all.find(one => one.type === 'transport' && one.selectedCandidatePairId);
    const pair = transport ? report.get(transport.selectedCandidatePairId)
      : all.find(one => one.type === 'candidate-pair' && (one.selected || (one.nominated && one.state === 'succeeded')));
    const local = pair && report.get(pair.localCandidateId);
    const remote = pair && report.get(pair.remoteCandidateId);
    if (!local || !remote) return '';
    return [local.candidateType, local.address ?? '', remote.candidateType, remote.address ?? '', pair.currentRoundTripTime ?? 0].join('|');
  } catch {
    return '';
  }
}

/** @param {Path} path */
async function offer(path) {
  try {
    path.makingOffer = true;
    await path.pc.setLocalDescription();
    describe(path);
  } catch {
    // The connection was closed meanwhile, or an offer of the other side came first: there is another event then.
  } finally {
    path.makingOffer = false;
  }
}

/** @param {Path} path */
function describe(path) {
  const description = path.pc.localDescription;
  if (description && paths.has(path.id)) sink.Described(path.id, description.type === 'offer', description.sdp);
}

/** Work on one path is done in the order in which its signals came. @param {number} id @param {(path: Path) => Promise<void>} step */
function enqueue(id, step) {
  const path = paths.get(id);
  if (path) path.work = path.work.then(() => step(path)).catch(() => {}); // A bad signal changes nothing; the attempt ends by its deadline.
}

/** A description of the other end. @param {number} id @param {boolean} isOffer @param {string} sdp */
export function describeRemote(id, isOffer, sdp) {
  enqueue(id, async path => {
    const pc = path.pc;
    const collision = isOffer && (path.makingOffer || pc.signalingState !== 'stable');
    path.ignoringOffer = !path.polite && collision;
    if (path.ignoringOffer) return;
    await pc.setRemoteDescription({ type: isOffer ? 'offer' : 'answer', sdp });
    const early = path.early.splice(0);
    for (const candidate of early) await add(path, candidate);
    if (isOffer) {
      await pc.setLocalDescription();
      describe(path);
    }
  });
}

/** A candidate of the other end. @param {number} id @param {string} candidate @param {string} mid @param {number} line @param {string} fragment */
export function addCandidate(id, candidate, mid, line, fragment) {
  enqueue(id, path => add(path, { candidate, sdpMid: mid || null, sdpMLineIndex: line, usernameFragment: fragment || null }));
}

/** The other end has found all its candidates. @param {number} id */
export function endCandidates(id) {
  enqueue(id, path => add(path, null));
}

/** @param {Path} path @param {RTCIceCandidateInit | null} candidate */
async function add(path, candidate) {
  const fragment = candidate?.usernameFragment;
  const known = path.pc.remoteDescription && (!fragment || path.pc.remoteDescription.sdp.includes(`a=ice-ufrag:${fragment}`));
  if (known) await path.pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  else if (path.early.length < EARLY) path.early.push(candidate);
}

/** Looks for the way anew. @param {number} id */
export function restart(id) {
  paths.get(id)?.pc.restartIce();
}

/** Sends one message; false when the channel is not open or holds more than `limit` bytes already. @param {number} id @param {Uint8Array} bytes @param {number} limit */
export function send(id, bytes, limit) {
  const channel = paths.get(id)?.channel;
  if (channel?.readyState !== 'open' || channel.bufferedAmount + bytes.length > limit) return false;
  try {
    channel.send(bytes);
    return true;
  } catch {
    return false; // Larger than the other end takes.
  }
}

/**
 * The second channel, for files: made at the offerer's end when files go by this path, and taken at the other.
 * @param {number} id @param {boolean} offerer @param {((channel: RTCDataChannel, early: ArrayBuffer[]) => void) | null} take null: not any more
 */
export function files(id, offerer, take) {
  const path = paths.get(id);
  if (!path) return;
  path.takesFiles = take;
  if (!take) path.files = null;
  else if (offerer) hold(path, path.pc.createDataChannel('dapari-files'));
  else if (path.files) take(path.files, path.filesEarly);
}

/** One that comes before it is wanted here waits, with the first words that come by it. @param {Path} path @param {RTCDataChannel} channel */
function hold(path, channel) {
  /** @type {ArrayBuffer[]} */
  const early = path.filesEarly = [];
  path.files = channel;
  channel.binaryType = 'arraybuffer';
  channel.onclose = () => { if (path.files === channel) path.files = null; };
  channel.onmessage = ({ data }) => { if (early.length < EARLY && data.byteLength <= EARLY_BYTES) early.push(data); };
  path.takesFiles?.(channel, early);
}

/** Closes a path; nothing more is heard of it. @param {number} id */
export function close(id) {
  const path = paths.get(id);
  if (path) end(path);
}

/** @param {Path} path */
function gone(path) {
  if (!paths.has(path.id)) return;
  end(path);
  sink.Closed(path.id);
}

/** @param {Path} path */
function end(path) {
  paths.delete(path.id);
  clearInterval(path.timer);
  path.channel?.close();
  path.pc.close();
}
