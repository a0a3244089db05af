// Carries the media of calls: one RTCPeerConnection for each leg, with perfect negotiation (W3C WebRTC 1.0 §10.7) as in path.js. Sound, camera and
// screen have their places from the first offer on, so that muting, cameras and screens need no further one: tracks are only replaced.
import { adopt, carry, cut, furnish, loudness, share } from './call-line.js';
import * as media from './call-media.js';
import { direct, isSilent, listen as listenToPlay, play, start } from './call-play.js';
import { asSent, round, session, withoutRelated } from './call-sdp.js';
import { read, shown } from './call-stats.js';

/**
 * @typedef {{
 *   Described(id: number, offer: boolean, sdp: string): void,
 *   Candidate(id: number, candidate: string, mid: string, line: number, fragment: string): void,
 *   CandidatesEnded(id: number): void,
 *   Facts(id: number, facts: string): void, Measured(id: number, quality: string): void,
 *   Closed(id: number): void, Silent(on: boolean): void }} Sink
 * @typedef {import('./call-line.js').Line} Line
 * @typedef {{
 *   id: number, polite: boolean, relayOnly: boolean, iceServers: string, certificates: RTCCertificate[] | undefined,
 *   line: Line, next: Line | null, early: (RTCIceCandidateInit | null)[], work: Promise<void>,
 *   camera: MediaStream, screen: MediaStream, connected: boolean, fingerprint: string, timer: number, due: number, told: string, heard: number, speaks: boolean,
 *   former: import('./call-stats.js').Sample | null }} Leg
 */

const EARLY = 64; // candidates kept while their description has not come
const EVERY_MS = 1000;
// Both ends often look for a new way at once. In Chromium a picture stays black after an offer was rolled back, so the polite side first
// waits for the other's offer, which serves both.
const YIELD_MS = 400;
const SPARES = 4;
// A relay that refuses the first candidates makes a connection "failed" before the better ones have come; it recovers with them.
const DOOM_MS = 6000;
const LINGER_MS = 800; // a former line goes when the new one sounds, at the latest after this
const LISTEN_MS = 200;
const SPEECH = 0.02; // of full loudness
const BREATH_MS = 1000; // between words one still speaks

/** @type {Map<number, Leg>} */
const legs = new Map();

/** @type {Set<(id: number) => void>} told when a leg's streams are there or gone */
export const streamWatchers = new Set();

/** @type {Sink} */
let sink;

let listening = 0;

/** One for each leg, made ahead, so that a leg may have a second line with the same certificate: what was sealed names it once. @type {RTCCertificate[]} */
const spare = [];

function makeSpare() {
  RTCPeerConnection.generateCertificate({ name: 'ECDSA', namedCurve: 'P-256' }).then(made => spare.push(made), () => {});
}

for (let i = 0; i < SPARES; i++) makeSpare();

/** Says who hears of events. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  listenToPlay(on => sink.Silent(on));
}

media.watch((kind, track) => {
  // A page that records may also play without a tap: after a reload the microphone comes later than the call.
  if (kind === 'microphone' && track && isSilent()) playAll();
  for (const leg of legs.values()) for (const line of [leg.line, leg.next]) if (line) carry(line, kind, track, legs.size);
});

/** @param {Leg} leg @returns {RTCConfiguration} */
function configuration(leg) {
  return {
    iceServers: JSON.parse(leg.iceServers), iceTransportPolicy: leg.relayOnly ? 'relay' : 'all', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require',
    ...(leg.certificates ? { certificates: leg.certificates } : {}),
  };
}

/**
 * Begins a leg. The offerer makes the three places, which make the first offer.
 * @param {number} id @param {boolean} offerer @param {boolean} polite @param {boolean} relayOnly @param {string} iceServers JSON of RTCIceServer[]
 */
export function open(id, offerer, polite, relayOnly, iceServers) {
  const leg = /** @type {Leg} */ ({
    id, polite, relayOnly, iceServers, certificates: spare.length ? spare.splice(0, 1) : undefined, next: null, early: [], work: Promise.resolve(),
    camera: new MediaStream(), screen: new MediaStream(), connected: false, fingerprint: '', timer: 0, due: 0, told: '', heard: -BREATH_MS, speaks: false, former: null,
  });
  makeSpare();
  try {
    leg.line = lay(leg);
  } catch {
    return false;
  }
  legs.set(id, leg);
  if (offerer) {
    furnish(leg.line, legs.size);
    present(leg);
  }
  shareAll();
  leg.timer = setInterval(() => tell(leg), EVERY_MS);
  listening ||= setInterval(hear, LISTEN_MS);
  return true;
}

