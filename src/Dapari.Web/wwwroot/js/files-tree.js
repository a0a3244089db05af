// The tree that names a file by its bytes (docs/protocol/files.md), over the platform's SHA-256.

export const CHUNK = 256 * 1024, FAN = 256, HASH = 32, LEVELS = 4;
const LEAF_MARK = 0, NODE_MARK = 1;
const EMPTY = Uint8Array.of(LEAF_MARK);

/** @param {Uint8Array} bytes */
const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/** A buffer for one chunk with its mark before it. */
export const chunkBuffer = () => new Uint8Array(1 + CHUNK);

/** @param {Uint8Array} marked one that {@link chunkBuffer} made, cut to the chunk's length */
export const leafOf = marked => sha256(marked);

/** @param {Uint8Array} hashes */
export function nodeOf(hashes) {
  const marked = new Uint8Array(1 + hashes.length);
  marked[0] = NODE_MARK;
  marked.set(hashes, 1);
  return sha256(marked);
}

/** @param {number} size in bytes */
export const chunksOf = size => Math.ceil(size / CHUNK);

/** Levels of nodes above the leaves. @param {number} size */
export function levelsOf(size) {
  let levels = 0;
  for (let count = chunksOf(size); count > 1; count = Math.ceil(count / FAN)) levels++;
  return levels;
}

/** How many hashes a level has; level 0 are the leaves. @param {number} size @param {number} level */
export function countAt(size, level) {
  let count = chunksOf(size);
  for (; level > 0; level--) count = Math.ceil(count / FAN);
  return count;
}

/** @param {number} size @param {number} chunk 0 for one that the file does not have */
export const chunkLength = (size, chunk) => Math.max(0, Math.min(CHUNK, size - chunk * CHUNK));

/** How many hashes a page has; 0 for one that the tree does not have. @param {number} size @param {number} level @param {number} index */
export function pageCount(size, level, index) {
  if (level < 1 || level > levelsOf(size) || index < 0 || index >= countAt(size, level)) return 0;
  return Math.min(FAN, countAt(size, level - 1) - index * FAN);
}

/** Hashes below the root, of all levels: what is kept of a tree. @param {number} size */
export function hashesOf(size) {
  let sum = 0;
  for (let level = 0, levels = levelsOf(size); level < levels; level++) sum += countAt(size, level);
  return sum;
}

/** Where a level begins among them. @param {number} size @param {number} level */
export function levelStart(size, level) {
  let sum = 0;
  for (let at = 0; at < level; at++) sum += countAt(size, at);
  return sum;
}

/** The pages over a chunk, from the root down. @param {number} size @param {number} chunk @returns {[level: number, index: number][]} */
export function pagesOver(size, chunk) {
  /** @type {[number, number][]} */
  const pages = [];
  for (let level = levelsOf(size); level > 0; level--) pages.push([level, Math.floor(chunk / FAN ** level)]);
  return pages;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export function same(one, other) {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Builds a tree from its leaves in order; keeps one unfinished page for each level. */
export class TreeBuilder {
  /** @param {(level: number, index: number, hashes: Uint8Array) => void} page takes each finished page */
  constructor(page) {
    this.page = page;
    /** @type {{ bytes: Uint8Array, filled: number, finished: number }[]} */
    this.open = [];
    this.leaves = 0;
    /** @type {Uint8Array | null} */
    this.first = null;
  }

  /** @param {Uint8Array} leaf */
  async add(leaf) {
    if (this.leaves++ === 0) this.first = leaf;
    await this.push(0, leaf);
  }

  async finish() {
    if (this.leaves === 0) return sha256(EMPTY);
    if (this.leaves === 1) return /** @type {Uint8Array} */ (this.first);
    const levels = levelsOf(this.leaves * CHUNK);
    for (let level = 0; ; level++) {
      const node = this.open[level].filled > 0 ? await this.close(level) : null;
      if (level + 1 === levels) return /** @type {Uint8Array} */ (node);
      if (node) await this.push(level + 1, node);
    }
  }

  /** @param {number} level @param {Uint8Array} hash */
  async push(level, hash) {
    const open = this.open[level] ??= { bytes: new Uint8Array(FAN * HASH), filled: 0, finished: 0 };
    // A full page waits for the next hash: only then is it known that there is a level above it.
    if (open.filled === FAN) await this.push(level + 1, await this.close(level));
    open.bytes.set(hash, open.filled++ * HASH);
  }

  /** @param {number} level */
  async close(level) {
    const open = this.open[level];
    const hashes = open.bytes.slice(0, open.filled * HASH);
    this.page(level + 1, open.finished++, hashes);
    open.filled = 0;
    return nodeOf(hashes);
  }
}

/** Holds pages and chunks to a file's root and size; keeps at most 64 verified pages and drops the one that was not used for longest. */
export class TreeVerifier {
  /** @param {Uint8Array} root @param {number} size @param {number} [capacity] */
  constructor(root, size, capacity = 64) {
    this.root = root;
    this.size = size;
    this.levels = levelsOf(size);
    this.capacity = capacity;
    /** In order of use. @type {Map<string, Uint8Array>} */
    this.pages = new Map();
  }

  /** The verified hash of a leaf or node; null: a page on the way to it is missing. @param {number} level @param {number} index @returns {Uint8Array | null} */
  expected(level, index) {
    if (level === this.levels) return this.root;
    const name = `${level + 1}/${Math.floor(index / FAN)}`;
    const page = this.pages.get(name);
    if (!page) return null;
    this.pages.delete(name);
    this.pages.set(name, page);
    const at = (index % FAN) * HASH;
    return page.subarray(at, at + HASH);
  }

  /** @param {number} level @param {number} index @param {Uint8Array} hashes copied @returns {Promise<'right' | 'wrong' | 'needs page'>} */
  async addPage(level, index, hashes) {
    if (hashes.length !== pageCount(this.size, level, index) * HASH || hashes.length === 0) return 'wrong';
    const expected = this.expected(level, index);
    if (!expected) return 'needs page';
    if (!same(await nodeOf(hashes), expected)) return 'wrong';
    if (this.pages.size >= this.capacity) this.pages.delete(/** @type {string} */ (this.pages.keys().next().value));
    this.pages.set(`${level}/${index}`, hashes.slice());
    return 'right';
  }

  /** @param {number} chunk @param {Uint8Array} leaf @returns {'right' | 'wrong' | 'needs page'} */
  check(chunk, leaf) {
    const expected = this.expected(0, chunk);
    return !expected ? 'needs page' : same(leaf, expected) ? 'right' : 'wrong';
  }
}
