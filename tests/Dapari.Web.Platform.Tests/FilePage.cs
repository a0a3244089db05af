using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Dapari.Web.Platform.Tests;

/// <summary>
/// A page with two ends of files, each with a worker and a store of its own, and a server for drop-offs that keeps what it gets in memory:
/// /blobs/ID, for any token, as docs/protocol/blobs.md has it. "?begin=BYTES" with POST begins one; "?fault=STATUS" with POST refuses the next PUT so.
/// </summary>
public sealed class FilePage : ModulePage
{
    /// <summary>What is at hand in each test; the ends are 0 (sends) and 1 (receives).</summary>
    public const string Begin = """
        const files = [await import('/files.js?0'), await import('/files.js?1')];
        const path = await import('/path.js');
        const to = { 1: 2, 2: 1 };
        const until = async (what, holds) => { const end = performance.now() + 120000; while (!await holds()) { if (performance.now() > end) throw new Error('still not: ' + what); await new Promise(r => setTimeout(r, 10)); } };
        let opened = 0;
        path.listen({
          Described: (id, offer, sdp) => path.describeRemote(to[id], offer, sdp),
          Candidate: (id, candidate, mid, line, fragment) => path.addCandidate(to[id], candidate, mid, line, fragment),
          CandidatesEnded: id => path.endCandidates(to[id]), Facts() {}, Closed() {}, Received() {}, Opened: () => opened++,
        });
        const told = [[], []], heard = [{}, {}];
        const start = side => files[side].start('side' + side, new Proxy({}, { get: (_, name) => (...args) => { told[side].push([name, ...args]); heard[side][name]?.(...args); } }));
        start(0); start(1);
        const was = (side, name) => told[side].filter(one => one[0] === name).map(one => one.slice(1));
        const connect = async () => {
          path.open(2, false, true, '[]'); path.open(1, true, false, '[]');
          await until('a path', () => opened === 2);
          files[0].attach('x', 1, true); files[1].attach('x', 2, false);
          await until('both channels', () => was(0, 'Channel').length && was(1, 'Channel').length);
        };
        const id = '00112233445566778899aabbccddeeff', CHUNK = 262144;
        const bytesOf = size => { const bytes = new Uint8Array(size); for (let i = 0; i < size; i++) bytes[i] = (i % 251) * (i % 251) % 251; return bytes; };
        const unhex = text => Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
        const hex = bytes => [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
        const shaOf = async blob => hex(new Uint8Array(await crypto.subtle.digest('SHA-256', blob instanceof Uint8Array ? blob : await blob.arrayBuffer())));
        const packed = items => { const bytes = new Uint8Array(items.length * 40), view = new DataView(bytes.buffer); items.forEach((one, i) => { bytes.set(unhex(one.root), i * 40); view.setBigUint64(i * 40 + 32, BigInt(one.size)); }); return bytes; };
        const EMPTY = { root: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', size: 0 };
        const chunksOf = one => Math.ceil(one.size / CHUNK);
        const prepare = async (blobs, keeps = true, kind = 0) => {
          const made = await files[0].ask('prepare', id, blobs.map(file => ({ file, kind, picture: null, width: 0, height: 0 })), keeps);
          if (made.outcome !== 0) throw new Error('outcome ' + made.outcome);
          await files[0].ask('keepManifest', id, new Uint8Array(0));
          return [EMPTY, ...made.items];
        };
        const ready = async items => {
          const [sources, places] = [was(0, 'SourceReady').length, was(1, 'DestinationReady').length];
          files[0].tell('openSource', id, packed(items)); files[1].tell('openDestination', id, packed(items));
          await until('both ready', () => was(0, 'SourceReady').length > sources && was(1, 'DestinationReady').length > places);
        };
        const rangesOf = items => items.flatMap((one, item) => {
          const ranges = [];
          for (let first = 0; first < chunksOf(one);) { const count = Math.min(8, chunksOf(one) - first, 256 - first % 256); ranges.push({ item, first, count, pages: chunksOf(one) > 1 && first % 256 === 0 }); first += count; }
          return ranges;
        });
        const verified = () => was(1, 'Verified').flatMap(([text]) => text.split(';').map(one => one.split(',')));
        const chunksVerified = () => verified().reduce((sum, one) => sum + +one[3], 0);
        // As the engine draws: at most 64 chunks are wanted and have not come.
        const draw = async (ranges, all = ranges.reduce((sum, one) => sum + one.count, 0)) => {
          const before = chunksVerified(); let asked = 0;
          while (chunksVerified() - before < all) {
            while (ranges.length && asked - (chunksVerified() - before) + ranges[0].count <= 64) {
              const one = ranges.shift(); asked += one.count;
              files[1].tell('expect', 'x', id, one.item, one.first, one.count); files[0].tell('serve', 'x', id, one.item, one.first, one.count, one.pages);
            }
            const now = told[0].length + told[1].length;
            await until('something comes', () => told[0].length + told[1].length > now);
            const bad = [...was(1, 'Wrong'), ...was(0, 'SourceFailed'), ...was(1, 'DestinationFailed').filter(one => one[1] !== 0)];
            if (bad.length) throw new Error('bad: ' + JSON.stringify(bad));
          }
        };
        const finish = async () => { files[1].tell('finish', id); await until('finished', () => was(1, 'Finished').length); };
        const arrived = item => files[1].ask('blob', id, item, '');
        const drop = { server: location.origin, blob: 'b'.repeat(32), token: 'A'.repeat(43), key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f' };
        const beginBlob = size => fetch('/blobs/' + drop.blob + '?begin=' + size, { method: 'POST' });

        """;

