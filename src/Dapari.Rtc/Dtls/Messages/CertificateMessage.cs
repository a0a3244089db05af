namespace Dapari.Rtc.Dtls.Messages;

/// <summary>Certificate: <c>list (24-bit length) of certificates (24-bit length each)</c>, the sender's own first (RFC 5246 §7.4.2).</summary>
internal static class CertificateMessage
{
    /// <summary>Reads the first; false: malformed, or none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> first)
    {
        first = default;
        var reader = new TlsReader(body);
        if (!reader.TryVector24(out var list) || !reader.IsEmpty)
            return false;
        var inner = new TlsReader(list);
        return inner.TryVector24(out first) && !first.IsEmpty;
    }

    public static byte[] Write(ReadOnlySpan<byte> certificate) => new TlsWriter().Vector24(new TlsWriter().Vector24(certificate).ToArray()).ToArray();
}
