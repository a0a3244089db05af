using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>A page with the app's modules for files and nothing else; it draws as the engine does: ranges of 8 chunks, 64 under way.</summary>
internal static class FileBenchPage
{
    private const string Open = """
        async name => {
          const files = await import('/js/files.js'), path = await import('/js/path.js');
          const bench = window.bench = { files, path, heard: {}, opened: null, id: '00112233445566778899aabbccddeeff' };
          bench.line = new BroadcastChannel('bench');
          bench.other = name === 'a' ? 'b' : 'a';
          const said = (what, ...args) => bench.line.postMessage({ to: bench.other, what, args });
          bench.line.onmessage = ({ data }) => { if (data.to === name) path[data.what](1, ...data.args); };
          const opened = new Promise(resolve => bench.pathOpened = resolve);
          path.listen({
            Described: (id, offer, sdp) => said('describeRemote', offer, sdp), Candidate: (id, ...candidate) => said('addCandidate', ...candidate),
            CandidatesEnded: () => said('endCandidates'), Opened: bench.pathOpened, Facts() {}, Closed() {}, Received() {},
          });
          bench.channelOpened = new Promise(resolve => bench.heard.Channel = resolve);
          files.start(name, new Proxy({}, { get: (_, event) => (...args) => bench.heard[event]?.(...args) }));
          bench.until = event => new Promise(resolve => bench.heard[event] = (...args) => resolve(args));
          bench.packed = items => { const bytes = new Uint8Array(items.length * 40), view = new DataView(bytes.buffer); items.forEach((one, i) => { for (let k = 0; k < 32; k++) bytes[i * 40 + k] = parseInt(one.root.slice(2 * k, 2 * k + 2), 16); view.setBigUint64(i * 40 + 32, BigInt(one.size)); }); return bytes; };
          // What is wanted is said on the channel itself, as the engine's words are.
          bench.heard.Control = (contact, bytes) => { const [item, first, count, pages] = JSON.parse(new TextDecoder().decode(bytes.subarray(1))); files.tell('serve', 'x', bench.id, item, first, count, pages); };
          bench.opened = opened;
        }
        """;

    private const string Connect = """
        async offerer => {
          bench.path.open(1, offerer, !offerer, '[]');
          await bench.opened;
          bench.files.attach('x', 1, offerer);
          await bench.channelOpened;
        }
        """;

    private const string Prepare = """
        async () => {
          const made = await bench.files.ask('prepare', bench.id, [{ file: document.getElementById('source').files[0], kind: 0, picture: null, width: 0, height: 0 }], true);
          if (made.outcome !== 0) throw new Error('outcome ' + made.outcome);
          const root = await bench.files.ask('keepManifest', bench.id, new Uint8Array(0));
          const items = [{ root, size: 0 }, ...made.items.map(({ root, size }) => ({ root, size }))];
          const ready = bench.until('SourceReady');
          bench.files.tell('openSource', bench.id, bench.packed(items));
          if (!(await ready)[1]) throw new Error('no source');
          return JSON.stringify(items);
        }
        """;

    private const string Draw = """
        async text => {
          const items = JSON.parse(text), chunks = Math.ceil(items[1].size / 262144);
          await bench.files.ask('remove', bench.id);
          const ready = bench.until('DestinationReady');
          bench.files.tell('openDestination', bench.id, bench.packed(items));
          await Promise.race([ready, new Promise((_, reject) => { bench.heard.DestinationFailed = (id, trouble) => { if (trouble) reject(new Error('trouble ' + trouble)); }; })]);
          const began = performance.now();
          await new Promise((resolve, reject) => {
            let asked = 0, come = 0;
            const more = () => {
              while (asked < chunks) {
                const count = Math.min(8, chunks - asked, 256 - asked % 256);
                if (asked - come + count > 64) return;
                bench.files.tell('expect', 'x', bench.id, 1, asked, count);
                bench.files.control('x', Uint8Array.of(1, ...new TextEncoder().encode(JSON.stringify([1, asked, count, asked % 256 === 0]))));
                asked += count;
              }
            };
            bench.heard.Verified = told => { for (const one of told.split(';')) come += +one.split(',')[3]; if (come === chunks) resolve(); else more(); };
            bench.heard.Wrong = reject; bench.heard.DestinationFailed = (id, trouble) => { if (trouble) reject(new Error('trouble ' + trouble)); };
            more();
          });
          const finished = bench.until('Finished');
          bench.files.tell('finish', bench.id);
          await finished;
          return (performance.now() - began) / 1000;
        }
        """;

