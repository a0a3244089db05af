using Dapari.Server.Options;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>The settings of a store, and what is wrong with wrong ones.</summary>
public sealed class S3SettingsTests
{
    private static readonly string[] Store = ["--blob-s3-endpoint", "https://store.example:9000", "--blob-s3-bucket", "drop-offs", "--blob-s3-key-id", "AKIA"];

    [Fact]
    public void A_store_is_named_by_options_and_its_secret_by_a_variable()
    {
        Assert.Empty(Read([.. Store, "--blob-s3-prefix", "a/b", "--blob-s3-region", "eu-1", "--blob-s3-style", "host"], "geheim", out var options));
        var s3 = options.Blobs.S3!;
        Assert.Equal((new Uri("https://store.example:9000"), "drop-offs", "eu-1", "AKIA", "geheim", "a/b/", true), (s3.Endpoint, s3.Bucket, s3.Region, s3.KeyId, s3.Secret.Reveal(), s3.Prefix, s3.IsBucketInHost));
        Assert.DoesNotContain("geheim", options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_is_read_from_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "geheim\n");
            Assert.Empty(Read([.. Store, "--blob-s3-secret-file", file], null, out var options));
            Assert.Equal("geheim", options.Blobs.S3!.Secret.Reveal());
            File.WriteAllText(file, "\n");
            Assert.Contains(Read([.. Store, "--blob-s3-secret-file", file], null, out _), e => e.EndsWith("is empty", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Contains(Read([.. Store, "--blob-s3-secret-file", file], null, out _), e => e.EndsWith("cannot be read", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--blob-s3-secret", "geheim")]
    [InlineData("--blob-s3-secret=geheim", null)]
    public void A_secret_is_refused_on_the_command_line_and_not_repeated(string option, string? value)
    {
        var errors = Read([.. Store, option, .. value is null ? [] : new[] { value }], null, out var options);
        Assert.Contains(errors, e => e.Contains("DAPARI_BLOB_S3_SECRET", StringComparison.Ordinal));
        Assert.DoesNotContain(errors, e => e.Contains("geheim", StringComparison.Ordinal));
        Assert.True(options.Blobs.S3!.Secret.IsEmpty);
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Equal(3, Read(["--blob-s3-endpoint", "https://store.example"], null, out _).Count); // Bucket, key, secret.
        Assert.Contains(Read(["--blob-s3-bucket", "abc", "--blob-s3-key-id", "k"], "s", out _), e => e.Contains("--blob-s3-endpoint", StringComparison.Ordinal));
        Assert.Contains(Read([.. Store, "--blob-folder", "/tmp/x"], "s", out _), e => e.Contains("one of the two", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--blob-s3-endpoint", "store.example")]
    [InlineData("--blob-s3-endpoint", "ftp://store.example")]
    [InlineData("--blob-s3-endpoint", "https://store.example/path")]
    [InlineData("--blob-s3-bucket", "a")]
    [InlineData("--blob-s3-bucket", "a/b/c")]
    [InlineData("--blob-s3-bucket", "UPPER")]
    [InlineData("--blob-s3-region", "eu 1")]
    [InlineData("--blob-s3-key-id", "a/b")]
    [InlineData("--blob-s3-prefix", "../x")]
    [InlineData("--blob-s3-prefix", "/x")]
    [InlineData("--blob-s3-prefix", "a b")]
    [InlineData("--blob-s3-style", "other")]
    public void What_is_malformed_is_refused(string option, string value) => Assert.NotEmpty(Read([.. Store, option, value], "s", out _));

    private static IReadOnlyList<string> Read(string[] arguments, string? secret, out ServerOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-options-").FullName;
        try
        {
            OptionsReader.TryRead(["--data", folder, .. arguments], name => name == "DAPARI_BLOB_S3_SECRET" ? secret : null, out options, out var errors);
            return errors;
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }
}
