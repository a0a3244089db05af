using System.Text;
using CsCheck;
using Dapari.Peer.Store;
using Dapari.Peer.Files;

namespace Dapari.Peer.Tests.Files;

public sealed class FileJudgementTests
{
    public static TheoryData<string, SniffedType> Heads => new()
    {
        { "89504E470D0A1A0A0000000D49484452", SniffedType.Png },
        { "FFD8FFE000104A46494600", SniffedType.Jpeg },
        { Hex("GIF89a...."), SniffedType.Gif },
        { Hex("RIFF....WEBPVP8 "), SniffedType.WebP },
        { Hex("....ftypavif...."), SniffedType.OtherPicture },
        { Hex("....ftypheic...."), SniffedType.OtherPicture },
        { "49492A0008000000", SniffedType.OtherPicture },
        { "424D4600000000000000360000002800", SniffedType.OtherPicture },
        { Hex("RIFF....WAVEfmt "), SniffedType.Audio },
        { Hex("ID3....."), SniffedType.Audio },
        { "FFFB9064000000", SniffedType.Audio },
        { Hex("OggS...."), SniffedType.Audio },
        { Hex("fLaC...."), SniffedType.Audio },
        { Hex("....ftypM4A ...."), SniffedType.Audio },
        { Hex("....ftypisom...."), SniffedType.Video },
        { Hex("....ftypqt  ...."), SniffedType.Video },
        { "1A45DFA3934282", SniffedType.Video },
        { Hex("RIFF....AVI LIST"), SniffedType.Video },
        { Hex("%PDF-1.7\n"), SniffedType.Pdf },
        { Hex("junk before %PDF-1.7\n"), SniffedType.Pdf },
        { "504B030414000000", SniffedType.Zip },
        { "1F8B0800", SniffedType.Archive },
        { "377ABCAF271C0004", SniffedType.Archive },
        { Hex("Rar!....") , SniffedType.Archive },
        { "FD377A585A000004", SniffedType.Archive },
        { "28B52FFD2400", SniffedType.Archive },
        { "4D5A90000300000004000000FFFF0000", SniffedType.Program },
        { "7F454C4602010100", SniffedType.Program },
        { "CFFAEDFE07000001", SniffedType.Program },
        { "CAFEBABE00000034", SniffedType.Program },
        { "0061736D01000000", SniffedType.Program },
        { Hex("#!/bin/sh\nrm -rf"), SniffedType.Script },
        { "4C0000000114020000000000C0000000", SniffedType.Shortcut },
        { "D0CF11E0A1B11AE1", SniffedType.Compound },
        { Hex("<svg xmlns='http://www.w3.org/2000/svg'>"), SniffedType.Svg },
        { Hex("<?xml version='1.0'?><!-- x --><SVG onload=alert(1)>"), SniffedType.Svg },
        { "FEFF" + string.Concat("<svg>".Select(letter => "00" + ((int)letter).ToString("X2", null))), SniffedType.Svg },
        { Hex("\n\n <!DOCTYPE html><p>"), SniffedType.Html },
        { Hex("hello <script>alert(1)</script>"), SniffedType.Html },
        { Hex("<?xml version='1.0'?><feed/>"), SniffedType.Xml },
        { Hex("Mzungu means wanderer"), SniffedType.Text },
        { Hex("MZ is a fine beginning of a text"), SniffedType.Text },
        { "00010203", SniffedType.Unknown },
        { "", SniffedType.Unknown },
    };

    [Theory]
    [MemberData(nameof(Heads))]
    public void First_bytes_tell_the_type(string head, SniffedType type) => Assert.Equal(type, FileSniffer.Sniff(Convert.FromHexString(head)));

