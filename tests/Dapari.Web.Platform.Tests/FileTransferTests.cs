using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>Two ends of files over a real data channel, with real stores: what arrives is what was sent, and what is not is told.</summary>
public sealed class FileTransferTests(FilePage page) : IClassFixture<FilePage>
{
    [Fact]
    public async Task Files_arrive_bit_for_bit_with_their_first_bytes_and_are_told_when_they_are_kept()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const blobs = [new File([bytesOf(66 * CHUNK * 4 + 77)], 'large'), new File([], 'empty'), new File([bytesOf(300000)], 'small'), new File(['x'], 'one')];
            const items = await prepare(blobs);
            await connect(); await ready(items);
            const served = []; heard[0].Served = (contact, transfer, item, first, count) => served.push(count);
            await draw(rangesOf(items));
            await finish();
            const equal = []; for (let i = 0; i < blobs.length; i++) equal.push(await shaOf(await arrived(i + 1)) === await shaOf(blobs[i]));
            const heads = was(1, 'Finished')[0][1].length;
            await until('all served', () => served.reduce((sum, one) => sum + one, 0) === items.reduce((sum, one) => sum + chunksOf(one), 0));
            return equal.join() + ' ' + heads;
            """);
        Assert.Equal($"true,true,true,true {4 * 4 + 1024 + 0 + 1024 + 1}", seen);
    }

    [Fact]
    public async Task Thousands_of_small_files_and_their_manifest()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const blobs = Array.from({ length: 2000 }, (_, i) => new File([bytesOf(i % 700), String(i)], 'f' + i));
            const made = await files[0].ask('prepare', id, blobs.map(file => ({ file, kind: 0, picture: null, width: 0, height: 0 })), true);
            const manifest = bytesOf(700000);
            const root = await files[0].ask('keepManifest', id, manifest);
            const first = [{ root, size: manifest.length }], items = [...first, ...made.items];
            await connect();
            files[0].tell('openSource', id, packed(items)); files[1].tell('openDestination', id, packed(first));
            await until('ready', () => was(0, 'SourceReady').length && was(1, 'DestinationReady').length);
            await draw(rangesOf(first));
            files[1].tell('readManifest', id);
            await until('manifest', () => was(1, 'ManifestRead').length);
            files[1].tell('openDestination', id, packed(items));
            await until('open again', () => was(1, 'DestinationReady').length === 2);
            await draw(rangesOf(items).filter(one => one.item > 0));
            await finish();
            let equal = 0;
            for (const i of [0, 1, 700, 1301, 1999]) if (await (await arrived(i + 1)).text() === await blobs[i].text()) equal++;
            return [was(0, 'SourceReady')[0][1], await shaOf(was(1, 'ManifestRead')[0][1]) === await shaOf(manifest), equal, was(1, 'DestinationFailed').length,
              await files[1].ask('manifest', id).then(shaOf) === await shaOf(manifest)].join();
            """);
        Assert.Equal("true,true,5,1,true", seen);
    }

    [Fact]
    public async Task Wrong_chunks_wrong_pages_and_what_was_not_asked_for_do_no_harm()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const blob = new File([bytesOf(3 * CHUNK)], 'a');
            const items = await prepare([blob]);
            await connect(); await ready(items);
            // A line of our own instead of the sender's worker.
            const piece = (chunk, offset, bytes, item = 1, transfer = id) => { const one = new Uint8Array(27 + bytes.length), view = new DataView(one.buffer); one[0] = 2; one.set(unhex(transfer), 1); view.setUint16(17, item); view.setUint32(19, chunk); view.setUint32(23, offset); one.set(bytes, 27); return one; };
            const all = bytesOf(3 * CHUNK);
            const pagesThenChunk = chunk => files[0].tell('serve', 'x', id, 1, chunk, 1, true);
            const lie = chunk => { for (let at = 0; at < CHUNK; at += 65536) files[0].control('x', piece(chunk, at, all.slice(0, 65536).reverse())); };
            lie(0);                                             // not asked for
            files[0].control('x', piece(7, 0, new Uint8Array(9))); files[0].control('x', piece(0, 0, new Uint8Array(9), 9)); files[0].control('x', piece(0, 0, new Uint8Array(9), 1, 'ff'.repeat(16)));
            files[0].control('x', Uint8Array.of(3, 1, 2)); files[0].control('x', Uint8Array.of(9, 9)); files[0].control('x', new Uint8Array(2000).fill(3));
            files[0].control('x', Uint8Array.of(1));
            await until('all that came', () => was(1, 'Control').length === 1);
            files[1].tell('expect', 'x', id, 1, 0, 3);
            pagesThenChunk(0);
            await until('the first', () => chunksVerified() === 1);
            lie(1);                                             // asked for, and wrong
            await until('told', () => was(1, 'Wrong').length === 1);
            files[0].control('x', piece(2, 65536, all.slice(0, 9)));  // out of order
            files[1].tell('expect', 'x', id, 1, 1, 1);
            files[0].tell('serve', 'x', id, 1, 1, 2, false);
            await until('the others', () => chunksVerified() === 3);
            await finish();
            return JSON.stringify(was(1, 'Wrong')) + (await shaOf(await arrived(1)) === await shaOf(blob));
            """);
        Assert.Equal("""[["00112233445566778899aabbccddeeff",1,1,1,false]]true""", seen);
    }

    [Fact]
    public async Task After_a_restart_of_either_end_it_goes_on_with_what_is_missing()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const blob = new File([bytesOf(80 * CHUNK + 5)], 'a');
            const items = await prepare([blob]);
            await connect(); await ready(items);
            const ranges = rangesOf(items);
            await draw(ranges.splice(0, 4));
            // Both tabs are reloaded: other modules, other workers, the same store.
            files[0].closeAll(); files[1].closeAll();
            files[0] = await import('/files.js?2'); files[1] = await import('/files.js?3');
            start(0); start(1);
            told[0].length = told[1].length = 0;
            files[0].attach('x', 1, true); files[1].attach('x', 2, false);
            await until('channels again', () => was(0, 'Channel').length && was(1, 'Channel').length);
            await ready(items);
            // No pages are asked for again: they were kept.
            await draw(ranges.map(one => ({ ...one, pages: false })));
            await finish();
            return [was(0, 'SourceReady')[0][1], was(1, 'DestinationFailed').length, await shaOf(await arrived(1)) === await shaOf(blob)].join();
            """);
        Assert.Equal("true,0,true", seen);
    }

    [Fact]
    public async Task An_emptied_store_is_told_at_both_ends_and_the_same_bytes_may_be_chosen_again()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const blob = new File([bytesOf(5 * CHUNK)], 'a');
            const items = await prepare([blob]);
            await ready(items);
            await files[0].ask('wipe'); await files[1].ask('wipe');
            await ready(items);
            const gone = was(0, 'SourceReady').at(-1)[1];
            const lost = JSON.stringify(was(1, 'DestinationFailed'));
            const chosen = file => files[0].ask('chooseAgain', id, [{ file, kind: 0, picture: null, width: 0, height: 0 }]);
            const other = await chosen(new File([bytesOf(5 * CHUNK).reverse()], 'b'));
            const same = await chosen(blob);
            await connect(); await draw(rangesOf(items)); await finish();
            return [gone, other, same, was(0, 'SourceReady').at(-1)[1], await shaOf(await arrived(1)) === await shaOf(blob), lost].join();
            """);
        Assert.Equal("""false,false,true,true,true,[["00112233445566778899aabbccddeeff",0,true],["00112233445566778899aabbccddeeff",0,true]]""", seen);
    }

    [Fact]
    public async Task A_copy_that_was_cut_short_is_told_as_a_lost_source()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const items = await prepare([new File([bytesOf(3 * CHUNK)], 'a')]);
            await connect(); await ready(items);
            files[0].tell('close'); await files[0].ask('used');
            const folder = await (await (await (await navigator.storage.getDirectory()).getDirectoryHandle('dapari-files')).getDirectoryHandle('side0')).getDirectoryHandle(id);
            const writable = await (await folder.getFileHandle('data')).createWritable({ keepExistingData: true });
            await writable.truncate(2 * CHUNK); await writable.close();
            files[1].tell('expect', 'x', id, 1, 0, 3); files[0].tell('serve', 'x', id, 1, 0, 3, true);
            await until('told', () => was(0, 'SourceFailed').length);
            files[0].tell('openSource', id, packed(items));
            await until('asked again', () => was(0, 'SourceReady').length === 2);
            return JSON.stringify(was(0, 'SourceFailed')) + was(0, 'SourceReady')[1][1];
            """);
        Assert.Equal("""[["00112233445566778899aabbccddeeff",1,false]]false""", seen);
    }

    [Fact]
    public async Task Released_transfers_leave_what_they_should_and_removed_ones_nothing()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const items = await prepare([new File([bytesOf(3 * CHUNK)], 'a')]);
            await connect(); await ready(items); await draw(rangesOf(items)); await finish();
            files[0].tell('release', id); files[1].tell('release', id);
            const kept = [(await files[0].ask('blob', id, 1, '')).size, (await files[1].ask('blob', id, 1, '')).size, await files[1].ask('used') >= 3 * CHUNK];
            await files[1].ask('removeAll', [id]);
            kept.push((await files[1].ask('blob', id, 1, '')).size);
            await files[1].ask('remove', id); await files[0].ask('removeAll', []);
            kept.push(await files[0].ask('blob', id, 1, ''), await files[1].ask('blob', id, 1, ''), await files[0].ask('used'), await files[1].ask('used'));
            // What came only in part goes with its transfer.
            files[1].tell('openDestination', id, packed(items)); await until('open', () => was(1, 'DestinationReady').length === 2);
            files[1].tell('release', id);
            kept.push(await files[1].ask('used'));
            return JSON.stringify(kept);
            """);
        Assert.Equal("[786432,786432,true,786432,null,null,0,0,0]", seen);
    }

    [Fact]
    public async Task A_cancelled_preparation_leaves_nothing()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const part = bytesOf(16 * CHUNK);
            heard[0].Preparing = () => files[0].tell('cancel', id);
            const made = await files[0].ask('prepare', id, [{ file: new File(Array(40).fill(part), 'a'), kind: 0, picture: null, width: 0, height: 0 }], true);
            return [made.outcome, await files[0].ask('used')].join();
            """);
        Assert.Equal("4,0", seen);
    }

    [Fact]
    public async Task A_channel_that_nobody_asked_for_is_refused_and_early_words_are_not_lost()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            path.open(2, false, true, '[]'); path.open(1, true, false, '[]');
            await until('a path', () => opened === 2);
            // The answerer makes none: the offerer closes it, and the path stays.
            let closed = false; path.files(2, true, channel => { channel.onclose = () => closed = true; }); await until('refused', () => closed);
            path.files(2, false, null);
            files[0].attach('x', 1, true);
            await until('open here', () => was(0, 'Channel').length);
            for (let i = 0; i < 3; i++) files[0].control('x', Uint8Array.of(1, i));
            files[1].attach('x', 2, false);
            files[0].control('x', Uint8Array.of(1, 3));
            await until('all words', () => was(1, 'Control').length === 4);
            files[1].detach('x');
            await until('closed at both', () => was(0, 'Channel').some(one => !one[1]));
            return was(1, 'Control').map(one => one[1][1]).join('') + path.send(1, Uint8Array.of(1), 1000);
            """);
        Assert.Equal("0123true", seen);
    }

    [Fact]
    public async Task What_is_heard_before_the_channels_opening_is_told_after_it_in_its_order()
    {
        // No browser can be made to tell the two in this order: a channel is put in its place that does.
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const made = []; const make = RTCPeerConnection.prototype.createDataChannel;
            RTCPeerConnection.prototype.createDataChannel = function (label, ...rest) {
              if (label !== 'dapari-files') return make.call(this, label, ...rest);
              made.push({ label, readyState: 'connecting', bufferedAmount: 0, send() {}, close() {} });
              return made.at(-1);
            };
            path.open(2, false, true, '[]'); path.open(1, true, false, '[]');
            files[0].attach('x', 1, true);
            const say = (...bytes) => made[0].onmessage({ data: Uint8Array.from(bytes).buffer });
            say(1, 7); say(1, 8);
            const before = told[0].length;
            made[0].readyState = 'open'; made[0].onopen();
            say(1, 9);
            const words = told[0].map(([name, , what]) => name === 'Control' ? what[1] : name + ' ' + what).join();
            return made.length + '; ' + before + '; ' + words;
            """);
        Assert.Equal("1; 0; Channel true,7,8,9", seen);
    }
}
