namespace Dapari.Server.Blobs.S3;

/// <summary>A bucket of a store that speaks S3, and the key to it.</summary>
internal sealed record S3Serving
{
    /// <summary>Scheme, host and port of the store.</summary>
    public Uri? Endpoint { get; init; }

    public string Bucket { get; init; } = "";

    /// <summary>Part of every signature; most stores other than Amazon's take any.</summary>
    public string Region { get; init; } = "us-east-1";

    public string KeyId { get; init; } = "";

    public S3Secret Secret { get; init; } = new("");

    /// <summary>What all names begin with; empty, or ending in a slash.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>True: bucket.host/name; false: host/bucket/name.</summary>
    public bool IsBucketInHost { get; init; }

    /// <summary>What all uploads together may hold in memory, in bytes; beyond, further ones are asked to come later.</summary>
    public long BufferBytes { get; init; } = 256L << 20;

    /// <summary>Where an object is, or the bucket itself; without a query.</summary>
    public (Uri Origin, string Path) At(string key)
    {
        var endpoint = Endpoint ?? throw new InvalidOperationException("There is no endpoint.");
        return IsBucketInHost
            ? (new UriBuilder(endpoint) { Host = $"{Bucket}.{endpoint.Host}" }.Uri, "/" + key)
            : (endpoint, key.Length == 0 ? "/" + Bucket : $"/{Bucket}/{key}");
    }
}

/// <summary>A secret key. It is never printed.</summary>
internal sealed class S3Secret(string value)
{
    public bool IsEmpty => value.Length == 0;

    public string Reveal() => value;

    public override string ToString() => "[redacted]";
}
