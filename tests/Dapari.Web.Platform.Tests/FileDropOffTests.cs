using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>Chunks left at a server and fetched from it, by the layout of docs/protocol/files.md.</summary>
public sealed class FileDropOffTests(FilePage page) : IClassFixture<FilePage>
{
    private const string Leave = FilePage.Begin + """
        const left = () => was(0, 'LeftAtServer').at(-1);
        const sizeOf = async (items, spans) => (await import('/files-dropoff.js')).layout(items.map(one => ({ root: unhex(one.root), size: one.size })), spans).size;
        const leave = async (items, spans) => { files[0].tell('upload', id, JSON.stringify({ ...drop, spans })); await until('left, or not', () => was(0, 'LeftAtServer').length + was(0, 'UploadFailed').length); };
        const fetchAll = async (items, spans, ranges = rangesOf(items)) => {
          for (const one of ranges) {
            const before = chunksVerified();
            files[1].tell('fetchChunks', id, JSON.stringify({ ...drop, spans }), one.item, one.first, one.count);
            await until('fetched', () => chunksVerified() - before === one.count || was(1, 'Wrong').length || was(1, 'FetchFailed').length);
            if (was(1, 'Wrong').length || was(1, 'FetchFailed').length) return;
          }
        };

        """;

    [Fact]
    public async Task The_blob_is_that_of_the_protocol()
    {
        // 262,145 bytes and 5 bytes, byte i = i² mod 251; key 00 01 … 1f; spans (0, 1), (1, 2).
        var files = new[] { Bytes(262_145), Bytes(5) };
        using var aes = new AesGcm([.. Enumerable.Range(0, 32).Select(i => (byte)i)], DropOffLayout.TagBytes);
        var blob = new MemoryStream();
        var unit = 0UL;
        var leaves = new[] { Leaf(files[0][..262_144]), Leaf(files[0][262_144..]) };
        foreach (var plain in new[] { [.. leaves[0], .. leaves[1]], files[0][..262_144], [.. leaves[0], .. leaves[1]], files[0][262_144..], files[1] })
        {
            var nonce = new byte[12];
            BinaryPrimitives.WriteUInt64BigEndian(nonce.AsSpan(4), unit++);
            var (cipher, tag) = (new byte[plain.Length], new byte[16]);
            aes.Encrypt(nonce, plain, cipher, tag);
            blob.Write(cipher);
            blob.Write(tag);
        }

        var expected = Convert.ToHexStringLower(SHA256.HashData(blob.ToArray()));
        Assert.Equal(262_358, blob.Length);
        Assert.Equal("29a5d8a418d2d526f9f70b5f5480d23184b60ed2ad7587d5a502825088885e61", expected);
        var items = new[] { Id(0), Id(262_145), Id(5) };
        Assert.Equal((ulong)blob.Length, DropOffLayout.Size(items, [Span(0, 1), Span(1, 2)]));
        var seen = await page.RunAsync<string>(Leave + """
            const items = await prepare([new File([bytesOf(262145)], 'a'), new File([bytesOf(5)], 'b')]);
            const spans = [[0, 1], [1, 2]], size = await sizeOf(items, spans);
            await beginBlob(size);
            await leave(items, spans);
            const there = await (await fetch('/blobs/' + drop.blob, { headers: { Authorization: 'Bearer x', Range: 'bytes=0-' + (size - 1) } })).arrayBuffer();
            return await shaOf(new Uint8Array(there)) + left()[1];
            """);
        Assert.Equal(expected + "[[0,1],[1,2]]", seen);
    }

    [Theory]
    [InlineData(new long[] { 0, 1, 262_144, 262_145, 70_000_000, 0, 5 }, new long[] { 0, 3, 3, 300 })]
    [InlineData(new long[] { 500_000, 20_000_000_000, 17 }, new long[] { 1, 255, 300, 70_000 })]
    [InlineData(new long[] { 0, 67_108_865 }, new long[] { 250, 1000 })]
    public async Task Both_halves_reckon_the_same_size(long[] sizes, long[] spans)
    {
        var items = sizes.Select(Id).ToList();
        var chunks = Enumerable.Range(0, spans.Length / 2).Select(i => Span(spans[2 * i], spans[(2 * i) + 1])).ToList();
        var seen = await page.RunAsync<double>($$"""
            const { layout } = await import('/files-dropoff.js');
            return layout([{{string.Join(',', sizes.Select(size => $"{{size:{size}}}"))}}], [{{string.Join(',', chunks.Select(span => $"[{span.First},{span.Count}]"))}}]).size;
            """);
        Assert.Equal(DropOffLayout.Size(items, chunks), (ulong)seen);
    }

