// One connection of a leg and its three places: sound, camera, screen. They are there from the first offer on; tracks are only replaced.
import * as media from './call-media.js';

/** @typedef {{ pc: RTCPeerConnection, makingOffer: boolean, places: RTCRtpTransceiver[], audio: HTMLAudioElement }} Line one connection */
/** @typedef {import('./call-media.js').Kind} Kind */

const KINDS = /** @type {Kind[]} */ (['microphone', 'camera', 'screen']);

/** The offerer makes the places. @param {Line} line @param {number} many how many others there are */
export function furnish(line, many) {
  const together = { direction: /** @type {const} */ ('sendrecv'), streams: [media.stream] };
  line.places = [line.pc.addTransceiver('audio', together), line.pc.addTransceiver('video', together), line.pc.addTransceiver('video', { direction: 'sendrecv' })];
  carryAll(line, many);
}

/** The answerer takes the places that the first offer made: one for sound, two for pictures; others stay empty. @param {Line} line @param {number} many */
export function adopt(line, many) {
  const all = line.pc.getTransceivers();
  const sound = all.find(one => one.receiver.track.kind === 'audio');
  const [camera, screen] = all.filter(one => one.receiver.track.kind === 'video');
  for (const one of all) one.direction = one === sound || one === camera || one === screen ? 'sendrecv' : 'inactive';
  line.places = [sound, camera, screen].filter(one => one !== undefined);
  sound?.sender.setStreams(media.stream);
  camera?.sender.setStreams(media.stream);
  carryAll(line, many);
}

/** @param {Line} line @param {number} many */
function carryAll(line, many) {
  for (const kind of KINDS) carry(line, kind, media.track(kind), many);
}

/** Sends a track, or no longer. @param {Line} line @param {Kind} kind @param {MediaStreamTrack | null} track @param {number} many */
export function carry(line, kind, track, many) {
  const sender = line.places[KINDS.indexOf(kind)]?.sender;
  if (!sender || line.pc.signalingState === 'closed') return;
  sender.replaceTrack(track).then(() => track && tune(sender, kind, many)).catch(() => {}); // The leg was closed meanwhile.
}

/** Somebody came or went: what each of the others gets of the pictures changes. @param {Line} line @param {number} many */
export function share(line, many) {
  for (const [i, place] of line.places.entries()) if (i > 0 && place.sender.track) tune(place.sender, KINDS[i], many).catch(() => {}); // As above.
}

/** In a mesh each further person costs an encoder and a way out: pictures get smaller. @param {RTCRtpSender} sender @param {Kind} kind @param {number} many */
async function tune(sender, kind, many) {
  const parameters = sender.getParameters();
  const [encoding] = parameters.encodings ?? [];
  if (!encoding) return;
  if (kind === 'microphone') {
    encoding.priority = encoding.networkPriority = 'high';
  } else {
    encoding.maxBitrate = kind === 'screen' ? 2_500_000 : many < 2 ? 1_800_000 : many < 4 ? 700_000 : 300_000;
    encoding.scaleResolutionDownBy = kind === 'screen' || many < 2 ? 1 : many < 4 ? 2 : 4;
    /** @type {any} */ (parameters).degradationPreference = kind === 'screen' ? 'maintain-resolution' : 'balanced';
  }
  await sender.setParameters(parameters);
}

/** How loud it arrives now, 0 to 1. @param {Line} line */
export const loudness = line => Math.max(0, ...(line.places[0]?.receiver.getSynchronizationSources() ?? []).map(one => one.audioLevel ?? 0));

/** @param {Line | null} line */
export function cut(line) {
  if (!line) return;
  line.audio.srcObject = null;
  line.audio.remove();
  line.pc.close();
}
