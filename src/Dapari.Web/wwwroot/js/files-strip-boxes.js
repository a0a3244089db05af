// What videos (MP4, QuickTime) and HEIF pictures say of place, time and camera is overwritten where it lies: other boxes hold offsets into the file, so
// nothing may move. ISO/IEC 14496-12 §4.2 (boxes), §8.2.2, §8.3.2, §8.4.2 (times), §8.10.1 (user data), §8.11 (items); ISO/IEC 23008-12 §6, Annex A (HEIF's Exif and XMP).

const MOST_BOXES = 4000, DEEPEST = 5, LARGEST_META = 1 << 20, MOST_PATCHES = 2000;
const INTO = new Set(['moov', 'trak', 'mdia', 'moof', 'traf']);
const TIMES = new Set(['mvhd', 'tkhd', 'mdhd']);
const NOTHING = new Uint8Array(64 * 1024);

/** @typedef {{ read: (at: number, count: number) => Promise<Uint8Array>, blob: Blob }} Reader */
/** @typedef {{ at: number, bytes?: Uint8Array, length: number }} Patch bytes, or so many zeros */

/** @param {Uint8Array} bytes @param {number} at */
const type = (bytes, at) => String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);

/** The file with those parts overwritten; null: it has none, or is not as it should be. @param {Reader} reader @returns {Promise<BlobPart[] | null>} */
export async function boxes(reader) {
  /** @type {Patch[]} */
  const patches = [];
  let seen = 0;
  /** @param {number} from @param {number} end @param {number} depth @returns {Promise<boolean>} */
  const walk = async (from, end, depth) => {
    for (let at = from; at < end;) {
      if (++seen > MOST_BOXES || patches.length > MOST_PATCHES || end - at < 8) return false;
      const head = (await reader.read(at, 16)).slice();
      if (head.length < 8) return false;
      const view = new DataView(head.buffer);
      const kind = type(head, 4);
      let size = view.getUint32(0), header = 8;
      if (size === 1) {
        if (head.length < 16) return false;
        size = Number(view.getBigUint64(8));
        header = 16;
      } else if (size === 0) size = end - at;
      if (size < header || at + size > end) return false;
      const next = at + size;
      if (kind === 'uuid' || kind === 'udta' || (kind === 'meta' && depth > 0)) {
        patches.push({ at: at + 4, bytes: Uint8Array.of(0x66, 0x72, 0x65, 0x65), length: 4 }, { at: at + header, length: size - header });
      } else if (kind === 'meta') {
        if (!await items(at + header, next)) return false;
      } else if (TIMES.has(kind)) {
        const version = (await reader.read(at + header, 1))[0];
        const length = version === 1 ? 16 : 8;
        if (size < header + 4 + length) return false;
        patches.push({ at: at + header + 4, length });
      } else if (INTO.has(kind) && depth < DEEPEST && !await walk(at + header, next, depth + 1)) return false;
      at = next;
    }
    return true;
  };
  /** HEIF's items: the bytes of those that are Exif or XMP. @param {number} from @param {number} end @returns {Promise<boolean>} */
  const items = async (from, end) => {
    if (end - from > LARGEST_META || end - from < 4) return false;
    const meta = (await reader.read(from, end - from)).slice();
    const found = itemsOf(meta, from);
    if (!found) return false;
    for (const { at, length } of found) {
      if (at + length > reader.blob.size) return false;
      if (length > 0) patches.push({ at, length });
    }
    return patches.length <= MOST_PATCHES;
  };
  if (!await walk(0, reader.blob.size, 0) || patches.length === 0) return null;
  patches.sort((a, b) => a.at - b.at);
  /** @type {BlobPart[]} */
  const parts = [];
  let done = 0;
  for (const { at, bytes, length } of patches) {
    if (at < done) return null; // They lie in each other.
    parts.push(reader.blob.slice(done, at));
    if (bytes) parts.push(bytes);
    else for (let left = length; left > 0; left -= NOTHING.length) parts.push(left >= NOTHING.length ? NOTHING : NOTHING.slice(0, left));
    done = at + length;
  }
  parts.push(reader.blob.slice(done));
  return parts;
}

/**
 * Where Exif and XMP lie in the file; null: the lists are not as they should be.
 * @param {Uint8Array} meta the box's content @param {number} from where it begins in the file @returns {{ at: number, length: number }[] | null}
 */
function itemsOf(meta, from) {
  const view = new DataView(meta.buffer);
  const telling = new Set();
  /** @type {{ at: number, length: number }[]} */
  const found = [];
  let list = null, inside = 0;
  for (let at = 4; at + 8 <= meta.length;) {
    const size = view.getUint32(at), kind = type(meta, at + 4);
    if (size < 8 || at + size > meta.length) return null;
    if (kind === 'iinf' && !entries(at + 8, at + size)) return null;
    if (kind === 'iloc') list = { at: at + 8, end: at + size };
    if (kind === 'idat') inside = from + at + 8;
    at += size;
  }
  return !list || locations(list.at, list.end) ? found : null;

  /** @param {number} at @param {number} end */
  function entries(at, end) {
    if (end - at < 6) return false;
    for (let entry = at + (meta[at] === 0 ? 6 : 8); entry + 20 <= end;) {
      const size = view.getUint32(entry), version = meta[entry + 8];
      if (size < 20 || entry + size > end) return false;
      const wide = version >= 3;
      if (version >= 2 && size >= (wide ? 22 : 20)) {
        const kind = type(meta, entry + (wide ? 18 : 16));
        if (kind === 'Exif' || kind === 'mime') telling.add(wide ? view.getUint32(entry + 12) : view.getUint16(entry + 12));
      }
      entry += size;
    }
    return true;
  }

  /** @param {number} at @param {number} end */
  function locations(at, end) {
    if (end - at < 8) return false;
    const version = meta[at], sizes = view.getUint16(at + 4);
    const offset = sizes >> 12, length = sizes >> 8 & 15, base = sizes >> 4 & 15, index = version > 0 ? sizes & 15 : 0;
    let place = at + 6;
    /** @param {number} bytes a number of 0, 2, 4 or 8; NaN: there is none */
    const number = bytes => {
      if (place + bytes > end) return NaN;
      let value = 0;
      for (let i = 0; i < bytes; i++) value = value * 256 + meta[place++];
      return value;
    };
    const count = number(version < 2 ? 2 : 4);
    for (let i = 0; i < count; i++) {
      const id = number(version < 2 ? 2 : 4), way = version > 0 ? number(2) & 15 : 0, elsewhere = number(2), start = number(base), extents = number(2);
      for (let extent = 0; extent < extents; extent++) {
        number(index);
        const begin = number(offset), bytes = number(length);
        if (!Number.isSafeInteger(start + begin + bytes)) return false;
        if (!telling.has(id) || elsewhere !== 0 || way > 1) continue;
        if (way === 1 && inside === 0) return false;
        found.push({ at: start + begin + (way === 1 ? inside : 0), length: bytes });
        if (found.length > MOST_PATCHES) return false;
      }
      if (Number.isNaN(extents)) return false;
    }
    return !Number.isNaN(count);
  }
}
