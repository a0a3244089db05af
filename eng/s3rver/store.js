'use strict';
// An S3 store on a port of the system's choice: node store.js FOLDER BUCKET. s3rver does not verify signatures of version 4, so that is done here,
// with an implementation that is not ours, before a request reaches it: the signature by aws4, and the body by the hash that was signed.

const crypto = require('crypto');
const http = require('http');
const aws4 = require('aws4');
const S3rver = require('s3rver');

const [folder, bucket] = process.argv.slice(2);
const keys = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** The code of what is wrong with a request's signature; empty: nothing. */
function wrong(request, body) {
  const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=[0-9a-f]{64}$/.exec(request.headers.authorization || '');
  if (!match)
    return 'AccessDenied';
  const [, keyId, region, signed] = match;
  if (keyId !== keys.accessKeyId)
    return 'InvalidAccessKeyId';
  const names = signed.split(';');
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every(name => names.includes(name)))
    return 'AccessDenied';
  if (request.headers['x-amz-content-sha256'] !== crypto.createHash('sha256').update(body).digest('hex'))
    return 'XAmzContentSHA256Mismatch';
  const signer = new aws4.RequestSigner({
    service: 's3', region, method: request.method, path: request.url, host: request.headers.host,
    headers: Object.fromEntries(names.map(name => [name, request.headers[name]])), extraHeadersToInclude: { range: true },
  }, keys);
  const plain = value => value.replace(/,\s*/g, ',');
  return plain(signer.sign().headers.Authorization) === plain(request.headers.authorization) ? '' : 'SignatureDoesNotMatch';
}

async function main() {
  const inner = await new S3rver({ directory: folder, address: '127.0.0.1', port: 0, silent: true, vhostBuckets: false, configureBuckets: [{ name: bucket, configs: [] }] }).run();
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', part => parts.push(part));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const code = wrong(request, body);
      if (code) {
        response.writeHead(403, { 'Content-Type': 'application/xml' });
        response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
        return;
      }

      const forward = http.request({ host: inner.address, port: inner.port, method: request.method, path: request.url, headers: request.headers }, answer => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      forward.on('error', () => response.destroy());
      forward.end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${server.address().port}`));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