    private readonly ConcurrentDictionary<string, (byte[] Bytes, int Received)> _blobs = new();
    private int _fault;

    protected override async Task<bool> ServeAsync(HttpListenerContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (!request.Url!.AbsolutePath.StartsWith("/blobs/", StringComparison.Ordinal)) return false;
        var id = request.Url.AbsolutePath;
        if (request.HttpMethod == "POST")
        {
            if (request.QueryString["fault"] is { } fault) _fault = Number(fault);
            else _blobs[id] = (new byte[Number(request.QueryString["begin"]!)], 0);
            return true;
        }

        if (!_blobs.TryGetValue(id, out var blob) || request.Headers["Authorization"]?.StartsWith("Bearer ", StringComparison.Ordinal) != true)
        {
            response.StatusCode = 404;
            return true;
        }

        switch (request.HttpMethod)
        {
            case "PUT" when Interlocked.Exchange(ref _fault, 0) is var status and not 0:
                response.StatusCode = status;
                break;
            case "PUT" when Number(request.QueryString["offset"]!) != blob.Received:
                response.StatusCode = 409;
                break;
            case "PUT":
                var body = new MemoryStream();
                await request.InputStream.CopyToAsync(body);
                body.ToArray().CopyTo(blob.Bytes, blob.Received);
                _blobs[id] = (blob.Bytes, blob.Received + (int)body.Length);
                response.StatusCode = 204;
                break;
            case "HEAD":
                break;
            case "DELETE":
                _blobs.TryRemove(id, out _);
                response.StatusCode = 204;
                return true;
            default:
                var range = request.Headers["Range"]!["bytes=".Length..].Split('-').Select(Number).ToArray();
                response.StatusCode = 206;
                response.ContentLength64 = range[1] - range[0] + 1;
                response.Headers["Upload-Offset"] = blob.Received.ToString(CultureInfo.InvariantCulture);
                await response.OutputStream.WriteAsync(blob.Bytes.AsMemory(range[0], range[1] - range[0] + 1));
                return true;
        }

        response.Headers["Upload-Offset"] = _blobs[id].Received.ToString(CultureInfo.InvariantCulture);
        return true;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
