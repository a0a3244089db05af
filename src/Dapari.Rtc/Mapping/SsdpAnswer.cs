using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dapari.Rtc.Mapping;

/// <summary>A router's answer to a search: where its description lies (UPnP Device Architecture 1.1 §1.3.3).</summary>
public static class SsdpAnswer
{
    /// <summary>A longer one is not read.</summary>
    public const int Longest = 2_048;

    /// <summary>Reads the description's place. Only a URL of plain HTTP at the very address that answered counts: a router sends nobody elsewhere.</summary>
    /// <param name="message">As it came.</param>
    /// <param name="from">Who answered.</param>
    /// <param name="location">Where the description is.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, in Endpoint from, [NotNullWhen(true)] out Uri? location)
    {
        location = null;
        if (message.Length is 0 or > Longest || !Ascii.IsValid(message))
            return false;
        var text = Encoding.ASCII.GetString(message);
        if (!text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            return false;
        var isRouter = false;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon <= 0)
                continue;
            var name = line[..colon].Trim();
            var value = line[(colon + 1)..].Trim();
            if (name.Equals("LOCATION", StringComparison.OrdinalIgnoreCase) && !IsAt(value.ToString(), from, out location))
                return false;
            // Routers of version 2 may answer with their own.
            isRouter |= name.Equals("ST", StringComparison.OrdinalIgnoreCase) && value.StartsWith(SsdpSearch.Target.AsSpan()[..^1], StringComparison.OrdinalIgnoreCase);
        }

        return isRouter && location is not null;
    }

    /// <summary>Whether text is a URL of plain HTTP at an address, without a name to look up or anybody's credentials.</summary>
    public static bool IsAt(string text, in Endpoint address, [NotNullWhen(true)] out Uri? url)
    {
        url = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var read) || read.Scheme != Uri.UriSchemeHttp || read.UserInfo.Length > 0
            || read.HostNameType is not (UriHostNameType.IPv4 or UriHostNameType.IPv6) || !System.Net.IPAddress.TryParse(read.DnsSafeHost, out var host)
            || !Endpoint.From(host, 0).Unmap().HasSameAddress(address) || read.Port == 0)
            return false;
        url = read;
        return true;
    }
}