    [Fact]
    public async Task What_was_left_arrives_bit_for_bit_also_out_of_order_and_after_a_restart()
    {
        var seen = await page.RunAsync<string>(Leave + """
            const blobs = [new File([bytesOf(300 * CHUNK + 9)], 'a'), new File([bytesOf(1000)], 'b'), new File([bytesOf(3 * CHUNK)], 'c')];
            const items = await prepare(blobs);
            const spans = [[0, 305]];
            await beginBlob(await sizeOf(items, spans));
            await leave(items, spans);
            await ready(items);
            const ranges = rangesOf(items).reverse();
            await fetchAll(items, spans, ranges.splice(0, 20));
            files[1].closeAll(); files[1] = await import('/files.js?4'); start(1); told[1].length = 0;
            files[1].tell('openDestination', id, packed(items)); await until('open again', () => was(1, 'DestinationReady').length);
            await fetchAll(items, spans, ranges);
            await finish();
            const equal = []; for (let i = 0; i < blobs.length; i++) equal.push(await shaOf(await arrived(i + 1)) === await shaOf(blobs[i]));
            files[1].tell('removeDropOffs', JSON.stringify([{ ...drop, spans }]));
            await until('removed', async () => (await fetch('/blobs/' + drop.blob, { method: 'HEAD', headers: { Authorization: 'Bearer x' } })).status === 404);
            return [equal.join(), left()[1], JSON.stringify(was(1, 'Wrong')), was(0, 'Uploaded').at(-1)[1] === 303 * CHUNK + 9 + 1000, verified().every(one => one[4] === '1')].join(' ');
            """);
        Assert.Equal("true,true,true [[0,305]] [] true true", seen);
    }

    [Fact]
    public async Task An_upload_resumes_within_a_unit_and_one_that_is_stopped_says_what_is_whole()
    {
        var seen = await page.RunAsync<string>(Leave + """
            const items = await prepare([new File([bytesOf(100 * CHUNK)], 'a')]);
            const spans = [[0, 50], [50, 50]], size = await sizeOf(items, spans);
            await beginBlob(size);
            // The first 1,000,000 bytes came by an earlier run of this upload, which was broken off.
            await leave(items, spans);
            const whole = new Uint8Array(await (await fetch('/blobs/' + drop.blob, { headers: { Authorization: 'Bearer x', Range: 'bytes=0-' + (size - 1) } })).arrayBuffer());
            await beginBlob(size);
            await fetch('/blobs/' + drop.blob + '?offset=0', { method: 'PUT', headers: { Authorization: 'Bearer x' }, body: whole.slice(0, 1000000) });
            told[0].length = 0;
            await leave(items, spans);
            const again = new Uint8Array(await (await fetch('/blobs/' + drop.blob, { headers: { Authorization: 'Bearer x', Range: 'bytes=0-' + (size - 1) } })).arrayBuffer());
            const same = await shaOf(again) === await shaOf(whole), first = was(0, 'Uploaded')[0][1];
            await beginBlob(size);
            told[0].length = 0;
            heard[0].Uploaded = (transfer, bytes) => { if (bytes > 0) files[0].tell('stopUpload', id); };
            await leave(items, spans);
            const spansLeft = JSON.parse(left()[1]), count = spansLeft.reduce((sum, one) => sum + one[1], 0);
            return [same, first / CHUNK, count > 0 && count < 100, spansLeft[0][0], spansLeft.length === (count > 50 ? 2 : 1)].join();
            """);
        Assert.Equal("true,3,true,0,true", seen);
    }

    [Theory]
    [InlineData("404", "UploadFailed:1")]
    [InlineData("507", "UploadFailed:2")]
    [InlineData("503", "UploadFailed:0")]
    [InlineData("409", "LeftAtServer:[[0,3]]")]
    public async Task What_a_server_refuses_is_named(string status, string answer)
    {
        var seen = await page.RunAsync<string>(Leave + $"const status = {status};" + """
            const items = await prepare([new File([bytesOf(3 * CHUNK)], 'a')]);
            await beginBlob(await sizeOf(items, [[0, 3]]));
            await fetch('/blobs/' + drop.blob + '?fault=' + status, { method: 'POST' });
            await leave(items, [[0, 3]]);
            const end = told[0].find(one => one[0] === 'UploadFailed' || one[0] === 'LeftAtServer');
            return end[0] + ':' + end[2];
            """);
        Assert.Equal(answer, seen);
    }

    [Fact]
    public async Task Another_key_damaged_bytes_an_unknown_blob_and_a_dead_server_are_told()
    {
        var seen = await page.RunAsync<string>(Leave + """
            const items = await prepare([new File([bytesOf(3 * CHUNK)], 'a')]);
            const spans = [[0, 3]];
            await beginBlob(await sizeOf(items, spans)); await leave(items, spans); await ready(items);
            const ask = change => files[1].tell('fetchChunks', id, JSON.stringify({ ...drop, spans, ...change }), 1, 0, 3);
            ask({ key: 'ff'.repeat(32) }); await until('wrong', () => was(1, 'Wrong').length);
            ask({ blob: 'c'.repeat(32) }); await until('unknown', () => was(1, 'FetchFailed').length === 1);
            ask({ server: 'http://localhost:1' }); await until('dead', () => was(1, 'FetchFailed').length === 2);
            ask({}); await until('good', () => chunksVerified() === 3);
            return JSON.stringify([was(1, 'Wrong').map(one => one.slice(1)), was(1, 'FetchFailed').map(one => [one[1][0], one[2]])]);
            """);
        Assert.Equal("""[[[1,0,1,true]],[["c",true],["b",false]]]""", seen);
    }

    private static byte[] Bytes(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)((long)i * i % 251))];

    private static byte[] Leaf(byte[] chunk) => SHA256.HashData([0, .. chunk]);

    private static FileId Id(long size) => new(default, new FileShape(size));

    private static ChunkSpan Span(long first, long count) => new() { First = (ulong)first, Count = (ulong)count };
}
