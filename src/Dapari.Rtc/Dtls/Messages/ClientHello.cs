namespace Dapari.Rtc.Dtls.Messages;

/// <summary>ClientHello (RFC 6347 §4.2.1).</summary>
/// <remarks><code>version (16) | random (32 bytes) | session id (8-bit length) | cookie (8-bit length) | cipher suites (16-bit length) | compression (8-bit length) | extensions</code></remarks>
internal readonly ref struct ClientHello
{
    private ClientHello(ReadOnlySpan<byte> random, ReadOnlySpan<byte> suites, TlsExtensions extensions)
    {
        Random = random;
        CipherSuites = suites;
        Extensions = extensions;
    }

    public ReadOnlySpan<byte> Random { get; }

    public ReadOnlySpan<byte> CipherSuites { get; }

    public TlsExtensions Extensions { get; }

    /// <summary>Reads it; false: malformed, a version before DTLS 1.2, or without the null compression.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ClientHello hello)
    {
        hello = default;
        var reader = new TlsReader(body);
        // RFC 6347 §4.1: versions count downwards; a client of DTLS 1.3 says 1.2 here (RFC 9147 §5.3).
        if (!reader.TryU16(out var version) || version >> 8 != 0xFE || (version & 0xFF) > 0xFD
            || !reader.TryBytes(32, out var random) || !reader.TryVector8(out var session) || session.Length > 32 || !reader.TryVector8(out _)
            || !reader.TryVector16(out var suites) || suites.Length % 2 != 0 || !reader.TryVector8(out var compression) || !compression.Contains((byte)0)
            || !TlsExtensions.TryRead(reader, out var extensions))
            return false;
        hello = new ClientHello(random, suites, extensions);
        return true;
    }

    public static byte[] Write(ReadOnlySpan<byte> random, ReadOnlySpan<byte> cookie) => new TlsWriter()
        .U16(DtlsRecord.Version12).Bytes(random).Vector8([]).Vector8(cookie)
        .Vector16([Suites.EcdheEcdsaAes128Gcm >> 8, Suites.EcdheEcdsaAes128Gcm & 0xFF]).Vector8([0])
        .Vector16(new TlsWriter()
            .Extension(TlsExtension.RenegotiationInfo, [0])
            .Extension(TlsExtension.ExtendedMasterSecret, [])
            .Extension(TlsExtension.SupportedGroups, [0, 2, 0, (byte)Suites.P256])
            .Extension(TlsExtension.PointFormats, [1, 0])
            .Extension(TlsExtension.SignatureAlgorithms, [0, 2, Suites.EcdsaSha256 >> 8, Suites.EcdsaSha256 & 0xFF])
            .ToArray())
        .ToArray();
}
