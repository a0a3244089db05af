using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>The worker that keeps what a link gives: everything in order, and once more what a lane by HTTPS had brought when it broke.</summary>
public sealed class ShareWorkerTests(ModulePage page) : IClassFixture<ModulePage>
{
    private const string Begin = """
        const tree = await import('/files-tree.js');
        const CHUNK = tree.CHUNK, size = 3 * CHUNK - 7, share = crypto.getRandomValues(new Uint8Array(16));
        const bytes = new Uint8Array(size); for (let i = 0; i < size; i++) bytes[i] = (i % 251) * (i % 241) % 253;
        const pages = []; const builder = new tree.TreeBuilder((level, index, hashes) => pages.push(hashes.slice()));
        for (let at = 0; at < size; at += CHUNK) { const marked = new Uint8Array(1 + Math.min(CHUNK, size - at)); marked.set(bytes.subarray(at, at + CHUNK), 1); await builder.add(await tree.leafOf(marked)); }
        const hex = of => [...of].map(byte => byte.toString(16).padStart(2, '0')).join('');
        const file = { name: 'a', type: '', size, root: hex(await builder.finish()) };
        const worker = new Worker('/share-worker.js', { type: 'module' }), said = [];
        let heard = () => {};
        worker.onmessage = ({ data }) => { said.push(data); heard(); };
        const next = async holds => { while (!said.some(holds)) await new Promise(resolve => { heard = resolve; }); return said.find(holds); };
        const ask = (message, holds) => { worker.postMessage(message); return next(holds); };
        const piece = (chunk, offset, length, lane = false, of = bytes) => {
          const message = new Uint8Array(27 + length), view = new DataView(message.buffer);
          message[0] = 2; message.set(share, 1); view.setUint16(17, 1); view.setUint32(19, chunk); view.setUint32(23, offset);
          message.set(of.subarray(chunk * CHUNK + offset, chunk * CHUNK + offset + length), 27);
          worker.postMessage({ bytes: message.buffer, turn: 1, lane });
        };
        const leaves = () => {
          const message = new Uint8Array(24 + pages[0].length), view = new DataView(message.buffer);
          message[0] = 3; message.set(share, 1); view.setUint16(17, 1); message[19] = 1; message.set(pages[0], 24);
          worker.postMessage({ bytes: message.buffer, turn: 1 });
        };
        const PIECE = 65536, inPieces = chunk => { for (let at = 0; at < tree.chunkLength(size, chunk); at += PIECE) piece(chunk, at, Math.min(PIECE, tree.chunkLength(size, chunk) - at)); };
        const whole = chunk => piece(chunk, 0, tree.chunkLength(size, chunk), true);
        await ask({ open: [file], id: share }, one => one.opened);
        await ask({ begin: true }, one => one.begun);
        const all = async () => { const { file } = await ask({ blob: 1 }, one => one.blob === 1); return hex(new Uint8Array(await file.arrayBuffer())) === hex(bytes); };
        const wrongs = () => said.filter(one => one.wrong).length, kept = () => said.filter(one => one.chunk).length;
        """;

    [Fact]
    public async Task What_a_lane_had_brought_when_it_broke_may_come_again_by_the_channel()
    {
        var seen = await page.RunAsync<string>(Begin + """
            leaves(); inPieces(0); whole(1);
            leaves(); inPieces(0); inPieces(1); inPieces(2);
            await next(one => one.chunk && one.held === size);
            inPieces(2);
            return [await all(), kept(), wrongs()].join();
            """);
        Assert.Equal("true,3,0", seen);
    }

    [Theory]
    [InlineData("whole(1);")]
    [InlineData("piece(0, 0, CHUNK);")]
    [InlineData("piece(0, 65536, 65536);")]
    [InlineData("piece(0, 0, 65536, true);")]
    [InlineData("piece(0, 0, CHUNK, true, bytes.map(byte => byte ^ 1));")]
    public async Task What_is_out_of_turn_or_changed_is_not_kept(string what) =>
        Assert.Equal("0,1", await page.RunAsync<string>(Begin + "leaves();" + what + "await next(one => one.wrong || one.chunk); return [kept(), wrongs()].join();"));
}