    // The same pages, another connection with nothing around it.
    private const string PumpTo = """
        async size => {
          const line = bench.pump = new BroadcastChannel('pump'), connection = new RTCPeerConnection();
          connection.onicecandidate = ({ candidate }) => line.postMessage({ to: 'from', candidate: candidate?.toJSON() ?? null });
          let got = 0;
          bench.pumped = new Promise(resolve => {
            connection.ondatachannel = ({ channel }) => {
              channel.binaryType = 'arraybuffer';
              channel.onmessage = ({ data }) => { if ((got += data.byteLength) >= size) { line.postMessage({ to: 'from', done: true }); resolve(); connection.close(); line.close(); } };
            };
          });
          line.onmessage = async ({ data }) => {
            if (data.to !== 'to') return;
            if (data.sdp) { await connection.setRemoteDescription({ type: 'offer', sdp: data.sdp }); await connection.setLocalDescription(); line.postMessage({ to: 'from', sdp: connection.localDescription.sdp }); }
            else await connection.addIceCandidate(data.candidate ?? undefined);
          };
        }
        """;

    private const string PumpFrom = """
        async size => {
          const line = new BroadcastChannel('pump'), connection = new RTCPeerConnection(), channel = connection.createDataChannel('bare');
          connection.onicecandidate = ({ candidate }) => line.postMessage({ to: 'to', candidate: candidate?.toJSON() ?? null });
          const done = new Promise(resolve => line.onmessage = async ({ data }) => {
            if (data.to !== 'from') return;
            if (data.sdp) await connection.setRemoteDescription({ type: 'answer', sdp: data.sdp });
            else if (data.done) resolve();
            else await connection.addIceCandidate(data.candidate ?? undefined);
          });
          await connection.setLocalDescription();
          line.postMessage({ to: 'to', sdp: connection.localDescription.sdp });
          await new Promise(resolve => channel.onopen = resolve);
          const began = performance.now(), piece = crypto.getRandomValues(new Uint8Array(65536));
          let sent = 0;
          channel.bufferedAmountLowThreshold = 1 << 20;
          const pump = () => { while (sent < size && channel.bufferedAmount < 2 << 20) { channel.send(piece); sent += piece.length; } };
          channel.onbufferedamountlow = pump;
          pump();
          await done;
          const seconds = (performance.now() - began) / 1000;
          connection.close();
          line.close();
          return seconds;
        }
        """;

    private const string Hash = """
        async () => {
          const blob = await bench.files.ask('blob', bench.id, 1, '');
          const all = [];
          for (let at = 0; at < blob.size; at += 16 << 20) all.push(new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.slice(at, at + (16 << 20)).arrayBuffer())));
          return [...new Uint8Array(await crypto.subtle.digest('SHA-256', await new Blob(all).arrayBuffer()))].join();
        }
        """;

    /// <summary>Opens one; any text of the server's origin will do as a page.</summary>
    public static async Task<IPage> OpenAsync(IBrowserContext context, string origin, string name)
    {
        var page = await context.NewPageAsync();
        await page.GotoAsync(origin + "/manifest.webmanifest");
        await page.EvaluateAsync("() => { const input = document.createElement('input'); input.type = 'file'; input.id = 'source'; document.body.append(input); }");
        await page.EvaluateAsync(Open, name);
        return page;
    }

    public static Task ConnectAsync(IPage from, IPage to) => Task.WhenAll(to.EvaluateAsync(Connect, false), from.EvaluateAsync(Connect, true));

    /// <summary>Chooses and prepares a file; gives its items.</summary>
    public static async Task<string> PrepareAsync(IPage page, string file)
    {
        await page.SetInputFilesAsync("#source", file);
        return await page.EvaluateAsync<string>(Prepare);
    }

    /// <summary>Seconds from the first wish until all is stored and closed.</summary>
    public static Task<double> TransferAsync(IPage to, string items) => to.EvaluateAsync<double>(Draw, items);

    /// <summary>Seconds for so many bytes by a bare channel.</summary>
    public static async Task<double> PumpAsync(IPage from, IPage to, long size)
    {
        await to.EvaluateAsync(PumpTo, size);
        return await from.EvaluateAsync<double>(PumpFrom, size);
    }

    public static Task<string> HashAsync(IPage page) => page.EvaluateAsync<string>(Hash);
}
