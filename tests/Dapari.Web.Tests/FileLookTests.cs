using CsCheck;
using Dapari.Peer.Store;
using Dapari.Web.State;
using Dapari.Web.Text;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Web.Tests;

public sealed class FileLookTests
{
    private static FileEntry Picture => new() { Name = "sea.jpg", MediaType = "image/jpeg", Kind = FileKind.Picture };

    [Theory]
    [InlineData("image/svg+xml", FileWarning.Unspecified, false)]
    [InlineData("text/html", FileWarning.Unspecified, false)]
    [InlineData("image/jpeg", FileWarning.TypeDiffers, false)]
    [InlineData("image/jpeg", FileWarning.DisguisedProgram, false)]
    [InlineData("image/jpeg", FileWarning.Unspecified, true)]
    [InlineData("image/webp", FileWarning.Unspecified, true)]
    public void Only_raster_pictures_that_nothing_speaks_against_are_drawn(string type, FileWarning warning, bool shown)
    {
        var file = Picture;
        (file.MediaType, file.Warning) = (type, warning);
        Assert.Equal(shown, FileLook.IsPicture(file));
        Assert.Equal(shown ? type : "application/octet-stream", FileLook.SafeType(file));
    }

    [Fact]
    public void A_double_extension_is_warned_of_before_its_bytes_are_here()
    {
        var file = new FileEntry { Name = "bill.pdf.exe", DoubleExtension = true };
        Assert.Equal(FileWarning.DisguisedProgram, FileLook.WarningOf(file));
        Assert.Equal("alert", FileLook.IconOf(file));
    }

    [Fact]
    public void A_box_is_never_extreme_whatever_its_sender_says() => Gen.Select(Gen.UInt, Gen.UInt).Sample(size =>
    {
        var (width, height) = FileLook.Box(new FilePreview { Width = size.Item1, Height = size.Item2 });
        return width == 320 && height is >= 160 and <= 448;
    });

    [Fact]
    public void Percents_stay_within_bounds_and_are_a_hundred_only_when_all_is_there() => Gen.Select(Gen.ULong, Gen.ULong).Sample(bytes =>
    {
        var percent = FileLook.Percent(bytes.Item1, bytes.Item2);
        return percent is >= 0 and <= 100 && (percent == 100) == (bytes.Item2 != 0 && bytes.Item1 >= bytes.Item2);
    });

    [Fact]
    public void A_waveform_has_its_bars_whatever_came() => Gen.Byte.Array[0, 300].Sample(loudness =>
        FileLook.Waveform(loudness) is { Length: FileLook.Bars } bars && bars.All(bar => bar is >= 2 and <= 24));

    [Fact]
    public void Titles_say_what_it_is()
    {
        var t = Texts.English;
        Assert.Equal("Picture", Title(Picture));
        Assert.Equal("3 pictures", Title(Picture, Picture, Picture));
        Assert.Equal("Voice note 00:07", Title(new FileEntry { Kind = FileKind.Voice, MediaType = "audio/webm", Preview = new FilePreview { DurationMs = 7400 } }));
        Assert.Equal("Folder trip, 2 files", Title(In("trip"), In("trip")));
        Assert.Equal("a.pdf", Title(new FileEntry { Name = "a.pdf" }));
        Assert.Equal("9 files", FileLook.Title(new FileRecord { ItemCount = 9 }, t, "9"));

        string Title(params FileEntry[] files) => FileLook.Title(new FileRecord { Files = { files }, ItemCount = (uint)files.Length }, t, $"{files.Length}");
        static FileEntry In(string folder) => new() { Name = "x", Folder = { folder } };
    }

    [Fact]
    public void Bytes_by_https_are_shown_by_themselves()
    {
        Assert.Equal(
            [(Route.Direct, true, 7ul), (Route.Direct, false, 2ul), (Route.Relay, false, 1ul)],
            FileLook.Parts([new FileRouteShare { Route = Route.Direct, Bytes = 9, HttpsBytes = 7 }, new FileRouteShare { Route = Route.Relay, Bytes = 1 }]));
        Assert.Equal([(Route.Direct, true, 7ul)], FileLook.Parts([new FileRouteShare { Route = Route.Direct, Bytes = 7, HttpsBytes = 7 }]));
    }

    [Fact]
    public void The_way_of_an_entry_is_the_one_that_most_bytes_took()
    {
        var end = new FileEnd { Shares = { new FileRouteShare { Route = Route.Direct, Bytes = 3 }, new FileRouteShare { Route = Route.DropOff, Bytes = 5 } } };
        Assert.Equal(Route.DropOff, FileLook.MainRoute(end.Shares));
        Assert.Equal(5ul, FileLook.CrossedServer(end.Shares));
        var message = Make.Message(1);
        (message.Kind, message.File) = (MessageKind.Files, new FileRecord { End = end });
        Assert.Equal(Route.DropOff, ChatRows.RouteOf(message));
        message.File.End = null;
        Assert.Equal(Route.Unspecified, ChatRows.RouteOf(message));
        Assert.Equal("0 files", ChatRows.Preview(Clear(message), Texts.English));

        static MessageRecord Clear(MessageRecord message)
        {
            message.Text = "";
            return message;
        }
    }
}
