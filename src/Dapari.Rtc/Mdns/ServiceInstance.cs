namespace Dapari.Rtc.Mdns;

/// <summary>Something that offers a service on a network (RFC 6763 §4): where it is, and what it says of itself.</summary>
/// <param name="Name">One label: letters, digits and hyphens.</param>
/// <param name="Port">Where it listens.</param>
/// <param name="Text">The data of its TXT record, as on the wire; at most <see cref="LongestText"/> bytes.</param>
/// <param name="Addresses">With port 0; at most <see cref="MostAddresses"/>.</param>
public sealed record ServiceInstance(string Name, ushort Port, ReadOnlyMemory<byte> Text, IReadOnlyList<Endpoint> Addresses)
{
    /// <summary>RFC 6763 §6.2 wants a TXT record to fit one packet with all else.</summary>
    public const int LongestText = 700;

    /// <summary>Addresses that are told or read.</summary>
    public const int MostAddresses = 6;

    /// <summary>The longest name: so that all that is written fits a message.</summary>
    public const int LongestName = 32;

    /// <summary>Whether a name is one that is written and read here.</summary>
    public static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > LongestName)
            return false;
        foreach (var letter in name)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '-')
                return false;
        }

        return true;
    }
}
