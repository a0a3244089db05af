// Takes what a picture says of place, time and camera out of it without touching the picture: JPEG, PNG and WebP here, videos and HEIF in
// files-strip-boxes.js. The bytes stay where they lie; what is given back is the same file with parts left out. How it is turned is kept, as nothing
// else shows it the right way up.

import { boxes } from './files-strip-boxes.js';

const JPEG_PARTS = 1000, WINDOW = 256 * 1024, IHDR_END = 33;

/** Reads a blob in windows, so that any size takes little memory. */
class Reader {
  /** @param {Blob} blob */
  constructor(blob) {
    this.blob = blob;
    this.from = 0;
    this.bytes = new Uint8Array(0);
  }

  /** @param {number} at @param {number} count @returns {Promise<Uint8Array>} fewer at the end */
  async read(at, count) {
    if (at < this.from || at + count > this.from + this.bytes.length) {
      this.from = at;
      this.bytes = new Uint8Array(await this.blob.slice(at, at + Math.max(count, WINDOW)).arrayBuffer());
    }
    return this.bytes.subarray(at - this.from, at - this.from + count);
  }
}

/** @param {Uint8Array} bytes @param {number} at @param {number} count */
const ascii = (bytes, at, count) => String.fromCharCode(...bytes.subarray(at, at + count));

/** @param {Uint8Array} bytes @param {number} at */
const u32 = (bytes, at) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);

/** Whether a file is of a kind that may say such things. @param {number} kind 1 picture, 3 video @param {string} type */
export const mayTell = (kind, type) => kind === 1 || kind === 3 || /^image\/(heic|heif|avif)$/.test(type);

/** The picture without what it says of itself; the same blob if it is none of these, or is not as it should be. @param {Blob} blob @returns {Promise<Blob>} */
export async function strip(blob) {
  const reader = new Reader(blob);
  const head = await reader.read(0, 16);
  if (head.length < 16) return blob;
  const parts = head[0] === 0xff && head[1] === 0xd8 ? await jpeg(reader)
    : u32(head, 0) === 0x89504e47 ? await png(reader)
      : ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 4) === 'WEBP' ? await webp(reader)
        : ascii(head, 4, 4) === 'ftyp' ? await boxes(reader) : null;
  return parts ? new Blob(parts, { type: blob.type }) : blob;
}

/**
 * ITU T.81 §B: markers up to the end of the image. Left out: APP1 (Exif, XMP), APP13 (IPTC), comments, further pictures (APP2 "MPF"), and whatever
 * lies behind the end. Kept: colour profiles and Adobe's marker.
 * @param {Reader} reader @returns {Promise<BlobPart[] | null>}
 */
async function jpeg(reader) {
  const { blob } = reader;
  /** @type {BlobPart[]} */
  const parts = [blob.slice(0, 2)];
  let turned = 1;
  for (let at = 2; parts.length < JPEG_PARTS;) {
    const head = await reader.read(at, 24);
    if (head.length < 2 || head[0] !== 0xff) return null;
    const marker = head[1];
    if (marker === 0xff) { // fill
      at++;
      continue;
    }
    if (marker === 0xd9) {
      if (turned > 1) parts.splice(1, 0, jpegTurn(turned));
      parts.push(blob.slice(at, at + 2));
      return parts;
    }
    if (head.length < 4) return null;
    const end = at + 2 + (head[2] << 8 | head[3]);
    if (end > blob.size || end < at + 4) return null;
    const isExif = marker === 0xe1 && ascii(head, 4, 4) === 'Exif';
    if (isExif) turned = turnOf(await reader.read(at + 10, Math.min(end - at - 10, 64 * 1024))) || turned;
    const out = marker === 0xe1 || marker === 0xed || marker === 0xfe || (marker === 0xe2 && ascii(head, 4, 4) === 'MPF\0') || (marker > 0xe2 && marker < 0xed) || marker === 0xef;
    if (!out) parts.push(blob.slice(at, end));
    at = end;
    if (marker !== 0xda) continue;
    const next = await scanEnd(reader, at);
    if (next < 0) return null;
    parts.push(blob.slice(at, next));
    at = next;
  }
  return null;
}

/** Where the next marker is behind a scan's coded bytes (FF 00 and restarts are part of these); -1: nowhere. @param {Reader} reader @param {number} at */
async function scanEnd(reader, at) {
  for (;;) {
    const bytes = await reader.read(at, WINDOW);
    if (bytes.length < 2) return -1;
    for (let i = 0; i + 1 < bytes.length; i++) {
      const next = bytes[i + 1];
      if (bytes[i] === 0xff && next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at + i;
    }
    at += bytes.length - 1;
  }
}

/** Orientation of a TIFF structure (Exif 2.32 §4.6.4 A); 0: not said. @param {Uint8Array} tiff */
function turnOf(tiff) {
  if (tiff.length < 14) return 0;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const little = tiff[0] === 0x49;
  const at = view.getUint32(4, little);
  if (at + 2 > tiff.length) return 0;
  const count = view.getUint16(at, little);
  for (let i = 0; i < count && at + 14 + i * 12 <= tiff.length; i++) {
    const entry = at + 2 + i * 12;
    const value = view.getUint16(entry + 8, little);
    if (view.getUint16(entry, little) === 0x112) return value >= 1 && value <= 8 ? value : 0;
  }
  return 0;
}

/** A TIFF structure that says how the picture is turned, and nothing else. @param {number} turned */
const turnTiff = turned => Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0, 0, 0, 0, 0);

/** @param {number} turned */
const jpegTurn = turned => new Blob([Uint8Array.of(0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0), turnTiff(turned)]);

