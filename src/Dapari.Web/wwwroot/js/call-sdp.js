// What call.js reads in session descriptions, and changes in its own before they leave.

/** RFC 8839 §5.1: what stands behind a relayed candidate stays here. @param {string} text */
export const withoutRelated = text => text.replace(/ raddr \S+ rport \d+/g, ' raddr 0.0.0.0 rport 0');

/** A description as it leaves. @param {string} sdp @param {boolean} relayOnly no candidate but a relay's may be seen */
export function asSent(sdp, relayOnly) {
  const hidden = relayOnly ? withoutRelated(sdp.replace(/a=candidate:(?!.* typ relay).*\r\n/g, '')) : sdp;
  // RFC 7587 §6.1: usedtx asks the other end's encoder to rest in silence; forward error correction the browser asks for itself.
  return hidden.replace(/(a=fmtp:\d+ [^\r\n]*useinbandfec=1)(?![^\r\n]*usedtx)/g, '$1;usedtx=1');
}

/** The name of a round of gathering (RFC 8839 §5.4). @param {string | undefined} sdp */
export const round = sdp => sdp?.match(/a=ice-ufrag:(\S+)/)?.[1];

/** The id of a connection's session, the same in all its descriptions (RFC 9429 §5.2.1). @param {string | undefined} sdp */
export const session = sdp => sdp?.match(/^o=\S+ (\d+)/m)?.[1];
