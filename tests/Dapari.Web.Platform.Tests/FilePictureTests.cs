using Xunit;

namespace Dapari.Web.Platform.Tests;

/// <summary>What pictures say of themselves goes, the picture stays; previews are small; what is none is left alone.</summary>
public sealed class FilePictureTests(FilePage page) : IClassFixture<FilePage>
{
    private const string Pictures = """
        const { strip, dimensions } = await import('/files-strip.js');
        const text = new TextEncoder(), latin = async blob => new TextDecoder('latin1').decode(await blob.arrayBuffer());
        const canvas = new OffscreenCanvas(64, 32), paint = canvas.getContext('2d');
        paint.fillStyle = '#c00'; paint.fillRect(0, 0, 32, 32); paint.fillStyle = '#00c'; paint.fillRect(32, 0, 32, 32);
        const made = type => canvas.convertToBlob({ type, quality: 0.9 });
        const join = (...parts) => new Blob(parts);
        // Exif: turned by orientation 6, with a second entry, and GPS as plain words behind it.
        const tiff = () => Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, 2, 0, 0x0f, 1, 2, 0, 1, 0, 0, 0, 65, 0, 0, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, ...text.encode('GPS-SECRET'));
        const part = (marker, body) => Uint8Array.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255, ...body);
        const crcOf = bytes => { let crc = -1; for (const byte of bytes) { crc ^= byte; for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0xedb88320 : crc >>> 1; } return ~crc >>> 0; };
        const chunk = (kind, body) => { const bytes = new Uint8Array(12 + body.length), view = new DataView(bytes.buffer); view.setUint32(0, body.length); bytes.set(text.encode(kind), 4); bytes.set(body, 8); view.setUint32(8 + body.length, crcOf(bytes.subarray(4, 8 + body.length))); return bytes; };
        const riff = (kind, body) => { const bytes = new Uint8Array(8 + body.length + (body.length & 1)); bytes.set(text.encode(kind)); new DataView(bytes.buffer).setUint32(4, body.length, true); bytes.set(body, 8); return bytes; };
        const pixels = async blob => { const bitmap = await createImageBitmap(blob); const seen = new OffscreenCanvas(bitmap.width, bitmap.height), context = seen.getContext('2d'); context.drawImage(bitmap, 0, 0); const at = (x, y) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(one => one > 100 ? 1 : 0).join(''); return bitmap.width + 'x' + bitmap.height + ' ' + at(3, 3) + ' ' + at(bitmap.width - 4, bitmap.height - 4); };

        """;

    [Theory]
    [InlineData("image/jpeg")]
    [InlineData("image/png")]
    [InlineData("image/webp")]
    public async Task Places_and_cameras_go_and_the_picture_and_how_it_is_turned_stay(string type)
    {
        var seen = await page.RunAsync<string>(Pictures + $"const type = '{type}';" + """
            const plain = new Uint8Array(await (await made(type)).arrayBuffer());
            let dirty;
            if (type === 'image/jpeg') dirty = join(plain.slice(0, 2), part(0xe1, [...text.encode('Exif\0\0'), ...tiff()]), part(0xe1, text.encode('http://ns.adobe.com/xap/1.0/\0XMP-SECRET')), part(0xed, text.encode('IPTC-SECRET')), part(0xfe, text.encode('NOTE-SECRET')), plain.slice(2), text.encode('TRAILER-SECRET'));
            else if (type === 'image/png') dirty = join(plain.slice(0, 33), chunk('eXIf', tiff()), chunk('tEXt', text.encode('a\0TEXT-SECRET')), plain.slice(33), text.encode('TRAILER-SECRET'));
            else {
              const extended = riff('VP8X', Uint8Array.of(0x0c, 0, 0, 0, 63, 0, 0, 31, 0, 0));
              const body = join(text.encode('WEBP'), extended, plain.slice(new TextDecoder().decode(plain.slice(12, 16)) === 'VP8X' ? 30 : 12), riff('EXIF', tiff()), riff('XMP ', text.encode('XMP-SECRET')));
              const head = new Uint8Array(8); head.set(text.encode('RIFF')); new DataView(head.buffer).setUint32(4, body.size, true);
              dirty = join(head, body, text.encode('TRAILER-SECRET'));
            }
            dirty = new Blob([dirty], { type });
            const clean = await strip(dirty), again = await strip(clean);
            const { width, height } = await dimensions(clean);
            return [(await latin(dirty)).includes('SECRET'), (await latin(clean)).includes('SECRET'), await pixels(clean) === await pixels(dirty), clean.size < dirty.size, again.size === clean.size, width, height, clean.type].join(' ');
            """);
        Assert.Equal($"true false true true true 64 32 {type}", seen);
    }

