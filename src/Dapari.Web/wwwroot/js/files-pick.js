// Files between the person and this page: chosen, dropped, pasted, shared; then prepared by the worker. What was picked is known by numbers.
import { ask, events } from './files.js';
import { poster } from './files-poster.js';

const MOST = 10_000; // files of a transfer
const MOST_POSTERS = 16;
const SHARED = 'shared-files'; // the service worker's cache of what came through the share sheet

/** @typedef {{ file: File, folder: string[], kind: number, seconds: number, waveform: Uint8Array }} Picked kind: 0 file, 1 picture, 2 voice, 3 video */

/** @type {Map<number, Picked[]>} */
const picks = new Map();

let last = 0;

/** @type {{ Picked(json: string): void, Dragging(on: boolean): void }} */
let sink;

/** @param {typeof sink} listener */
export function listen(listener) {
  sink = listener;
}

/** Ties events to managed code. */
export async function connect() {
  listen(await events());
}

/** @param {string} type */
const kindOf = type => /^image\/(png|jpeg|gif|webp)$/.test(type) ? 1 : type.startsWith('video/') ? 3 : 0;

/** @param {File} file @param {string[]} [folder] @returns {Picked} */
const one = (file, folder = []) => ({ file, folder, kind: kindOf(file.type), seconds: 0, waveform: new Uint8Array(0) });

/** Remembers what was picked, and describes it to managed code. @param {Picked[]} files @param {number} [number] */
export function keep(files, number = ++last) {
  picks.set(number, files.slice(0, MOST));
  return JSON.stringify({
    id: number,
    tooMany: files.length > MOST,
    files: files.slice(0, MOST).map(({ file, folder, kind, seconds }) => ({ name: file.name, folder, size: file.size, type: file.type, kind, seconds })),
  });
}

/** Lets the person choose; "": nothing. @param {string} what files, pictures, folder or camera @returns {Promise<string>} */
export function pick(what) {
  return new Promise(resolve => {
    const input = document.createElement('input');
    input.type = 'file';
    input.hidden = true;
    input.multiple = what !== 'camera';
    if (what === 'pictures') input.accept = 'image/*,video/*';
    if (what === 'camera') {
      input.accept = 'image/*';
      input.setAttribute('capture', 'environment');
    }
    if (what === 'folder') input.webkitdirectory = true;
    const done = () => {
      const files = [...input.files ?? []].map(file => one(file, (file.webkitRelativePath || '').split('/').slice(0, -1).filter(part => part)));
      input.remove();
      resolve(files.length > 0 ? keep(files) : '');
    };
    input.onchange = done;
    input.oncancel = done;
    document.body.append(input); // Safari forgets one that is nowhere.
    input.click();
  });
}

/** Takes drops on an element, and what is pasted while it is there. @param {string} id @param {AbortSignal} signal */
export function watch(id, signal) {
  let inside = false;
  /** @param {Event} event */
  const within = event => event.target instanceof Node && !!document.getElementById(id)?.contains(event.target);
  /** @param {DragEvent} event */
  const hasFiles = event => !!event.dataTransfer?.types.includes('Files');
  /** @param {boolean} on */
  const over = on => {
    if (inside !== on) sink.Dragging(inside = on);
  };
  // Comes again and again while something is dragged.
  document.addEventListener('dragover', event => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = within(event) ? 'copy' : 'none';
    over(within(event));
  }, { signal });
  document.addEventListener('dragleave', event => { if (!event.relatedTarget) over(false); }, { signal });
  document.addEventListener('drop', async event => {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    over(false);
    if (!within(event)) return;
    const files = await dropped(event.dataTransfer);
    if (files.length > 0) sink.Picked(keep(files));
  }, { signal });
  document.addEventListener('paste', event => {
    const files = [...event.clipboardData?.files ?? []];
    if (files.length === 0 || !(within(event) || event.target === document.body)) return;
    event.preventDefault();
    pasted(files);
  }, { signal });
}

/** @param {File[]} files */
export function pasted(files) {
  if (files.length > 0) sink.Picked(keep(files.map(file => one(file))));
}

/** @param {DataTransfer} transfer */
async function dropped(transfer) {
  // Entries must be asked for before anything is awaited.
  const entries = [...transfer.items].filter(item => item.kind === 'file').map(item => item.webkitGetAsEntry?.() ?? null);
  if (entries.every(entry => !entry)) return [...transfer.files].map(file => one(file));
  /** @type {Picked[]} */
  const files = [];
  for (const entry of entries) if (entry) await walk(entry, [], files);
  return files;
}

