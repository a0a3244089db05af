namespace Dapari.Rtc.Dtls.Messages;

/// <summary>The server's signed point (RFC 8422 §5.4).</summary>
/// <remarks><code>curve type 3 (8) | named curve (16) | point (8-bit length) | signature algorithm (16) | signature (16-bit length)</code></remarks>
internal readonly ref struct ServerKeyExchange
{
    private ServerKeyExchange(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> point, ReadOnlySpan<byte> signature)
    {
        Parameters = parameters;
        Point = point;
        Signature = signature;
    }

    /// <summary>What is signed besides the two randoms.</summary>
    public ReadOnlySpan<byte> Parameters { get; }

    public ReadOnlySpan<byte> Point { get; }

    public ReadOnlySpan<byte> Signature { get; }

    /// <summary>Reads it; false: malformed, another curve than P-256, or another signature than ECDSA with SHA-256.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out ServerKeyExchange exchange)
    {
        exchange = default;
        var reader = new TlsReader(body);
        if (!reader.TryU8(out var type) || type != 3 || !reader.TryU16(out var curve) || curve != Suites.P256 || !reader.TryVector8(out var point)
            || !reader.TryU16(out var algorithm) || algorithm != Suites.EcdsaSha256 || !reader.TryVector16(out var signature) || !reader.IsEmpty)
            return false;
        exchange = new ServerKeyExchange(body[..(4 + point.Length)], point, signature);
        return true;
    }

    public static byte[] Parametrize(ReadOnlySpan<byte> point) => new TlsWriter().U8(3).U16(Suites.P256).Vector8(point).ToArray();

    public static byte[] Write(ReadOnlySpan<byte> parameters, ReadOnlySpan<byte> signature) =>
        new TlsWriter().Bytes(parameters).U16(Suites.EcdsaSha256).Vector16(signature).ToArray();
}

/// <summary>The client's point: <c>point (8-bit length)</c> (RFC 8422 §5.7).</summary>
internal static class ClientKeyExchange
{
    public static bool TryRead(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> point)
    {
        var reader = new TlsReader(body);
        return reader.TryVector8(out point) && reader.IsEmpty;
    }

    public static byte[] Write(ReadOnlySpan<byte> point) => new TlsWriter().Vector8(point).ToArray();
}
