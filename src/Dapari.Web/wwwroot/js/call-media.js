// Microphone, camera and screen of this device while it calls: opened, changed, lost. Nothing of it leaves before a leg takes the tracks.

/** @typedef {'microphone' | 'camera' | 'screen'} Kind */
/** @typedef {{ Lost(kind: string, reason: string): void, DevicesChanged(): void }} Sink */

const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** @type {Sink} */
let sink;

/** @type {Record<Kind, MediaStreamTrack | null>} */
const tracks = { microphone: null, camera: null, screen: null };

/** What is being opened: a second wish for the same waits for the first. @type {Partial<Record<Kind, Promise<string>>>} */
const opening = {};

/** A change of mind while something opens makes what comes of it be closed again. @type {Record<Kind, number>} */
const turn = { microphone: 0, camera: 0, screen: 0 };

/** The devices chosen; empty: the browser's own choice. */
const chosen = { microphone: '', camera: '', speaker: '' };

let facing = 'user';

/** @type {((kind: Kind, track: MediaStreamTrack | null) => void)[]} */
const watchers = [];

/** One stream for sound and camera, so that the other end keeps them together. */
export const stream = new MediaStream();

/** Says who hears of what is lost. @param {Sink} listener */
export function listen(listener) {
  sink = listener;
  navigator.mediaDevices?.addEventListener('devicechange', () => sink.DevicesChanged());
}

/** Tells of each track that comes, changes or goes. @param {(kind: Kind, track: MediaStreamTrack | null) => void} told */
export function watch(told) {
  watchers.push(told);
}

/** @param {Kind} kind */
export const track = kind => tracks[kind];

/** @param {Kind} kind @param {MediaStreamTrack | null} next */
function put(kind, next) {
  const former = tracks[kind];
  if (former === next) return;
  if (former) {
    former.onended = null;
    former.stop();
    stream.removeTrack(former);
  }
  tracks[kind] = next;
  if (next) {
    if (kind !== 'screen') stream.addTrack(next);
    // Only what this page did not stop itself: unplugged, taken away, or ended in the browser's own bar.
    next.onended = () => lost(kind, next);
  }
  for (const told of watchers) told(kind, next);
}

/** @param {Kind} kind @param {MediaStreamTrack} gone */
async function lost(kind, gone) {
  if (tracks[kind] !== gone) return;
  put(kind, null);
  if (kind === 'screen') {
    sink.Lost(kind, 'ended');
    return;
  }
  // The way on: what else is there, as the browser chooses.
  chosen[kind] = '';
  if (kind === 'microphone' && !(await open(kind))) sink.Lost(kind, 'changed'); else sink.Lost(kind, 'gone');
}

/** @param {unknown} error @returns {string} why there is no track */
function reasonOf(error) {
  switch (/** @type {Error} */ (error)?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}

/** The chosen device, or, if it is no longer there, what the browser chooses. @param {Kind} kind @returns {Promise<MediaStream>} */
async function ask(kind) {
  try {
    return await askFor(kind);
  } catch (error) {
    if (!chosen[kind] || /** @type {Error} */ (error).name !== 'OverconstrainedError') throw error;
    chosen[kind] = '';
    return askFor(kind);
  }
}

/** @param {Kind} kind @returns {Promise<MediaStream>} */
function askFor(kind) {
  const devices = navigator.mediaDevices;
  if (kind === 'screen') return devices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: false });
  // "ideal" would do, but Chromium then takes the default microphone.
  const device = chosen[kind] ? { deviceId: { exact: chosen[kind] } } : {};
  return kind === 'microphone'
    ? devices.getUserMedia({ audio: { ...MICROPHONE, ...device }, video: false })
    : devices.getUserMedia({ audio: false, video: { ...CAMERA, ...(chosen.camera ? device : { facingMode: facing }) } });
}