/** Makes a connection for a leg. @param {Leg} leg @returns {Line} */
function lay(leg) {
  const pc = new RTCPeerConnection(configuration(leg));
  /** @type {Line} */
  const line = { pc, makingOffer: false, places: [], audio: new Audio() };
  const lives = () => legs.get(leg.id) === leg && (leg.line === line || leg.next === line);
  pc.onnegotiationneeded = () => offer(leg, line);
  pc.onicecandidate = ({ candidate }) => {
    if (!lives()) return;
    if (!candidate) sink.CandidatesEnded(leg.id);
    else if (candidate.candidate && (!leg.relayOnly || candidate.type === 'relay'))
      sink.Candidate(leg.id, leg.relayOnly ? withoutRelated(candidate.candidate) : candidate.candidate, candidate.sdpMid ?? '', candidate.sdpMLineIndex ?? 0, candidate.usernameFragment ?? '');
  };
  pc.onconnectionstatechange = () => { if (lives()) changed(leg, line); };
  return line;
}

/** What the line in use receives goes to its element and streams. @param {Leg} leg */
function present(leg) {
  const { places: [sound, camera, screen], audio } = leg.line;
  if (sound) play(audio, sound.receiver.track, leg.id);
  for (const [stream, place] of /** @type {[MediaStream, RTCRtpTransceiver | undefined][]} */ ([[leg.camera, camera], [leg.screen, screen]])) {
    for (const track of stream.getTracks()) stream.removeTrack(track);
    if (place) stream.addTrack(place.receiver.track);
  }
  for (const told of streamWatchers) told(leg.id);
}

/** Sound goes to the speaker that was chosen. */
export function directAll() {
  for (const leg of legs.values()) direct(leg.line.audio);
}

/** After a tap: what the browser refused to play by itself. */
export function playAll() {
  for (const leg of legs.values()) start(leg.line.audio);
}

/** Each person costs the others a part of the way out. */
function shareAll() {
  for (const leg of legs.values()) share(leg.line, legs.size);
}

/** Who speaks: told when it changes. */
function hear() {
  const now = performance.now();
  for (const leg of legs.values()) {
    if (leg.connected && loudness(leg.line) > SPEECH) leg.heard = now;
    const speaks = now - leg.heard < BREATH_MS;
    if (speaks === leg.speaks) continue;
    leg.speaks = speaks;
    tell(leg);
  }
}

/** @param {number} id @param {string} kind @returns {MediaStream | null} what the other sends */
export function received(id, kind) {
  const leg = legs.get(id);
  return leg ? kind === 'screen' ? leg.screen : leg.camera : null;
}

/** @param {Leg} leg @param {Line} line */
async function offer(leg, line) {
  try {
    line.makingOffer = true;
    await line.pc.setLocalDescription();
    describe(leg, line);
  } catch {
    // The connection was closed meanwhile, or an offer of the other side came first: there is another event then.
  } finally {
    line.makingOffer = false;
  }
}

/** @param {Leg} leg @param {Line} line */
function describe(leg, line) {
  const description = line.pc.localDescription;
  if (!description || legs.get(leg.id) !== leg || (leg.line !== line && leg.next !== line)) return;
  const sdp = asSent(description.sdp, leg.relayOnly);
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
    const line = isOffer ? lineOfOffer(leg, sdp) : leg.next?.pc.signalingState === 'have-local-offer' ? leg.next : leg.line;
    if (!line) return;
    // Their new round makes one here too, by the configuration as it is now.
    if (isOffer && round(line.pc.remoteDescription?.sdp) !== round(sdp)) clearTimeout(leg.due);
    await line.pc.setRemoteDescription({ type: isOffer ? 'offer' : 'answer', sdp });
    const early = leg.early.splice(0);
    for (const candidate of early) await add(leg, candidate);
    if (!isOffer) return;
    if (!line.places.length) {
      adopt(line, legs.size);
      if (line === leg.line) present(leg);
    }
    await line.pc.setLocalDescription();
    describe(leg, line);
  });
}

/** Which line an offer is for; none: of two offers at once this end's counts. @param {Leg} leg @param {string} sdp @returns {Line | null} */
function lineOfOffer(leg, sdp) {
  const known = session(leg.line.pc.remoteDescription?.sdp);
  if (known && known !== session(sdp)) {
    // The other begins a second line.
    if (leg.next && session(leg.next.pc.remoteDescription?.sdp) === session(sdp)) return leg.next;
    if (leg.next && !leg.next.pc.remoteDescription && !leg.polite) return null;
    cut(leg.next);
    return leg.next = lay(leg);
  }
  const { pc, makingOffer } = leg.line;
  return !leg.polite && (makingOffer || pc.signalingState !== 'stable') ? null : leg.line;
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
  const line = [leg.next, leg.line].find(one => one?.pc.remoteDescription && (!fragment || one.pc.remoteDescription.sdp.includes(`a=ice-ufrag:${fragment}`)));
  if (line) await line.pc.addIceCandidate(candidate ?? undefined).catch(() => {});
  else if (leg.early.length < EARLY) leg.early.push(candidate);
}

