using Dapari.Server.Blobs.S3;
using Xunit;

namespace Dapari.Server.Tests.S3;

/// <summary>The examples that Amazon publishes (S3 API Reference, "Authenticating Requests: Using the Authorization Header", "Examples: Signature Calculations").</summary>
public sealed class S3SignerTests
{
    private static readonly S3Serving Example = new() { KeyId = "AKIAIOSFODNN7EXAMPLE", Secret = new S3Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Region = "us-east-1" };

    [Fact]
    public void A_range_of_an_object() => Signed("f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41", "GET", "/test.txt", [], [("range", "bytes=0-9")]);

    [Fact]
    public void An_object_that_is_put() => Signed(
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd", "PUT", "/test%24file.text", [],
        [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")], "Welcome to Amazon S3."u8.ToArray());

    [Fact]
    public void A_question_without_a_value() => Signed("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543", "GET", "/", [("lifecycle", "")], []);

    [Fact]
    public void A_list_of_objects() => Signed("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7", "GET", "/", [("prefix", "J"), ("max-keys", "2")], []);

    [Fact]
    public void Neither_the_secret_nor_what_holds_it_prints_it()
    {
        Assert.DoesNotContain("EXAMPLEKEY", Example.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("EXAMPLEKEY", Example.Secret.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "https://store.example:9000", "/bucket-1/a/b")]
    [InlineData(true, "https://bucket-1.store.example:9000", "/a/b")]
    public void A_bucket_is_in_the_path_or_in_the_host(bool inHost, string origin, string path)
    {
        var at = (Example with { Endpoint = new Uri("https://store.example:9000"), Bucket = "bucket-1", IsBucketInHost = inHost }).At("a/b");
        Assert.Equal((new Uri(origin), path), at);
    }

    private static void Signed(string signature, string method, string path, (string, string)[] query, (string Name, string Value)[] more, byte[]? body = null)
    {
        const string Stamp = "20130524T000000Z";
        Assert.Equal(Stamp, S3Signer.Stamp(new DateTimeOffset(2013, 5, 24, 0, 0, 0, TimeSpan.Zero)));
        var hash = S3Signer.Hash(body);
        var headers = S3Signer.Headers();
        foreach (var (name, value) in more.Append(("host", "examplebucket.s3.amazonaws.com")).Append(("x-amz-date", Stamp)).Append(("x-amz-content-sha256", hash)))
            headers[name] = value;
        var value2 = S3Signer.Sign(Example, method, path, S3Signer.Query(query), headers, Stamp, hash);
        Assert.StartsWith("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=", value2, StringComparison.Ordinal);
        Assert.EndsWith($",Signature={signature}", value2, StringComparison.Ordinal);
    }
}
