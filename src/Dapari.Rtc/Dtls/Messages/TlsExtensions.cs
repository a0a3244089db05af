namespace Dapari.Rtc.Dtls.Messages;

/// <summary>The extensions that this library sends or reads; all others are passed over.</summary>
internal enum TlsExtension : ushort
{
    /// <summary>RFC 8422 §5.1.1.</summary>
    SupportedGroups = 10,

    /// <summary>RFC 8422 §5.1.2.</summary>
    PointFormats = 11,

    /// <summary>RFC 5246 §7.4.1.4.1.</summary>
    SignatureAlgorithms = 13,

    /// <summary>RFC 7627 §5.1.</summary>
    ExtendedMasterSecret = 23,

    /// <summary>RFC 5746 §3.2.</summary>
    RenegotiationInfo = 0xFF01,
}

/// <summary>A hello's extensions: <c>type (16) | length (16) | value</c> each.</summary>
internal readonly ref struct TlsExtensions
{
    private const int MaxCount = 64;

    private readonly ReadOnlySpan<byte> _bytes;

    private TlsExtensions(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Reads what follows a hello's fixed part: nothing at all, or one vector to the end, whose lengths are right, of at most 64.</summary>
    public static bool TryRead(TlsReader reader, out TlsExtensions extensions)
    {
        extensions = default;
        if (reader.IsEmpty)
            return true;
        if (!reader.TryVector16(out var bytes) || !reader.IsEmpty)
            return false;
        var inner = new TlsReader(bytes);
        var count = 0;
        while (!inner.IsEmpty)
        {
            if (++count > MaxCount || !inner.TryU16(out _) || !inner.TryVector16(out _))
                return false;
        }

        extensions = new TlsExtensions(bytes);
        return true;
    }

    /// <summary>The first of its type.</summary>
    public bool TryFind(TlsExtension wanted, out ReadOnlySpan<byte> value)
    {
        var reader = new TlsReader(_bytes);
        while (reader.TryU16(out var type) && reader.TryVector16(out value))
        {
            if (type == (ushort)wanted)
                return true;
        }

        value = default;
        return false;
    }

    /// <summary>Whether an extension that is a list of 16-bit numbers has this one.</summary>
    public bool Lists(TlsExtension wanted, ushort number) =>
        TryFind(wanted, out var value) && new TlsReader(value) is var reader && reader.TryVector16(out var list) && Suites.Has(list, number);
}

/// <summary>Lists of 16-bit numbers, and the numbers that this library speaks.</summary>
internal static class Suites
{
    /// <summary>TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289 §3.2), which every WebRTC end must have (RFC 8827 §6.5).</summary>
    public const ushort EcdheEcdsaAes128Gcm = 0xC02B;

    /// <summary>secp256r1 (RFC 8422 §5.1.1).</summary>
    public const ushort P256 = 23;

    /// <summary>ecdsa with SHA-256 (RFC 5246 §7.4.1.4.1).</summary>
    public const ushort EcdsaSha256 = 0x0403;

    public static bool Has(ReadOnlySpan<byte> list, ushort wanted)
    {
        var reader = new TlsReader(list);
        while (reader.TryU16(out var number))
        {
            if (number == wanted)
                return true;
        }

        return false;
    }
}
