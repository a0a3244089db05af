namespace Dapari.Rtc.Dtls.Messages;

/// <summary>ServerHello (RFC 5246 §7.4.1.3).</summary>
/// <remarks><code>version (16) | random (32 bytes) | session id (8-bit length) | cipher suite (16) | compression (8) | extensions</code></remarks>
internal readonly ref struct ServerHello
{
    private ServerHello(ReadOnlySpan<byte> random, ushort suite, TlsExtensions extensions)
    {
        Random = random;
        CipherSuite = suite;
        Extensions = extensions;
    }

    public ReadOnlySpan<byte> Random { get; }

    public ushort CipherSuite { get; }

    public TlsExtensions Extensions { get; }

    /// <summary>Reads it; false: malformed, another version than DTLS 1.2, or compressed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ServerHello hello)
    {
        hello = default;
        var reader = new TlsReader(body);
        if (!reader.TryU16(out var version) || version != DtlsRecord.Version12 || !reader.TryBytes(32, out var random) || !reader.TryVector8(out var session)
            || session.Length > 32 || !reader.TryU16(out var suite) || !reader.TryU8(out var compression) || compression != 0 || !TlsExtensions.TryRead(reader, out var extensions))
            return false;
        hello = new ServerHello(random, suite, extensions);
        return true;
    }

    /// <summary>Writes it with no session id, for nothing is resumed; extensions only in answer to the client's (RFC 5246 §7.4.1.4).</summary>
    public static byte[] Write(ReadOnlySpan<byte> random, in ClientHello asked)
    {
        var extensions = new TlsWriter().Extension(TlsExtension.ExtendedMasterSecret, []);
        if (asked.Extensions.TryFind(TlsExtension.RenegotiationInfo, out _))
            extensions.Extension(TlsExtension.RenegotiationInfo, [0]);
        if (asked.Extensions.TryFind(TlsExtension.PointFormats, out _))
            extensions.Extension(TlsExtension.PointFormats, [1, 0]);
        return new TlsWriter().U16(DtlsRecord.Version12).Bytes(random).Vector8([]).U16(Suites.EcdheEcdsaAes128Gcm).U8(0).Vector16(extensions.ToArray()).ToArray();
    }
}