    private const string Boxes = """
        const box = (kind, ...parts) => { const body = parts.map(one => typeof one === 'string' ? [...text.encode(one)] : [...one]).flat(); const bytes = new Uint8Array(8 + body.length); new DataView(bytes.buffer).setUint32(0, bytes.length); bytes.set(text.encode(kind), 4); bytes.set(body, 8); return bytes; };
        const times = version => [version, 0, 0, 0, ...text.encode(version ? 'TIME-SECRET-BYTE' : 'T-SECRET'), 1, 2, 3, 4];
        const film = () => new Blob([
          box('ftyp', 'isom', [0, 0, 0, 0]),
          box('moov', box('mvhd', times(0)), box('trak', box('tkhd', times(1)), box('udta', box('name', 'NAME-SECRET')), box('mdia', box('mdhd', times(0)), box('hdlr', 'kept'))), box('udta', 'XYZ-SECRET'), box('meta', 'KEYS-SECRET')),
          box('uuid', 'XMP-SECRET'), box('mdat', 'the picture itself')]);
        // HEIF: an item of each kind; the one that is the picture is at the end.
        const still = () => {
          const u16 = n => [n >> 8, n & 255], u32 = n => [n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255];
          const entry = (id, kind) => box('infe', [2, 0, 0, 0], u16(id), [0, 0], kind, [0]);
          const make = start => [box('ftyp', 'heic', [0, 0, 0, 0]), box('meta', [0, 0, 0, 0], box('hdlr', 'pict'),
            box('iinf', [0, 0, 0, 0], u16(3), entry(1, 'hvc1'), entry(2, 'Exif'), entry(3, 'mime')),
            box('iloc', [1, 0, 0, 0], [0x44, 0x00], u16(3),
              u16(1), u16(0), u16(0), u16(1), u32(start + 21), u32(18),
              u16(2), u16(0), u16(0), u16(1), u32(start), u32(11),
              u16(3), u16(0), u16(0), u16(1), u32(start + 11), u32(10)))];
          const head = make(0).reduce((sum, one) => sum + one.length, 0) + 8;
          return new Blob([...make(head), box('mdat', 'Exif-SECRET', 'XMP-SECRET', 'the picture itself')]);
        };

        """;

    [Theory]
    [InlineData("film")]
    [InlineData("still")]
    public async Task Of_videos_and_HEIF_what_tells_is_overwritten_and_nothing_moves(string which)
    {
        var seen = await page.RunAsync<string>(Pictures + Boxes + $"const dirty = {which}();" + """
            const clean = await strip(dirty), before = await latin(dirty), after = await latin(clean);
            const again = await latin(await strip(clean));
            return [before.includes('SECRET'), after.includes('SECRET'), clean.size === dirty.size, after.indexOf('the picture itself') === before.indexOf('the picture itself'), again === after].join(' ');
            """);
        Assert.Equal("true false true true true", seen);
    }

    [Fact]
    public async Task Of_boxes_that_are_cut_off_twisted_or_endless_nothing_is_lost()
    {
        var seen = await page.RunAsync<string>(Pictures + Boxes + """
            const said = [];
            for (const whole of [film(), still()]) {
              const plain = new Uint8Array(await whole.arrayBuffer());
              for (let at = 0; at < plain.length; at++) {
                if ((await strip(new Blob([plain.slice(0, at)]))).size !== at) said.push('cut ' + at);
                for (const change of [0xff, 0x01, 0x80]) {
                  const twisted = plain.slice(); twisted[at] ^= change;
                  if ((await strip(new Blob([twisted]))).size !== plain.length) said.push('twisted ' + at);
                }
              }
            }
            // A box in a box in a box, and boxes of nothing.
            let deep = box('moov'); for (let i = 0; i < 40; i++) deep = box('moov', deep);
            const many = new Blob([box('ftyp', 'isom'), ...Array.from({ length: 9000 }, () => box('free'))]);
            for (const odd of [new Blob([box('ftyp', 'isom'), deep]), many]) if (await strip(odd) !== odd) said.push('odd');
            return said.join(' ');
            """);
        Assert.Equal("", seen);
    }

