// Files out of the private file system: as URLs for pictures and players, and saved where the person wants them.
import { ask } from './files.js';

const DONE = 0, CANCELLED = 1, GONE = 2, FAILED = 3; // SaveOutcome
const SHOWN = /^(image\/(png|jpeg|gif|webp)|(audio|video)\/[\w!#$&^.+-]+|application\/pdf)$/;
const URL_LIVES_MS = 10 * 60_000; // of a download: the browser reads it on after the click
const OPAQUE = 'application/octet-stream';

/** A type that a browser does not run in this page's place. @param {string} type */
const harmless = type => SHOWN.test(type) ? type : /^(text\/(plain|csv|markdown)|application\/(zip|vnd\.[\w.+-]+|epub\+zip))$/.test(type) && !/xml$|html|script/.test(type) ? type : OPAQUE;

/** @param {string} transfer @param {number} item @param {string} type @returns {Promise<string>} "": not here, or not to be shown */
export async function url(transfer, item, type) {
  if (!SHOWN.test(type)) return '';
  const blob = await ask('blob', transfer, item, type).catch(() => null);
  return blob ? URL.createObjectURL(blob) : '';
}

/** @param {string} transfer @param {number} item @param {string} name @param {string} type */
export async function save(transfer, item, name, type) {
  const blob = await ask('blob', transfer, item, harmless(type)).catch(() => null);
  if (!blob) return GONE;
  const picker = /** @type {any} */ (globalThis).showSaveFilePicker;
  if (!picker) return download(blob, name);
  let handle;
  try {
    handle = await picker({ suggestedName: name });
  } catch (error) {
    // A name that the picker refuses, or no click before it, must not lose the file.
    return /** @type {Error} */ (error).name === 'AbortError' ? CANCELLED : download(blob, name);
  }
  return write(handle, blob);
}

/** @param {FileSystemFileHandle} handle @param {Blob} blob */
async function write(handle, blob) {
  try {
    const writable = await handle.createWritable();
    await blob.stream().pipeTo(writable); // aborts the writable by itself when either fails
    return DONE;
  } catch {
    return FAILED;
  }
}

/** @param {Blob} blob @param {string} name */
function download(blob, name) {
  const link = document.createElement('a');
  const address = URL.createObjectURL(blob);
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), URL_LIVES_MS);
  return DONE;
}

/** @param {string} transfer @param {string} names JSON: [item, name, folder, type] of each */
export async function saveAll(transfer, names) {
  /** @type {[item: number, name: string, folder: string[], type: string][]} */
  const all = JSON.parse(names);
  const picker = /** @type {any} */ (globalThis).showDirectoryPicker;
  let place = null;
  if (picker) {
    try {
      place = await picker({ mode: 'readwrite' });
    } catch (error) {
      if (/** @type {Error} */ (error).name === 'AbortError') return CANCELLED;
    }
  }
  let outcome = DONE;
  for (const [item, name, folder, type] of all) {
    const blob = await ask('blob', transfer, item, harmless(type)).catch(() => null);
    if (!blob) {
      outcome = GONE;
      continue;
    }
    const one = place ? await write(await freeHandle(place, folder, name), blob).catch(() => FAILED) : download(blob, name);
    if (one === FAILED) return FAILED;
  }
  return outcome;
}

/** A file of this name, or with a number if there is one already: nothing is written over. @param {FileSystemDirectoryHandle} place @param {string[]} folder @param {string} name */
async function freeHandle(place, folder, name) {
  for (const part of folder) place = await place.getDirectoryHandle(part, { create: true });
  const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
  for (let number = 1; ; number++) {
    const free = number === 1 ? name : `${name.slice(0, dot)} (${number})${name.slice(dot)}`;
    const taken = await place.getFileHandle(free).then(() => true, error => error.name !== 'NotFoundError');
    if (!taken) return place.getFileHandle(free, { create: true });
  }
}

/** @param {string} transfer */
export const remove = transfer => ask('remove', transfer);

/** @param {string} except ids, joined by "," */
export const removeAll = except => ask('removeAll', except.split(','));

/** @returns {Promise<number>} */
export const used = () => ask('used');

/** @param {string} transfer @returns {Promise<{ bytes: Uint8Array } | null>} */
export async function manifest(transfer) {
  const bytes = await ask('manifest', transfer).catch(() => null);
  return bytes ? { bytes } : null;
}
