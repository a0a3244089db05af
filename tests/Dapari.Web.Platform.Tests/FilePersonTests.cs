using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>Files in and out of the person's hands: picked, dropped, shared, recorded, shown, saved.</summary>
public sealed class FilePersonTests(CallPage page) : IClassFixture<CallPage>
{
    private const string Begin = """
        const files = await import('/files.js');
        const told = [];
        files.start('person', new Proxy({}, { get: (_, name) => (...args) => { told.push([name, ...args]); } }));
        const pick = await import('/files-pick.js'), save = await import('/files-save.js');
        const until = async (what, holds) => { const end = performance.now() + 60000; while (!await holds()) { if (performance.now() > end) throw new Error('still not: ' + what); await new Promise(r => setTimeout(r, 20)); } };
        const picks = [];
        pick.listen({ Picked: json => picks.push(JSON.parse(json)), Dragging: on => picks.push(on) });
        const id = '00112233445566778899aabbccddeeff';
        const prepare = async given => { const made = JSON.parse(await pick.prepare(JSON.parse(given).id, id, false)); await pick.keepManifest(id, new Uint8Array(0)); return made; };
        const one = (file, folder = []) => ({ file, folder, kind: 0, seconds: 0, waveform: new Uint8Array(0) });

        """;

    [Fact]
    public async Task What_is_dropped_and_pasted_on_the_element_is_picked_and_beside_it_nothing()
    {
        var seen = await page.RunAsync<string>(Begin + """
            document.body.innerHTML = '<div id="here"><p id="inside">x</p></div><p id="beside">y</p>';
            const abort = new AbortController();
            pick.watch('here', abort.signal);
            const data = new DataTransfer(); data.items.add(new File(['abc'], 'a.txt', { type: 'text/plain' })); data.items.add(new File(['d'], 'b.png', { type: 'image/png' }));
            const fire = (target, type) => document.getElementById(target).dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
            const prevented = [!fire('inside', 'dragover'), !fire('beside', 'dragover'), !fire('inside', 'dragover'), !fire('beside', 'drop'), !fire('inside', 'drop')];
            await until('dropped', () => picks.some(one => one.files));
            document.getElementById('inside').dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }));
            document.getElementById('beside').dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }));
            abort.abort(); fire('inside', 'drop');
            const got = picks.filter(one => one.files);
            return [prevented.join(), picks.filter(one => one === true || one === false).join(), got.length, got[0].files.map(one => one.name + one.size + one.kind).join()].join(' ');
            """);
        Assert.Equal("true,true,true,true,true true,false,true,false 2 a.txt30,b.png11", seen);
    }

    [Fact]
    public async Task Names_folders_and_types_are_kept_and_one_of_them_may_be_left_out()
    {
        var seen = await page.RunAsync<string>(Begin + """
            const given = pick.keep([one(new File(['1'], 'ü.txt', { type: 'text/plain', lastModified: 5 }), ['A', 'B']), one(new File(['22'], 'x'), []), one(new File(['333'], 'y'))]);
            pick.without(JSON.parse(given).id, 1);
            const made = await prepare(given);
            const again = JSON.parse(await pick.takeAgain(id, JSON.stringify([[1, 'clean.txt', ['C'], 'text/plain']])));
            const gone = await pick.takeAgain('ff'.repeat(16), JSON.stringify([[1, 'a', [], '']]));
            return JSON.stringify([made.outcome, made.items.map(one => [one.name, one.folder, one.type, one.size]), made.items[0].modified, again.files, gone]);
            """);
        Assert.Equal("""[0,[["ü.txt",["A","B"],"text/plain",1],["y",[],"",3]],5,[{"name":"clean.txt","folder":["C"],"size":1,"type":"text/plain","kind":0,"seconds":0}],""]""", seen);
    }