/** PNG (third edition) §5: chunks. Left out: eXIf, texts, time, and what lies behind IEND. @param {Reader} reader @returns {Promise<BlobPart[] | null>} */
async function png(reader) {
  const { blob } = reader;
  /** @type {BlobPart[]} */
  const parts = [blob.slice(0, IHDR_END)];
  let start = IHDR_END, turned = 1; // of what is kept in a row
  if (ascii(await reader.read(8, 8), 4, 4) !== 'IHDR') return null;
  for (let at = IHDR_END; ;) {
    const head = await reader.read(at, 8);
    if (head.length < 8) return null;
    const kind = ascii(head, 4, 4);
    const end = at + 12 + u32(head, 0);
    if (end > blob.size) return null;
    if (kind === 'eXIf') turned = turnOf(await reader.read(at + 8, Math.min(end - at - 12, 64 * 1024))) || turned;
    if (['eXIf', 'tEXt', 'zTXt', 'iTXt', 'tIME'].includes(kind)) {
      if (at > start) parts.push(blob.slice(start, at));
      start = end;
      if (parts.length > JPEG_PARTS) return null;
    }
    if (kind === 'IEND') {
      parts.push(blob.slice(start, end));
      // Behind the picture's own bytes decoders do not look for it.
      if (turned > 1) parts.splice(1, 0, pngChunk('eXIf', turnTiff(turned)));
      return parts;
    }
    at = end;
  }
}

/** @param {string} kind @param {Uint8Array} body */
function pngChunk(kind, body) {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = kind.charCodeAt(i);
  bytes.set(body, 8);
  let crc = -1;
  for (const byte of bytes.subarray(4, 8 + body.length)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1;
  }
  view.setUint32(8 + body.length, ~crc);
  return bytes;
}

/** RFC 9649 §2: RIFF chunks. Left out: EXIF, XMP, and their flags in VP8X. @param {Reader} reader @returns {Promise<BlobPart[] | null>} */
async function webp(reader) {
  const { blob } = reader;
  /** @type {BlobPart[]} */
  const parts = [];
  const riff = await reader.read(0, 8);
  const total = Math.min(blob.size, 8 + new DataView(riff.buffer, riff.byteOffset).getUint32(4, true));
  let turned = 1, extended = -1;
  for (let at = 12; at + 8 <= total && parts.length < JPEG_PARTS;) {
    const head = (await reader.read(at, 18)).slice();
    if (head.length < 8) return null;
    const kind = ascii(head, 0, 4);
    const length = new DataView(head.buffer).getUint32(4, true);
    const end = Math.min(at + 8 + length + (length & 1), total);
    if (at + 8 + length > total) return null;
    if (kind === 'EXIF') {
      const body = await reader.read(at + 8, Math.min(length, 64 * 1024));
      turned = turnOf(ascii(body, 0, 4) === 'Exif' ? body.subarray(6) : body) || turned;
    } else if (kind === 'VP8X') {
      if (head.length < 18) return null;
      head[8] &= ~0x0c;
      extended = parts.length;
      parts.push(head);
    } else if (kind !== 'XMP ') {
      parts.push(blob.slice(at, end));
    }
    at = end;
  }
  if (parts.length >= JPEG_PARTS) return null;
  if (turned > 1 && extended >= 0) {
    /** @type {Uint8Array} */ (parts[extended])[8] |= 0x08;
    const tiff = turnTiff(turned);
    parts.push(Uint8Array.of(0x45, 0x58, 0x49, 0x46, tiff.length, 0, 0, 0), tiff);
  }
  const body = new Blob(parts);
  const head = new Uint8Array(12);
  head.set([0x52, 0x49, 0x46, 0x46], 0);
  new DataView(head.buffer).setUint32(4, body.size + 4, true);
  head.set([0x57, 0x45, 0x42, 0x50], 8);
  return [head, body];
}

/**
 * What a picture's header says of its size, before anything of it is decoded; null: none of the raster formats that are decoded here.
 * @param {Blob} blob @returns {Promise<{ width: number, height: number } | null>}
 */
export async function dimensions(blob) {
  const reader = new Reader(blob);
  const head = (await reader.read(0, 32)).slice();
  if (head.length < 26) return null;
  const view = new DataView(head.buffer);
  if (u32(head, 0) === 0x89504e47) return { width: view.getUint32(16), height: view.getUint32(20) };
  if (ascii(head, 0, 4) === 'GIF8') return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (ascii(head, 0, 4) === 'RIFF' && ascii(head, 8, 4) === 'WEBP' && head.length >= 30) {
    const kind = ascii(head, 12, 4);
    if (kind === 'VP8X') return { width: 1 + (view.getUint32(24, true) & 0xffffff), height: 1 + (view.getUint32(26, true) >>> 8) };
    if (kind === 'VP8L') return { width: 1 + (view.getUint32(21, true) & 0x3fff), height: 1 + (view.getUint32(21, true) >>> 14 & 0x3fff) };
    return kind === 'VP8 ' ? { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff } : null;
  }
  if (head[0] !== 0xff || head[1] !== 0xd8) return null;
  for (let at = 2, parts = 0; parts < JPEG_PARTS; parts++) {
    const part = await reader.read(at, 9);
    if (part.length < 9 || part[0] !== 0xff) return null;
    // SOF0 to SOF15, but for DHT, JPG and DAC.
    if (part[1] >= 0xc0 && part[1] <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(part[1])) return { width: part[7] << 8 | part[8], height: part[5] << 8 | part[6] };
    at += part[1] === 0xff ? 1 : 2 + (part[2] << 8 | part[3]);
  }
  return null;
}