    [Fact]
    public async Task What_is_cut_off_twisted_or_no_picture_is_left_as_it_is()
    {
        var seen = await page.RunAsync<string>(Pictures + """
            const said = [];
            for (const type of ['image/jpeg', 'image/png', 'image/webp']) {
              const plain = new Uint8Array(await (await made(type)).arrayBuffer());
              for (let at = 1; at < plain.length; at += Math.max(1, Math.floor(plain.length / 60))) {
                const cut = await strip(new Blob([plain.slice(0, at)])); if (cut.size > at + 64) said.push('cut grew');
                const twisted = plain.slice(); twisted[at] ^= 0xff; await strip(new Blob([twisted])); await dimensions(new Blob([twisted]));
              }
            }
            for (const bytes of [[], [0xff], [0xff, 0xd8], Array(100).fill(0xff), [0xff, 0xd8, ...Array(100).fill(0xff)], [0xff, 0xd8, 0xff, 0xe1, 0, 0, ...Array(30).fill(1)]]) {
              const blob = new Blob([Uint8Array.from(bytes)]); if (await strip(blob) !== blob) said.push('changed'); if (await dimensions(blob)) said.push('sized');
            }
            return said.join();
            """);
        Assert.Equal("", seen);
    }

    [Fact]
    public async Task Pictures_are_prepared_with_small_previews_and_without_what_they_say()
    {
        var seen = await page.RunAsync<string>(FilePage.Begin + """
            const canvas = new OffscreenCanvas(1200, 900), paint = canvas.getContext('2d'), noise = paint.createImageData(1200, 900);
            for (let at = 0; at < noise.data.length; at += 65536) crypto.getRandomValues(noise.data.subarray(at, at + 65536));
            for (let at = 3; at < noise.data.length; at += 4) noise.data[at] = 255;
            paint.putImageData(noise, 0, 0);
            const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer()), note = new TextEncoder().encode('\u00ff'.slice(1) + 'HERE-SECRET');
            const comment = Uint8Array.of(0xff, 0xfe, 0, note.length + 2, ...note);
            const photo = new File([jpeg.slice(0, 2), comment, jpeg.slice(2)], 'p.jpg', { type: 'image/jpeg' });
            const bomb = new Uint8Array(64); bomb.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 1, 0, 0, 0, 1, 0, 0]);
            const picked = [...Array(12).fill(photo), new File([bomb], 'bomb.png', { type: 'image/png' })];
            const make = keeps => files[0].ask('prepare', id, picked.map(file => ({ file, kind: 1, picture: null, width: 0, height: 0 })), keeps);
            const made = await make(false); await files[0].ask('keepManifest', id, new Uint8Array(0));
            const there = await (await files[0].ask('blob', id, 1, '')).text();
            const previews = made.items.map(one => one.preview.length), sum = previews.reduce((all, one) => all + one, 0);
            const bitmap = await createImageBitmap(new Blob([made.items[0].preview]));
            const kept = await make(true); await files[0].ask('keepManifest', id, new Uint8Array(0));
            const whole = await (await files[0].ask('blob', id, 1, '')).text();
            return [there.includes('SECRET'), whole.includes('SECRET'), sum <= 32768, Math.max(...previews) <= 12288, previews[0] > 0, previews[12], made.items[0].width, made.items[0].height, bitmap.width > bitmap.height, kept.items[0].size - made.items[0].size === comment.length].join();
            """);
        Assert.Equal("false,true,true,true,true,0,1200,900,true,true", seen);
    }
}