    [Fact]
    public async Task Saving_writes_where_the_person_chose_never_over_another_file_and_never_a_page()
    {
        var seen = await page.RunAsync<string>(Begin + """
            await prepare(pick.keep([one(new File(['hello'], 'a')), one(new File(['<script>'], 'b'))]));
            const place = await (await navigator.storage.getDirectory()).getDirectoryHandle('chosen', { create: true });
            const asked = [];
            globalThis.showSaveFilePicker = async options => { asked.push(options.suggestedName); return place.getFileHandle('saved', { create: true }); };
            const outcomes = [await save.save(id, 1, 'nàme.txt', 'text/plain')];
            const text = async (folder, name) => (await (await folder.getFileHandle(name)).getFile()).text();
            const saved = await text(place, 'saved');
            globalThis.showSaveFilePicker = async () => { throw new DOMException('no', 'AbortError'); };
            outcomes.push(await save.save(id, 1, 'n', 'text/plain'), await save.save('ff'.repeat(16), 1, 'n', ''));
            globalThis.showDirectoryPicker = async () => place;
            const names = JSON.stringify([[1, 'x.tar', ['d', 'e'], ''], [2, 'x.tar', ['d', 'e'], '']]);
            outcomes.push(await save.saveAll(id, names));
            const inner = await (await place.getDirectoryHandle('d')).getDirectoryHandle('e');
            const both = await text(inner, 'x.tar') + '|' + await text(inner, 'x (2).tar');
            // Without a picker it is a download, under its name; a page is nothing but bytes.
            delete globalThis.showSaveFilePicker; globalThis.showSaveFilePicker = undefined;
            const clicked = []; const click = HTMLAnchorElement.prototype.click;
            HTMLAnchorElement.prototype.click = function () { clicked.push([this.download, fetch(this.href).then(answer => answer.headers.get('Content-Type'))]); };
            outcomes.push(await save.save(id, 2, 'page.html', 'text/html'), await save.save(id, 2, 'p.svg', 'image/svg+xml'), await save.save(id, 1, 'p.png', 'image/png'));
            HTMLAnchorElement.prototype.click = click;
            const types = await Promise.all(clicked.map(async ([name, type]) => name + '=' + await type));
            const urls = [await save.url(id, 1, 'image/png'), await save.url(id, 1, 'image/svg+xml'), await save.url(id, 1, 'text/html'), await save.url('ff'.repeat(16), 1, 'image/png')].map(one => one.slice(0, 5));
            return [outcomes.join(), asked.join(), saved, both, types.join(), urls.join()].join(' ');
            """);
        Assert.Equal("0,1,2,0,0,0,0 nàme.txt hello hello|<script> page.html=application/octet-stream,p.svg=application/octet-stream,p.png=image/png blob:,,,", seen);
    }

    [Fact]
    public async Task A_voice_note_has_its_length_and_its_loudness()
    {
        var seen = await page.RunAsync<string>(Begin + """
            const voice = await import('/files-voice.js');
            const levels = []; voice.listen({ VoiceLevel: level => levels.push(level) });
            if (!await voice.start()) return 'not started';
            await until('loud', () => levels.length > 15 && levels.some(level => level > 0.01));
            const kept = await voice.stop(true), again = await voice.stop(true);
            const made = JSON.parse(kept).files[0], prepared = (await prepare(kept)).items[0];
            await voice.start(); const thrown = await voice.stop(false);
            const wave = atob(prepared.waveform);
            const audio = document.createElement('audio'); audio.src = await save.url(id, 1, prepared.type); await new Promise((resolve, reject) => { audio.onloadeddata = resolve; audio.onerror = reject; });
            return [made.kind, made.size > 500, made.seconds > 1, /^voice-.*\.weba$/.test(made.name), made.type, wave.length > 10 && wave.length <= 128, [...wave].some(one => one.charCodeAt(0) > 2), again, thrown].join();
            """);
        Assert.Equal("2,true,true,true,audio/webm,true,true,,", seen);
    }

    [Fact]
    public async Task A_video_has_a_poster_and_what_is_none_is_sent_all_the_same()
    {
        var seen = await page.RunAsync<string>(Begin + """
            const canvas = document.createElement('canvas'); canvas.width = 320; canvas.height = 180;
            const paint = canvas.getContext('2d'), recorder = new MediaRecorder(canvas.captureStream(20), { mimeType: 'video/webm' }), parts = [];
            recorder.ondataavailable = ({ data }) => parts.push(data);
            recorder.start();
            for (let i = 0; i < 30; i++) { paint.fillStyle = i % 2 ? '#0a0' : '#0b0'; paint.fillRect(0, 0, 320, 180); await new Promise(r => setTimeout(r, 30)); }
            await new Promise(resolve => { recorder.onstop = resolve; recorder.stop(); });
            const video = new File(parts, 'v.webm', { type: 'video/webm' }), broken = new File(['nothing'], 'b.mp4', { type: 'video/mp4' });
            const given = pick.keep([{ ...one(video), kind: 3 }, { ...one(broken), kind: 3 }]);
            const made = await prepare(given);
            const peeked = [await pick.peek(JSON.parse(given).id, 0), await pick.peek(JSON.parse(given).id, 1)].map(url => url.slice(0, 5));
            const [good, bad] = made.items;
            const bitmap = await createImageBitmap(await (await fetch('data:;base64,' + good.preview)).blob());
            return [made.outcome, good.width, good.height, bitmap.width > bitmap.height, bad.width, bad.preview, bad.size, peeked].join();
            """);
        Assert.Equal("0,320,180,true,0,,7,blob:,", seen);
    }

    [Fact]
    public async Task What_was_shared_is_taken_once()
    {
        var seen = await page.RunAsync<string>(Begin + """
            const cache = await caches.open('shared-files');
            await cache.put('/shared/0', new Response(new Blob(['abc']), { headers: { 'Content-Type': 'text/plain', 'dapari-name': encodeURIComponent('ä b.txt') } }));
            const first = JSON.parse(await pick.takeShared()), second = await pick.takeShared();
            return JSON.stringify([first.files, second]);
            """);
        Assert.Equal("""[[{"name":"ä b.txt","folder":[],"size":3,"type":"text/plain","kind":0,"seconds":0}],""]""", seen);
    }
}
