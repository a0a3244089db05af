using System.Buffers;

namespace Dapari.Node.Files.Https;

/// <summary>Where browsers reach this node over HTTPS.</summary>
/// <param name="Name">The name or address that the certificate is for, as it stands in an address.</param>
/// <param name="Port">Where it is listened; 0: the system chooses.</param>
/// <param name="Certificate">A file with the certificate, and those between it and its authority (PEM).</param>
/// <param name="Key">A file with its key (PEM).</param>
internal sealed record HttpsOptions(string Name, int Port, string Certificate, string Key)
{
    /// <summary>HTTPS's own port.</summary>
    public const int DefaultPort = 443;

    // A DNS name has at most 253 characters (RFC 1035 §2.3.4).
    private const int MostName = 253;
    private static readonly SearchValues<char> _never = SearchValues.Create("/@?#\\ ");

    /// <summary>Reads NAME, NAME:PORT, an address, or [ADDRESS]:PORT.</summary>
    public static bool TryRead(string text, out string name, out int port)
    {
        (name, port) = ("", DefaultPort);
        if (text.Length is 0 or > MostName + 6 || text.AsSpan().ContainsAny(_never) || !text.All(char.IsAscii)
            || !Uri.TryCreate("https://" + text + "/", UriKind.Absolute, out var read) || read.HostNameType == UriHostNameType.Unknown || read.Port < 1)
            return false;
        (name, port) = (read.Host, read.Port);
        return true;
    }
}
