namespace Dapari.Relay.Credentials;

/// <summary>The keys that credentials are derived with: the first issues, all are accepted, so that keys can be changed without cutting anybody off.</summary>
/// <remarks>Immutable; prints nothing of the keys.</remarks>
public sealed class RelaySecrets
{
    /// <summary>The least bytes of a key.</summary>
    public const int LeastLength = 16;

    /// <summary>The most keys at a time: each request may be checked against all of them.</summary>
    public const int Most = 4;

    private readonly byte[][] _keys;

    /// <summary>The keys, the newest first; they are copied.</summary>
    /// <exception cref="ArgumentException">None or more than <see cref="Most"/>, or one with less than <see cref="LeastLength"/> bytes.</exception>
    public RelaySecrets(params IReadOnlyList<byte[]> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count is 0 or > Most || keys.Any(key => key.Length < LeastLength))
            throw new ArgumentException("One to four keys with 16 bytes or more.", nameof(keys));
        _keys = [.. keys.Select(key => key.ToArray())];
    }

    internal ReadOnlySpan<byte[]> Keys => _keys;

    /// <summary>A new key in front, the oldest left out when there would be too many.</summary>
    public RelaySecrets Rotate(byte[] key) => new([key, .. _keys.Take(Most - 1)]);

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}