/** Opens what is not open yet. @param {Kind} kind @returns {Promise<string>} empty, or why not */
export function open(kind) {
  if (tracks[kind]?.readyState === 'live') return Promise.resolve('');
  const under = opening[kind];
  if (under) return under;
  const mine = turn[kind];
  const work = (async () => {
    try {
      if (!navigator.mediaDevices || (kind === 'screen' && !navigator.mediaDevices.getDisplayMedia)) return 'unsupported';
      const [got] = (await ask(kind)).getTracks();
      if (turn[kind] !== mine) {
        got.stop();
        return 'closed';
      }
      // RFC 7874 §3 leaves it to the sender; W3C mst-content-hint: faces move, documents must stay sharp.
      got.contentHint = kind === 'microphone' ? 'speech' : kind === 'camera' ? 'motion' : 'detail';
      put(kind, got);
      return '';
    } catch (error) {
      return kind === 'screen' && reasonOf(error) === 'denied' ? 'closed' : reasonOf(error);
    } finally {
      if (opening[kind] === work) delete opening[kind];
    }
  })();
  opening[kind] = work;
  return work;
}

/** @param {Kind} kind */
export function close(kind) {
  turn[kind]++;
  delete opening[kind];
  put(kind, null);
}

export function closeAll() {
  for (const kind of /** @type {Kind[]} */ (['microphone', 'camera', 'screen'])) close(kind);
}

/** Mutes without letting the microphone go: the first word afterwards is heard. @param {boolean} on */
export function hear(on) {
  if (tracks.microphone) tracks.microphone.enabled = on;
}

/** Opens another device of a kind in place of the one in use. @param {'microphone' | 'camera' | 'speaker'} kind @param {string} id */
export async function choose(kind, id) {
  chosen[kind] = id;
  if (kind === 'speaker' || !tracks[kind]) return '';
  return reopen(kind);
}

/** @param {'microphone' | 'camera'} kind */
async function reopen(kind) {
  const enabled = tracks[kind]?.enabled ?? true;
  // Phones have one camera open at a time.
  if (kind === 'camera') close(kind);
  else {
    turn[kind]++;
    delete opening[kind];
    tracks[kind]?.stop();
  }
  const refused = await open(kind);
  if (refused) put(kind, null); else if (kind === 'microphone') hear(enabled);
  return refused;
}

/** The other camera: on a phone front or back, else the next one. */
export async function switchCamera() {
  const now = tracks.camera?.getSettings();
  const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(one => one.kind === 'videoinput');
  if (now?.facingMode) {
    facing = now.facingMode === 'user' ? 'environment' : 'user';
    chosen.camera = '';
  } else if (cameras.length > 1) {
    chosen.camera = cameras[(cameras.findIndex(one => one.deviceId === now?.deviceId) + 1) % cameras.length].deviceId;
  } else {
    return '';
  }
  return reopen('camera');
}

export const speaker = () => chosen.speaker;

/** Whether the picture shows the person as a mirror does. */
export const isMirrored = () => (tracks.camera?.getSettings().facingMode ?? 'user') !== 'environment';

/** Lines of "kind|id|label|1 if in use"; labels are empty until the person allowed a device. */
export async function devices() {
  const kinds = { audioinput: 'microphone', videoinput: 'camera', audiooutput: 'speaker' };
  const all = await navigator.mediaDevices?.enumerateDevices().catch(() => []) ?? [];
  const inUse = { microphone: tracks.microphone?.getSettings().deviceId ?? chosen.microphone, camera: tracks.camera?.getSettings().deviceId ?? chosen.camera, speaker: chosen.speaker || 'default' };
  return all.filter(one => one.deviceId).map(one => {
    const kind = kinds[one.kind];
    return [kind, one.deviceId, one.label.replaceAll(/[|\n]/g, ' '), one.deviceId === inUse[kind] ? 1 : 0].join('|');
  }).join('\n');
}

/** Whether the microphone may be opened without a question. */
export async function isAllowed() {
  try {
    return (await navigator.permissions.query({ name: /** @type {any} */ ('microphone') })).state === 'granted';
  } catch {
    return false; // A browser that does not tell.
  }
}

/** Whether the screen can be shown: not on phones. */
export const canShow = () => typeof navigator.mediaDevices?.getDisplayMedia === 'function';
