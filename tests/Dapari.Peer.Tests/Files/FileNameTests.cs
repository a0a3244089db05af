using System.Globalization;
using System.Text;
using CsCheck;
using Dapari.Peer.Files;

namespace Dapari.Peer.Tests.Files;

public sealed class FileNameTests
{
    [Theory]
    [InlineData("holiday.jpg", "holiday.jpg", NameTrouble.None)]
    [InlineData("Zoë's résumé (final).pdf", "Zoë's résumé (final).pdf", NameTrouble.None)]
    [InlineData("写真.png", "写真.png", NameTrouble.None)]
    [InlineData("../../etc/passwd", "passwd", NameTrouble.Path)]
    [InlineData("..\\..\\Windows\\win.ini", "win.ini", NameTrouble.Path)]
    [InlineData("/etc/", "etc", NameTrouble.Path)]
    [InlineData("C:boot.txt", "boot.txt", NameTrouble.Path)]
    [InlineData("a/b\\c.txt", "c.txt", NameTrouble.Path)]
    [InlineData("..", "file", NameTrouble.Forbidden | NameTrouble.Empty)]
    [InlineData("", "file", NameTrouble.Empty)]
    [InlineData("   ", "file", NameTrouble.Empty)]
    [InlineData("///", "file", NameTrouble.Path | NameTrouble.Empty)]
    [InlineData("a\0b.txt", "ab.txt", NameTrouble.Invisible)]
    [InlineData("a\u0007b\u001b[31m.txt", "ab[31m.txt", NameTrouble.Invisible)]
    [InlineData("photo\u202Egpj.exe", "photogpj.exe", NameTrouble.Invisible)]
    [InlineData("a\u2066b\u2069\u200F.txt", "ab.txt", NameTrouble.Invisible)]
    [InlineData("in\u200Bvisible\uFEFF.txt", "invisible.txt", NameTrouble.Invisible)]
    [InlineData("a<b>:\"|?*.txt", "a_b______.txt", NameTrouble.Forbidden)]
    [InlineData("file.txt:stream", "file.txt_stream", NameTrouble.Forbidden)]
    [InlineData("name. . .", "name", NameTrouble.Forbidden)]
    [InlineData("name.txt ", "name.txt", NameTrouble.Forbidden)]
    [InlineData(" lead.txt", "lead.txt", NameTrouble.None)]
    [InlineData("many \t\r\n blanks.txt", "many blanks.txt", NameTrouble.None)]
    [InlineData("CON", "_CON", NameTrouble.Reserved)]
    [InlineData("con.txt", "_con.txt", NameTrouble.Reserved)]
    [InlineData("Lpt1.tar.gz", "_Lpt1.tar.gz", NameTrouble.Reserved)]
    [InlineData("COM¹.txt", "_COM¹.txt", NameTrouble.Reserved)]
    [InlineData("CONIN$", "_CONIN$", NameTrouble.Reserved)]
    [InlineData("console.txt", "console.txt", NameTrouble.None)]
    [InlineData("com10.txt", "com10.txt", NameTrouble.None)]
    [InlineData(".bashrc", "_.bashrc", NameTrouble.Hidden)]
    [InlineData("holiday.jpg.exe", "holiday.jpg.exe", NameTrouble.DoubleExtension)]
    [InlineData("invoice.PDF.Js", "invoice.PDF.Js", NameTrouble.DoubleExtension)]
    [InlineData("holiday.jpg                                   .exe", "holiday.jpg.exe", NameTrouble.Forbidden | NameTrouble.DoubleExtension)]
    [InlineData("archive.tar.gz", "archive.tar.gz", NameTrouble.None)]
    [InlineData("setup.exe", "setup.exe", NameTrouble.None)]
    [InlineData("v1.2.exe", "v1.2.exe", NameTrouble.None)]
    public void A_name_is_made_safe(string claimed, string clean, NameTrouble trouble) => Assert.Equal(new FileName(clean, trouble), FileName.Clean(claimed));

    [Fact]
    public void A_lone_half_of_a_pair_goes() => Assert.Equal("ab.txt", FileName.Clean("a\uD83Db.txt").Value);

    [Theory]
    [InlineData('x')]
    [InlineData('€')]
    public void A_long_name_keeps_its_extension(char letter)
    {
        var name = FileName.Clean(new string(letter, 5_000) + ".jpg.exe");
        Assert.True(name.Value.Length <= FileName.MaxLength && Encoding.UTF8.GetByteCount(name.Value) <= FileName.MaxBytes);
        Assert.EndsWith("….exe", name.Value, StringComparison.Ordinal);
        Assert.True(name.Trouble.HasFlag(NameTrouble.TooLong));
    }

    [Fact]
    public void Whatever_is_claimed_the_name_is_one_that_may_stand() =>
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["./\\ :a\u202E\0\uD83D€xCON1"], 0, 40]).Sample(
            claimed =>
            {
                var name = FileName.Clean(claimed).Value;
                Assert.Equal(name, FileName.Clean(name).Value);
                Assert.InRange(name.Length, 1, FileName.MaxLength);
                Assert.InRange(Encoding.UTF8.GetByteCount(name), 1, FileName.MaxBytes);
                Assert.DoesNotContain(name, letter => "/\\<>:\"|?*".Contains(letter, StringComparison.Ordinal) || char.IsControl(letter)
                    || char.GetUnicodeCategory(letter) == UnicodeCategory.Format);
                Assert.False(name[0] is '.' or ' ' || name[^1] is '.' or ' ');
                Assert.Equal(name, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)));
            },
            iter: 20_000);

    [Fact]
    public void No_two_files_of_a_folder_get_one_name()
    {
        var paths = new FilePaths();
        var folder = paths.AddFolder(["..", "Trip", "a/b", ".", "CON"]);
        Assert.Equal(["Trip", "b", "_CON"], folder);
        Assert.Equal("photo.jpg", paths.Add(folder, "photo.jpg").Value);
        Assert.Equal("PHOTO (2).JPG", paths.Add(folder, "PHOTO.JPG").Value);
        Assert.Equal("photo (3).jpg", paths.Add(folder, "pho\u200Bto.jpg").Value);
        Assert.Equal("photo.jpg", paths.Add([], "photo.jpg").Value);
        // No file takes the name of a folder.
        Assert.Equal("trip (2)", paths.Add([], "trip").Value);
    }

    [Fact]
    public void Ten_thousand_equal_names_take_no_square_of_time()
    {
        var paths = new FilePaths();
        var names = Enumerable.Range(0, 10_000).Select(_ => paths.Add([], "a.txt").Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.Equal(10_000, names.Count);
        Assert.Contains("a (10000).txt", names);
    }
}