    [Theory]
    [InlineData("a.png", "image/png", "89504E470D0A1A0A", FileWarning.Unspecified, "image/png", true)]
    [InlineData("a.png", "image/svg+xml", "89504E470D0A1A0A", FileWarning.Unspecified, "image/png", true)]
    [InlineData("a.jpg", "image/jpeg", "89504E470D0A1A0A", FileWarning.TypeDiffers, "image/png", true)]
    [InlineData("a.jpg", "image/jpeg", "4D5A900003000000", FileWarning.DisguisedProgram, "application/octet-stream", false)]
    [InlineData("a.txt", "text/plain", "23212F62696E2F7368", FileWarning.DisguisedProgram, "application/octet-stream", false)]
    [InlineData("a.jpg.exe", "image/jpeg", "FFD8FFE0", FileWarning.DisguisedProgram, "image/jpeg", true)]
    [InlineData("a.exe", "application/x-msdownload", "4D5A900003000000", FileWarning.Program, "application/octet-stream", false)]
    [InlineData("a.bat", "text/plain", "4065", FileWarning.Program, "text/plain", false)]
    [InlineData("run", "", "23212F62696E2F7368", FileWarning.Program, "application/octet-stream", false)]
    [InlineData("a.svg", "image/svg+xml", "3C7376673E", FileWarning.ActiveContent, "application/octet-stream", false)]
    [InlineData("a.png", "image/png", "3C7376673E", FileWarning.TypeDiffers, "application/octet-stream", false)]
    [InlineData("page.html", "text/html", "3C68746D6C3E", FileWarning.ActiveContent, "application/octet-stream", false)]
    [InlineData("notes.txt", "text/plain", "3C68746D6C3E", FileWarning.TypeDiffers, "application/octet-stream", false)]
    [InlineData("notes.txt", "text/plain", "68656C6C6F", FileWarning.Unspecified, "text/plain", false)]
    [InlineData("notes.txt", "text/html", "68656C6C6F", FileWarning.Unspecified, "application/octet-stream", false)]
    [InlineData("notes.txt", "text/plain", "", FileWarning.Unspecified, "application/octet-stream", false)]
    [InlineData("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "504B0304", FileWarning.Unspecified,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", false)]
    [InlineData("a.zip", "application/xhtml+xml", "504B0304", FileWarning.Unspecified, "application/octet-stream", false)]
    [InlineData("a.mp3", "audio/mpeg\r\nX: y", "494433040000", FileWarning.Unspecified, "application/octet-stream", false)]
    [InlineData("a.mp3", "audio/mpeg", "494433040000", FileWarning.Unspecified, "audio/mpeg", false)]
    public void A_file_is_judged_by_its_bytes_first(string name, string claimed, string head, FileWarning warning, string type, bool picture)
    {
        var judgement = FileJudgement.Judge(FileName.Clean(name), claimed, Convert.FromHexString(head));
        Assert.Equal(warning, judgement.Warning);
        Assert.Equal(type, judgement.MediaType);
        Assert.Equal(picture, judgement.IsShownAsPicture);
    }

    [Fact]
    public void Only_small_raster_pictures_are_previews()
    {
        Assert.True(FileJudgement.MayShowPreview(Convert.FromHexString("FFD8FFE000104A46494600")));
        Assert.False(FileJudgement.MayShowPreview(Encoding.UTF8.GetBytes("<svg/>")));
        Assert.False(FileJudgement.MayShowPreview(Encoding.UTF8.GetBytes("GIF89a")));
        Assert.False(FileJudgement.MayShowPreview([]));
        Assert.False(FileJudgement.MayShowPreview([.. Convert.FromHexString("FFD8FFE0"), .. new byte[Wire.WireLimits.PreviewBytes]]));
    }

    [Fact]
    public void No_bytes_throw_and_none_make_a_type_that_runs_in_a_page() => Gen.Select(Gen.Byte.Array[0, 1500], Gen.String, Gen.String).Sample(
        (head, name, claimed) =>
        {
            var judgement = FileJudgement.Judge(FileName.Clean(name), claimed, head);
            Assert.DoesNotContain("html", judgement.MediaType, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("svg", judgement.MediaType, StringComparison.OrdinalIgnoreCase);
        });

    private static string Hex(string text) => Convert.ToHexString(Encoding.Latin1.GetBytes(text.Replace("....", "\0\0\u0001\u0018", StringComparison.Ordinal)));
}
