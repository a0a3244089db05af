using Dapari.Server.Blobs.S3;
using Dapari.Wire;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>Names of pieces, and what stores say.</summary>
public sealed class S3NamesTests
{
    private const int Whole = S3Names.PieceBytes;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, Whole - 1)]
    [InlineData(0, Whole)]
    [InlineData(7, 12_345)]
    [InlineData(0x1_2345_6789, Whole)]
    public void A_name_says_where_its_piece_ends(long piece, int length)
    {
        var file = RandomSource.System.Bytes(16);
        var serving = new S3Serving { Prefix = "a/" };
        var name = S3Names.Piece(S3Names.Folder(serving, file), piece, length);
        Assert.True(S3Names.TryRead(name.AsSpan(2), out var found, out var end));
        Assert.Equal((Convert.ToHexStringLower(file), (piece * Whole) + length), (found, end));
    }

    [Theory]
    [InlineData("")]
    [InlineData("dapari-owner")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("0123456789abcdef0123456789abcdef/")]
    [InlineData("0123456789ABCDEF0123456789abcdef/00000000")]
    [InlineData("0123456789abcdef0123456789abcdef/x")]
    [InlineData("0123456789abcdef0123456789abcdef/00000000-")]
    [InlineData("0123456789abcdef0123456789abcdef/00000000-0")]
    [InlineData("0123456789abcdef0123456789abcdef/00000000-400000")]
    [InlineData("0123456789abcdef0123456789abcdef/00000000-ffffffff")]
    [InlineData("0123456789abcdef0123456789abcdef/7fffffffffffffff")]
    [InlineData("0123456789abcdef0123456789abcdef/ffffffffffffffff")]
    [InlineData("0123456789abcdef0123456789abcdef/-1")]
    public void What_others_put_there_is_not_taken_for_ours(string name) => Assert.False(S3Names.TryRead(name, out _, out _));

    [Fact]
    public void A_list_is_read()
    {
        var page = S3Answer.Read("<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>3</Size></Contents><Contents><Key>b&amp;c</Key></Contents></ListBucketResult>");
        Assert.True(page.IsWhole && page.IsTruncated);
        Assert.Equal(["a", "b&c"], page.Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not XML")]
    [InlineData("<Error><Code>X</Code>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\">]><Error><Code>&a;</Code></Error>")]
    public void What_is_not_well_formed_is_told_from_an_empty_list(string text) => Assert.False(S3Answer.Read(text).IsWhole);
}
