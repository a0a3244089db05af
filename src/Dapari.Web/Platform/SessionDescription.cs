namespace Dapari.Web.Platform;

/// <summary>What is asked of another's session description before the browser reads it.</summary>
internal static class SessionDescription
{
    private const int MostCharacters = 16 * 1024;

    /// <summary>Whether it describes one data channel transport and nothing else: no contact makes this device answer for sound or pictures.</summary>
    public static bool IsData(string sdp)
    {
        if (sdp.Length > MostCharacters) return false;
        var media = 0;
        foreach (var line in sdp.AsSpan().EnumerateLines())
        {
            // RFC 8866 §5.14: each medium begins with an m line. RFC 8841 §4.4.1: a data channel's is of the kind "application".
            if (!line.StartsWith("m=")) continue;
            if (++media > 1 || !line.StartsWith("m=application ")) return false;
        }

        return media == 1;
    }
}
