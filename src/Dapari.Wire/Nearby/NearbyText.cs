namespace Dapari.Wire;

/// <summary>What an announcement on a network says (docs/protocol/nearby.md): a nonce, and tags that are known only to whom they are for.</summary>
/// <remarks>
/// Strings as in a TXT record (RFC 6763 §6.3), each behind its length in one byte, in this order and nothing else:
/// <code>
/// n=nonce (16 bytes)   a=tags (128 bytes)   b=tags   c=tags   d=tags
/// </code>
/// Tags are 8 bytes each, 64 always, in rising order: neither how many contacts there are nor their order is told.
/// </remarks>
public static class NearbyText
{
    /// <summary>Of the nonce, in bytes.</summary>
    public const int NonceLength = 16;

    /// <summary>Of a tag, in bytes.</summary>
    public const int TagLength = 8;

    /// <summary>Of all tags, in bytes.</summary>
    public const int TagsLength = WireLimits.NearbyContacts * TagLength;

    /// <summary>Of the whole, in bytes.</summary>
    public const int Length = 3 + NonceLength + (Strings * 3) + TagsLength;

    private const int Strings = 4;
    private const int StringLength = TagsLength / Strings;

    /// <summary>Writes it.</summary>
    /// <param name="nonce"><see cref="NonceLength"/> bytes.</param>
    /// <param name="tags">At most <see cref="WireLimits.NearbyContacts"/>, <see cref="TagLength"/> bytes each.</param>
    /// <param name="random">For the rest of them.</param>
    /// <exception cref="ArgumentException">The nonce has another length, or there are too many tags.</exception>
    public static byte[] Write(ReadOnlySpan<byte> nonce, IEnumerable<byte[]> tags, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(tags);
        ArgumentNullException.ThrowIfNull(random);
        var all = tags.ToList();
        if (nonce.Length != NonceLength || all.Count > WireLimits.NearbyContacts || all.Exists(tag => tag.Length != TagLength))
            throw new ArgumentException("A nonce of 16 bytes, and at most 64 tags of 8.", nameof(tags));
        while (all.Count < WireLimits.NearbyContacts)
            all.Add(random.Bytes(TagLength));
        all.Sort(static (one, other) => one.AsSpan().SequenceCompareTo(other));
        var joined = all.SelectMany(tag => tag).ToArray();
        var text = new List<byte>(Length) { 2 + NonceLength, (byte)'n', (byte)'=' };
        text.AddRange(nonce);
        for (var i = 0; i < Strings; i++)
        {
            text.AddRange([2 + StringLength, (byte)('a' + i), (byte)'=']);
            text.AddRange(joined.AsSpan(i * StringLength, StringLength));
        }

        return [.. text];
    }

    /// <summary>Reads it; false: it is none.</summary>
    /// <param name="text">As it came.</param>
    /// <param name="nonce">Its nonce.</param>
    /// <param name="tags"><see cref="TagsLength"/> bytes.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out byte[] nonce, out byte[] tags)
    {
        (nonce, tags) = ([], []);
        if (text.Length != Length || !IsString(text, 'n', NonceLength))
            return false;
        var read = new byte[TagsLength];
        var at = 3 + NonceLength;
        for (var i = 0; i < Strings; i++)
        {
            if (!IsString(text[at..], (char)('a' + i), StringLength))
                return false;
            text.Slice(at + 3, StringLength).CopyTo(read.AsSpan(i * StringLength));
            at += 3 + StringLength;
        }

        (nonce, tags) = (text.Slice(3, NonceLength).ToArray(), read);
        return true;
    }

    /// <summary>Whether a tag is among those that were read. Which are compared is no secret: they were told to everybody.</summary>
    public static bool Holds(ReadOnlySpan<byte> tags, ReadOnlySpan<byte> tag)
    {
        for (var at = 0; at + TagLength <= tags.Length; at += TagLength)
        {
            if (tags.Slice(at, TagLength).SequenceEqual(tag))
                return true;
        }

        return false;
    }

    private static bool IsString(ReadOnlySpan<byte> text, char key, int length) => text[0] == 2 + length && text[1] == (byte)key && text[2] == (byte)'=';
}