/** @param {FileSystemEntry} entry @param {string[]} folder @param {Picked[]} files */
async function walk(entry, folder, files) {
  if (files.length > MOST) return;
  if (entry.isFile) {
    const file = await new Promise(resolve => /** @type {FileSystemFileEntry} */ (entry).file(resolve, () => resolve(null)));
    if (file) files.push(one(file, folder));
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    // Chromium gives a hundred at a time.
    const some = await new Promise(resolve => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return;
    for (const child of some) await walk(child, [...folder, entry.name], files);
  }
}

/** What the service worker kept of the share sheet's post; "": nothing. */
export async function takeShared() {
  if (!await caches.has(SHARED)) return '';
  const cache = await caches.open(SHARED);
  /** @type {Picked[]} */
  const files = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    const name = decodeURIComponent(response?.headers.get('dapari-name') ?? '');
    if (response) files.push(one(new File([await response.blob()], name || 'file', { type: response.headers.get('Content-Type') ?? '' })));
  }
  await caches.delete(SHARED);
  return files.length > 0 ? keep(files) : '';
}

/** What a transfer holds here, as if it had just been picked. @param {string} transfer @param {string} names JSON: [item, name, folder, type] of each */
export async function takeAgain(transfer, names) {
  /** @type {Picked[]} */
  const files = [];
  for (const [item, name, folder, type] of JSON.parse(names)) {
    const blob = await ask('blob', transfer, item, type).catch(() => null);
    if (!blob) return '';
    files.push(one(new File([blob], name, { type }), folder));
  }
  return files.length > 0 ? keep(files) : '';
}

/** @param {number} number @param {number} index */
export function without(number, index) {
  picks.get(number)?.splice(index, 1);
}

/** @param {number} number */
export function release(number) {
  picks.delete(number);
}

/** A small picture of one that was picked: an object URL, or "". @param {number} number @param {number} index @returns {Promise<string>} */
export async function peek(number, index) {
  const picked = picks.get(number)?.[index];
  if (!picked) return '';
  const picture = picked.kind === 3 ? (await poster(picked.file))?.picture : picked.kind === 1 ? picked.file : null;
  const bytes = picture ? await ask('peek', picture).catch(() => null) : null;
  return bytes ? URL.createObjectURL(new Blob([bytes])) : '';
}

/** What the worker needs of each: a video's poster comes from a page. @param {Picked[]} files */
async function described(files) {
  let posters = 0;
  const all = [];
  for (const { file, kind, seconds, waveform } of files) {
    const shown = kind === 3 && posters++ < MOST_POSTERS ? await poster(file) : null;
    all.push({ file, kind, picture: shown?.picture ?? null, width: shown?.width ?? 0, height: shown?.height ?? 0, seconds: shown?.seconds || seconds, waveform });
  }
  return all;
}

/** @param {number} number @param {string} transfer @param {boolean} keepsMetadata @returns {Promise<string>} */
export async function prepare(number, transfer, keepsMetadata) {
  const files = picks.get(number);
  if (!files) return JSON.stringify({ outcome: 1, failed: '', items: [] });
  const all = await described(files);
  const made = await ask('prepare', transfer, all.map(({ file, kind, picture, width, height }) => ({ file, kind, picture, width, height })), keepsMetadata);
  made.items = made.items.map((item, i) => ({
    ...item, preview: base64(item.preview), name: files[i].file.name, folder: files[i].folder, type: files[i].file.type, modified: files[i].file.lastModified,
    kind: files[i].kind, seconds: all[i].seconds, waveform: base64(all[i].waveform),
  }));
  return JSON.stringify(made);
}

/** @param {string} transfer @param {Uint8Array} manifest of no bytes: there is none @returns {Promise<string>} its root */
export async function keepManifest(transfer, manifest) {
  return await ask('keepManifest', transfer, manifest).catch(() => null) ?? '';
}

/** @param {string} transfer @param {number} number */
export function chooseAgain(transfer, number) {
  const files = picks.get(number) ?? [];
  return ask('chooseAgain', transfer, files.map(({ file, kind }) => ({ file, kind, picture: null, width: 0, height: 0 }))).catch(() => false);
}

/** @param {Uint8Array} bytes small */
const base64 = bytes => btoa(String.fromCharCode(...bytes));
