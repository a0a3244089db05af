// What follows from a link's secret, and the sealing of signalling (docs/protocol/shares.md).

const encoder = new TextEncoder(), decoder = new TextDecoder();
const NONCE = 12, SECRET = 16;

/** @param {...Uint8Array} parts @returns {Uint8Array<ArrayBuffer>} */
export function join(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}

/** @param {string} text base64 @returns {Uint8Array<ArrayBuffer>} */
const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** The secret in a link's fragment; null: it is none. @param {string} fragment without "#" */
export function readSecret(fragment) {
  if (!/^[\w-]{21}[AQgw]$/.test(fragment)) return null;
  return bytesOf(fragment.replaceAll('-', '+').replaceAll('_', '/') + '==');
}

/** @param {Uint8Array} bytes */
export const base64 = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));

/** A secret as the fragment of a link. @param {Uint8Array} secret */
export const writeSecret = secret => base64(secret).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** A key pair for a new link: its secret is a hash of the public key. */
export async function makeOwner() {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const secret = new Uint8Array(await crypto.subtle.digest('SHA-256', join(encoder.encode('dapari share key v1\0'), point))).slice(0, SECRET);
  return {
    keys: await keysOf(secret),
    /** Signs an offer for one visit. @param {Uint8Array} visit @param {string} sdp */
    async offer(visit, sdp) {
      const signed = join(encoder.encode('dapari share offer v1\0'), visit, encoder.encode(sdp));
      const signature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, signed));
      return { kind: 'offer', sdp, key: base64(point), signature: base64(signature) };
    },
  };
}

/** @param {CryptoKey} secret @param {string} what @param {number} length */
const derive = async (secret, what, length) =>
  new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: encoder.encode(what) }, secret, length * 8));

/** @param {Uint8Array<ArrayBuffer>} secret */
export async function keysOf(secret) {
  const base = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const seal = async (/** @type {string} */ what) => crypto.subtle.importKey('raw', await derive(base, what, 32), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const id = await derive(base, 'dapari share id', 16);
  return new Keys(secret, id, await seal('dapari share visitor'), await seal('dapari share sender'));
}

export class Keys {
  /** @param {Uint8Array<ArrayBuffer>} secret @param {Uint8Array<ArrayBuffer>} id @param {CryptoKey} visitor @param {CryptoKey} sender */
  constructor(secret, id, visitor, sender) {
    this.secret = secret;
    this.id = id;
    this.visitor = visitor;
    this.sender = sender;
  }

  /** @param {Uint8Array} visit */
  around(visit) {
    return join(encoder.encode('dapari share signal v1\0'), this.id, visit);
  }

  /** @param {Uint8Array} visit @param {object} word @param {CryptoKey} [by] */
  async seal(visit, word, by = this.visitor) {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
    const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: this.around(visit) }, by, encoder.encode(JSON.stringify(word)));
    return join(nonce, new Uint8Array(box));
  }

  /** What the other end sealed for this visit; null: this is not that. @param {Uint8Array} visit @param {Uint8Array<ArrayBuffer>} box @param {CryptoKey} [by] */
  async open(visit, box, by = this.sender) {
    try {
      const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: box.slice(0, NONCE), additionalData: this.around(visit) }, by, box.slice(NONCE));
      return JSON.parse(decoder.decode(plain));
    } catch {
      return null;
    }
  }

  /** Whether an offer is by the link's maker and for this visit. @param {Uint8Array} visit @param {{ sdp?: unknown, key?: unknown, signature?: unknown }} offer */
  async isGenuine(visit, { sdp, key, signature }) {
    if (typeof sdp !== 'string' || typeof key !== 'string' || typeof signature !== 'string') return false;
    try {
      const point = bytesOf(key);
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', join(encoder.encode('dapari share key v1\0'), point)));
      if (!this.secret.every((byte, i) => byte === hash[i]) || this.secret.length !== SECRET) return false;
      const by = await crypto.subtle.importKey('raw', point, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
      const signed = join(encoder.encode('dapari share offer v1\0'), visit, encoder.encode(sdp));
      return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, by, bytesOf(signature), signed);
    } catch {
      return false;
    }
  }
}
