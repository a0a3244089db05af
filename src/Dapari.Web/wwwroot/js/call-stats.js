// Reads how a leg goes out of the browser's statistics (W3C webrtc-stats).

/** @typedef {{ at: number, lost: number, came: number, bytesIn: number, bytesOut: number }} Sample */

/**
 * @param {RTCPeerConnection} pc @param {Sample | null} former
 * @returns {Promise<{ pair: string, quality: string, sample: Sample }>}
 *   pair: "local type|address|remote type|address|round-trip seconds", or nothing yet;
 *   quality: "loss percent|jitter ms|round trip ms|kbit/s in|kbit/s out|width|height|frames per second|loss percent there|sound codec|picture codec"
 */
export async function read(pc, former) {
  const report = await pc.getStats();
  /** @type {any[]} */
  const all = [...report.values()];
  const transport = all.find(one => one.type === 'transport' && one.selectedCandidatePairId);
  const pair = transport ? report.get(transport.selectedCandidatePairId) : all.find(one => one.type === 'candidate-pair' && one.nominated && one.state === 'succeeded');
  const local = pair && report.get(pair.localCandidateId);
  const remote = pair && report.get(pair.remoteCandidateId);
  const inbound = all.filter(one => one.type === 'inbound-rtp');
  const sound = inbound.find(one => one.kind === 'audio');
  const picture = inbound.filter(one => one.kind === 'video' && one.framesPerSecond > 0).sort((a, b) => b.frameWidth - a.frameWidth)[0];
  const sample = {
    at: performance.now(),
    lost: sum(inbound, 'packetsLost'), came: sum(inbound, 'packetsReceived'),
    bytesIn: pair?.bytesReceived ?? 0, bytesOut: pair?.bytesSent ?? 0,
  };
  const seconds = former ? (sample.at - former.at) / 1000 : 0;
  const lost = former ? Math.max(0, sample.lost - former.lost) : 0, came = former ? Math.max(0, sample.came - former.came) : 0;
  // After a change of pair its counters begin anew: no rate is told then.
  const rate = (/** @type {number} */ now, /** @type {number} */ then) => (seconds > 0 && now >= then ? Math.round((now - then) * 8 / 1000 / seconds) : 0);
  const there = Math.max(0, ...all.filter(one => one.type === 'remote-inbound-rtp').map(one => one.fractionLost ?? 0));
  const codec = (/** @type {any} */ one) => (report.get(one?.codecId)?.mimeType ?? '').split('/')[1] ?? '';
  return {
    sample,
    pair: local && remote ? [local.candidateType, local.address ?? '', remote.candidateType, remote.address ?? '', pair.currentRoundTripTime ?? 0].join('|') : '',
    quality: [
      (lost + came > 0 ? 100 * lost / (lost + came) : 0).toFixed(1), Math.round((sound?.jitter ?? 0) * 1000), Math.round((pair?.currentRoundTripTime ?? 0) * 1000),
      rate(sample.bytesIn, former?.bytesIn ?? 0), rate(sample.bytesOut, former?.bytesOut ?? 0),
      picture?.frameWidth ?? 0, picture?.frameHeight ?? 0, Math.round(picture?.framesPerSecond ?? 0), (100 * there).toFixed(1), codec(sound), codec(picture),
    ].join('|'),
  };
}

/** @param {any[]} all @param {string} name */
const sum = (all, name) => all.reduce((total, one) => total + (one[name] ?? 0), 0);

/** SHA-256 of the certificate that the other end showed in the handshake (not of what was announced). @param {RTCPeerConnection} pc */
export async function shown(pc) {
  const [certificate] = pc.getTransceivers()[0]?.sender.transport?.getRemoteCertificates?.() ?? [];
  if (certificate) return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', certificate)));
  const report = await pc.getStats();
  for (const one of report.values()) {
    const remote = one.type === 'transport' && one.remoteCertificateId ? report.get(one.remoteCertificateId) : null;
    if (remote?.fingerprintAlgorithm === 'sha-256') return remote.fingerprint.replaceAll(':', '').toLowerCase();
  }
  return '';
}

/** @param {Uint8Array} bytes */
const hex = bytes => [...bytes].map(one => one.toString(16).padStart(2, '0')).join('');
