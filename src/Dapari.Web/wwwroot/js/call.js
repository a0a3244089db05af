// Carries the media of calls: one RTCPeerConnection for each leg, with perfect negotiation (W3C WebRTC 1.0 §10.7) as in path.js. Sound, camera and
// screen have their places from the first offer on, so that muting, cameras and screens need no further one: tracks are only replaced.
import * as media from './call-media.js';
import { read } from './call-stats.js';

/**
 * @typedef {{
 *   Described(id: number, offer: boolean, sdp: string): void,
 *   Candidate(id: number, candidate: string, mid: string, line: number, fragment: string): void,
 *   CandidatesEnded(id: number): void,
 *   Facts(id: number, facts: string): void, Measured(id: number, quality: string): void,
 *   Closed(id: number): void, Silent(): void }} Sink
 * @typedef {{
 *   id: number, pc: RTCPeerConnection, polite: boolean, relayOnly: boolean, makingOffer: boolean, ignoringOffer: boolean,
 *   early: (RTCIceCandidateInit | null)[], work: Promise<void>, places: RTCRtpTransceiver[], audio: HTMLAudioElement,
 *   camera: MediaStream, screen: MediaStream, connected: boolean, fingerprint: string, timer: number, due: number, told: string,
 *   former: import('./call-stats.js').Sample | null }} Leg
 */

const EARLY = 64; // candidates kept while their description has not come
const EVERY_MS = 1000;
// Both ends often look for a new way at once. In Chromium a picture stays black after an offer was rolled back, so the polite side first
// waits for the other's offer, which serves both.
const YIELD_MS = 400;
const KINDS = /** @type {import('./call-media.js').Kind[]} */ (['microphone', 'camera', 'screen']);

/** @type {Map<number, Leg>} */
const legs = new Map();

/** @type {Set<(id: number) => void>} told when a leg's streams are there or gone */
export const streamWatchers = new Set();

/** @type {Sink} */
let sink;

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
}

media.watch((kind, track) => {
  for (const leg of legs.values()) carry(leg, kind, track);
});

