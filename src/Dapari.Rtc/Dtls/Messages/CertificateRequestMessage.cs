namespace Dapari.Rtc.Dtls.Messages;

/// <summary>CertificateRequest: <c>certificate types (8-bit length) | signature algorithms (16-bit length) | authorities (16-bit length)</c> (RFC 5246 §7.4.4).</summary>
internal static class CertificateRequestMessage
{
    // RFC 8422 §5.5: ecdsa_sign.
    private const byte EcdsaSign = 64;

    /// <summary>Whether it is well formed and an ECDSA certificate will do.</summary>
    public static bool Takes(ReadOnlySpan<byte> body)
    {
        var reader = new TlsReader(body);
        return reader.TryVector8(out var types) && reader.TryVector16(out var algorithms) && reader.TryVector16(out _) && reader.IsEmpty
            && types.Contains(EcdsaSign) && Suites.Has(algorithms, Suites.EcdsaSha256);
    }

    public static byte[] Write() => new TlsWriter().Vector8([EcdsaSign]).Vector16([Suites.EcdsaSha256 >> 8, Suites.EcdsaSha256 & 0xFF]).Vector16([]).ToArray();
}

/// <summary>CertificateVerify: <c>signature algorithm (16) | signature (16-bit length)</c> over all messages before it (RFC 5246 §7.4.8).</summary>
internal static class CertificateVerify
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> signature)
    {
        signature = default;
        var reader = new TlsReader(body);
        return reader.TryU16(out var algorithm) && algorithm == Suites.EcdsaSha256 && reader.TryVector16(out signature) && reader.IsEmpty;
    }

    public static byte[] Write(ReadOnlySpan<byte> signature) => new TlsWriter().U16(Suites.EcdsaSha256).Vector16(signature).ToArray();
}