/**
 * Looks for the way anew, perhaps another one; media goes on by the former meanwhile. A pair that works and is nearer is never left for one
 * through a relay by a restart (Chromium takes the pair of the higher priority, whatever its round): then a second line is laid beside.
 * @param {number} id @param {boolean} relayOnly @param {string} iceServers
 */
export function restart(id, relayOnly, iceServers) {
  const leg = legs.get(id);
  if (!leg) return;
  const hides = relayOnly && !leg.relayOnly && leg.connected && !leg.told.includes('|relay|') && leg.certificates !== undefined;
  leg.relayOnly = relayOnly;
  leg.iceServers = iceServers;
  clearTimeout(leg.due);
  cut(leg.next);
  leg.next = null;
  if (hides) {
    leg.next = lay(leg);
    furnish(leg.next, legs.size);
    return;
  }
  const { pc } = leg.line;
  try {
    pc.setConfiguration(configuration(leg));
  } catch {
    // Servers that the browser cannot read change nothing.
  }
  if (leg.polite) leg.due = setTimeout(() => pc.restartIce(), YIELD_MS); else pc.restartIce();
}

/** The second line works: it becomes the one in use, and the former ends when the new one sounds. @param {Leg} leg */
function swap(leg) {
  const former = leg.line;
  leg.line = /** @type {Line} */ (leg.next);
  leg.next = null;
  leg.former = null;
  present(leg);
  const done = () => {
    clearTimeout(timer);
    track?.removeEventListener('unmute', done);
    former.audio.muted = true;
    // The other end may need its former line for a moment yet.
    setTimeout(() => cut(former), LINGER_MS);
  };
  const track = leg.line.places[0]?.receiver.track;
  const timer = setTimeout(done, LINGER_MS);
  if (track?.muted) track.addEventListener('unmute', done); else done();
}

/** @param {Leg} leg @param {Line} line */
function changed(leg, line) {
  const state = line.pc.connectionState;
  // Certificates that do not fit the descriptions never will.
  const over = state === 'closed' || line.pc.getTransceivers()[0]?.sender.transport?.state === 'failed';
  if (over) {
    give(leg, line);
    return;
  }
  if (line === leg.next && state === 'connected') swap(leg);
  // A first connection that failed has nothing to go on by.
  if (state === 'failed' && (line === leg.next || !leg.connected))
    setTimeout(() => { if (line.pc.connectionState === 'failed' && (line === leg.next || !leg.connected)) give(leg, line); }, DOOM_MS);
  if (leg.line.pc.connectionState === 'connected') leg.connected = true;
  tell(leg);
}

/** Nothing comes of a line any more. @param {Leg} leg @param {Line} line */
function give(leg, line) {
  if (line === leg.line) {
    gone(leg);
    return;
  }
  cut(line);
  if (leg.next === line) leg.next = null;
}

/**
 * "state|fingerprint|1 if they speak|" and the settled pair as path.js reads it; state: 0 opening, 1 connected, 2 interrupted.
 * @param {Leg} leg
 */
async function tell(leg) {
  const { pc } = leg.line;
  // Each line shows its certificate: what is told is of the line in use.
  if (leg.connected) leg.fingerprint = await shown(pc).catch(() => '') || leg.fingerprint;
  const seen = leg.connected ? await read(pc, leg.former).catch(() => null) : null;
  if (!legs.has(leg.id) || leg.line.pc !== pc) return;
  // As it stands now, not as it stood before the statistics came.
  const number = pc.connectionState === 'connected' ? 1 : leg.connected ? 2 : 0;
  const facts = `${number}|${leg.fingerprint}|${number === 1 && leg.speaks ? 1 : 0}|${seen?.pair ?? ''}`;
  if (facts !== leg.told && (number !== 1 || seen?.pair)) sink.Facts(leg.id, leg.told = facts);
  if (!seen) return;
  if (leg.former && seen.sample.at - leg.former.at >= EVERY_MS / 2) sink.Measured(leg.id, seen.quality);
  if (!leg.former || seen.sample.at - leg.former.at >= EVERY_MS / 2) leg.former = seen.sample;
}

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
  shareAll();
  clearInterval(leg.timer);
  if (!legs.size) {
    clearInterval(listening);
    listening = 0;
  }
  clearTimeout(leg.due);
  cut(leg.line);
  cut(leg.next);
  for (const told of streamWatchers) told(leg.id);
}