/** @param {boolean} relayOnly @param {string} iceServers JSON of RTCIceServer[] @returns {RTCConfiguration} */
function configuration(relayOnly, iceServers) {
  return { iceServers: JSON.parse(iceServers), iceTransportPolicy: relayOnly ? 'relay' : 'all', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
}

/**
 * Begins a leg. The offerer makes the three places, which make the first offer.
 * @param {number} id @param {boolean} offerer @param {boolean} polite @param {boolean} relayOnly @param {string} iceServers
 */
export function open(id, offerer, polite, relayOnly, iceServers) {
  let pc;
  try {
    pc = new RTCPeerConnection(configuration(relayOnly, iceServers));
  } catch {
    return false;
  }

  const audio = new Audio();
  audio.autoplay = true;
  /** @type {Leg} */
  const leg = {
    id, pc, polite, relayOnly, makingOffer: false, ignoringOffer: false, early: [], work: Promise.resolve(), places: [], audio,
    camera: new MediaStream(), screen: new MediaStream(), connected: false, fingerprint: '', timer: 0, due: 0, told: '', former: null,
  };
  legs.set(id, leg);
  pc.onnegotiationneeded = () => offer(leg);
  pc.onicecandidate = ({ candidate }) => {
    if (!legs.has(id)) return;
    if (!candidate) sink.CandidatesEnded(id);
    else if (candidate.candidate && (!leg.relayOnly || candidate.type === 'relay'))
      sink.Candidate(id, hide(leg, candidate.candidate), candidate.sdpMid ?? '', candidate.sdpMLineIndex ?? 0, candidate.usernameFragment ?? '');
  };
  pc.onconnectionstatechange = () => changed(leg);
  if (offerer) {
    const together = { direction: /** @type {const} */ ('sendrecv'), streams: [media.stream] };
    leg.places = [pc.addTransceiver('audio', together), pc.addTransceiver('video', together), pc.addTransceiver('video', { direction: 'sendrecv' })];
    place(leg);
  }
  leg.timer = setInterval(() => tell(leg), EVERY_MS);
  return true;
}

/** What a place receives goes to its element and stream; what this device has goes out by it. @param {Leg} leg */
function place(leg) {
  const [sound, camera, screen] = leg.places;
  if (sound) {
    leg.audio.srcObject = new MediaStream([sound.receiver.track]);
    leg.audio.dataset.leg = String(leg.id);
    leg.audio.hidden = true;
    document.body.append(leg.audio);
    direct(leg.audio);
    start(leg.audio);
  }
  if (camera) leg.camera.addTrack(camera.receiver.track);
  if (screen) leg.screen.addTrack(screen.receiver.track);
  for (const kind of KINDS) carry(leg, kind, media.track(kind));
  for (const told of streamWatchers) told(leg.id);
}

/** @param {Leg} leg @param {import('./call-media.js').Kind} kind @param {MediaStreamTrack | null} track */
function carry(leg, kind, track) {
  const sender = leg.places[KINDS.indexOf(kind)]?.sender;
  if (!sender || leg.pc.signalingState === 'closed') return;
  sender.replaceTrack(track).then(() => track && tune(sender, kind)).catch(() => {}); // The leg was closed meanwhile.
}

/** In a mesh each further person costs an encoder and a way out: pictures get smaller. @param {RTCRtpSender} sender @param {import('./call-media.js').Kind} kind */
async function tune(sender, kind) {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings ?? [];
  if (!encoding) return;
  const many = legs.size;
  if (kind === 'microphone') {
    encoding.priority = encoding.networkPriority = 'high';
  } else {
    encoding.maxBitrate = kind === 'screen' ? 2_500_000 : many < 2 ? 1_800_000 : many < 4 ? 700_000 : 300_000;
    encoding.scaleResolutionDownBy = kind === 'screen' || many < 2 ? 1 : many < 4 ? 2 : 4;
    /** @type {any} */ (parameters).degradationPreference = kind === 'screen' ? 'maintain-resolution' : 'balanced';
  }
  await sender.setParameters(parameters);
}

/** @param {HTMLAudioElement} audio */
function start(audio) {
  audio.play().catch(error => {
    if (error.name === 'NotAllowedError') sink.Silent();
  });
}

/** @param {HTMLAudioElement} audio */
function direct(audio) {
  const to = media.speaker();
  /** @type {any} */ (audio).setSinkId?.(to).catch(() => {}); // Unplugged: the browser's own choice stays.
}

/** Sound goes to the speaker that was chosen. */
export function directAll() {
  for (const leg of legs.values()) direct(leg.audio);
}

/** After a tap: what the browser refused to play by itself. */
export function playAll() {
  for (const leg of legs.values()) start(leg.audio);
}

/** @param {number} id @param {string} kind @returns {MediaStream | null} what the other sends */
export function received(id, kind) {
  const leg = legs.get(id);
  return leg ? kind === 'screen' ? leg.screen : leg.camera : null;
}

/** Loudness of each leg now, 0 to 1. @returns {[number, number][]} */
export function loudness() {
  return [...legs.values()].map(leg => [leg.id, Math.max(0, ...(leg.places[0]?.receiver.getSynchronizationSources() ?? []).map(one => one.audioLevel ?? 0))]);
}

/** Related addresses and candidates other than a relay's stay here when only the relay may be seen. @param {Leg} leg @param {string} text */
function hide(leg, text) {
  return leg.relayOnly ? text.replace(/ raddr \S+ rport \d+/g, ' raddr 0.0.0.0 rport 0') : text;
}

/** @param {Leg} leg */
async function offer(leg) {
  try {
    leg.makingOffer = true;
    await leg.pc.setLocalDescription();
    describe(leg);
  } catch {
    // The connection was closed meanwhile, or an offer of the other side came first: there is another event then.
  } finally {
    leg.makingOffer = false;
  }
}

/** @param {Leg} leg */
function describe(leg) {
  const description = leg.pc.localDescription;
  if (!description || !legs.has(leg.id)) return;
  let sdp = description.sdp;
  if (leg.relayOnly) sdp = hide(leg, sdp.replace(/a=candidate:(?!.* typ relay).*\r\n/g, ''));
  // RFC 7587 §6.1: usedtx asks the other end's encoder to rest in silence; forward error correction the browser asks for itself.
  sdp = sdp.replace(/(a=fmtp:\d+ [^\r\n]*useinbandfec=1)(?![^\r\n]*usedtx)/g, '$1;usedtx=1');
  sink.Described(leg.id, description.type === 'offer', sdp);
}

/** Work on one leg is done in the order in which its signals came. @param {number} id @param {(leg: Leg) => Promise<void>} step */
function enqueue(id, step) {
  const leg = legs.get(id);
  if (leg) leg.work = leg.work.then(() => step(leg)).catch(() => {}); // A bad signal changes nothing; the call ends by its deadline.
}

/** A description of the other end. @param {number} id @param {boolean} isOffer @param {string} sdp */
export function describeRemote(id, isOffer, sdp) {
  enqueue(id, async leg => {
    const pc = leg.pc;
    const collision = isOffer && (leg.makingOffer || pc.signalingState !== 'stable');
    leg.ignoringOffer = !leg.polite && collision;
    if (leg.ignoringOffer) return;
    // Their new round makes one here too, by the configuration as it is now.
    if (isOffer && round(pc.remoteDescription?.sdp) !== round(sdp)) clearTimeout(leg.due);
    await pc.setRemoteDescription({ type: isOffer ? 'offer' : 'answer', sdp });
    const early = leg.early.splice(0);
    for (const candidate of early) await add(leg, candidate);
    if (!isOffer) return;
    adopt(leg);
    await pc.setLocalDescription();
    describe(leg);
  });
}

/** The answerer takes the places that the first offer made: one for sound, two for pictures; others stay empty. @param {Leg} leg */
function adopt(leg) {
  if (leg.places.length) return;
  const all = leg.pc.getTransceivers();
  const sound = all.find(one => one.receiver.track.kind === 'audio');
  const [camera, screen] = all.filter(one => one.receiver.track.kind === 'video');
  for (const one of all) one.direction = one === sound || one === camera || one === screen ? 'sendrecv' : 'inactive';
  leg.places = [sound, camera, screen].filter(one => one !== undefined);
  sound?.sender.setStreams(media.stream);
  camera?.sender.setStreams(media.stream);
  place(leg);
}

/** A candidate of the other end. @param {number} id @param {string} candidate @param {string} mid @param {number} line @param {string} fragment */
export function addCandidate(id, candidate, mid, line, fragment) {
  enqueue(id, leg => add(leg, { candidate, sdpMid: mid || null, sdpMLineIndex: line, usernameFragment: fragment || null }));
}

/** The other end has found all its candidates. @param {number} id */
export function endCandidates(id) {
  enqueue(id, leg => add(leg, null));
}

/** @param {Leg} leg @param {RTCIceCandidateInit | null} candidate */
async function add(leg, candidate) {
  const fragment = candidate?.usernameFragment;
  const known = leg.pc.remoteDescription && (!fragment || leg.pc.remoteDescription.sdp.includes(`a=ice-ufrag:${fragment}`));
  if (known) await leg.pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  else if (leg.early.length < EARLY) leg.early.push(candidate);
}

/** Looks for the way anew, perhaps another one; media goes on by the former meanwhile. @param {number} id @param {boolean} relayOnly @param {string} iceServers */
export function restart(id, relayOnly, iceServers) {
  const leg = legs.get(id);
  if (!leg) return;
  leg.relayOnly = relayOnly;
  try {
    leg.pc.setConfiguration(configuration(relayOnly, iceServers));
  } catch {
    // Servers that the browser cannot read change nothing.
  }
  clearTimeout(leg.due);
  if (leg.polite) leg.due = setTimeout(() => leg.pc.restartIce(), YIELD_MS); else leg.pc.restartIce();
}

/** @param {string | undefined} sdp the name of a round of gathering (RFC 8839 §5.4) */
const round = sdp => sdp?.match(/a=ice-ufrag:(\S+)/)?.[1];

/** @param {Leg} leg */
function changed(leg) {
  const state = leg.pc.connectionState;
  const shaken = leg.pc.getTransceivers()[0]?.sender.transport?.state;
  // Certificates that do not fit the descriptions never will; and a first connection that failed has nothing to go on by.
  if (state === 'closed' || shaken === 'failed' || (state === 'failed' && !leg.connected)) {
    gone(leg);
    return;
  }
  if (state === 'connected') leg.connected = true;
  tell(leg);
}

/**
 * "state|fingerprint|" and the settled pair as path.js reads it; state: 0 opening, 1 connected, 2 interrupted.
 * @param {Leg} leg
 */
async function tell(leg) {
  if (leg.connected && !leg.fingerprint) leg.fingerprint = await shown(leg.pc).catch(() => '');
  const seen = leg.connected ? await read(leg.pc, leg.former).catch(() => null) : null;
  if (!legs.has(leg.id)) return;
  // As it stands now, not as it stood before the statistics came.
  const number = leg.pc.connectionState === 'connected' ? 1 : leg.connected ? 2 : 0;
  const facts = `${number}|${leg.fingerprint}|${seen?.pair ?? ''}`;
  if (facts !== leg.told && (number !== 1 || seen?.pair)) sink.Facts(leg.id, leg.told = facts);
  if (!seen) return;
  if (leg.former && seen.sample.at - leg.former.at >= EVERY_MS / 2) sink.Measured(leg.id, seen.quality);
  if (!leg.former || seen.sample.at - leg.former.at >= EVERY_MS / 2) leg.former = seen.sample;
}

/** SHA-256 of the certificate that the other end showed in the handshake (not of what was announced). @param {RTCPeerConnection} pc */
async function shown(pc) {
  const [certificate] = pc.getTransceivers()[0]?.sender.transport?.getRemoteCertificates?.() ?? [];
  if (certificate) return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate)));
  const report = await pc.getStats();
  for (const one of report.values()) {
    const remote = one.type === 'transport' && one.remoteCertificateId ? report.get(one.remoteCertificateId) : null;
    if (remote?.fingerprintAlgorithm === 'sha-256') return remote.fingerprint.replaceAll(':', '').toLowerCase();
  }
  return '';
}

/** @param {Uint8Array} bytes */
const hex = bytes => [...bytes].map(one => one.toString(16).padStart(2, '0')).join('');

/** Closes a leg; nothing more is heard of it. @param {number} id */
export function close(id) {
  const leg = legs.get(id);
  if (leg) end(leg);
}

/** @param {Leg} leg */
function gone(leg) {
  if (!legs.has(leg.id)) return;
  end(leg);
  sink.Closed(leg.id);
}

/** @param {Leg} leg */
function end(leg) {
  legs.delete(leg.id);
  clearInterval(leg.timer);
  clearTimeout(leg.due);
  leg.audio.srcObject = null;
  leg.audio.remove();
  leg.pc.close();
  for (const told of streamWatchers) told(leg.id);
}
