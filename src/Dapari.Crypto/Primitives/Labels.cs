namespace Dapari.Crypto;

/// <summary>Every label that separates one use of a key or hash from another; docs/protocol lists them. Never changed, only added to.</summary>
internal static class Labels
{
    public static ReadOnlySpan<byte> Certificate => "dapari device certificate v1\0"u8;

    public static ReadOnlySpan<byte> SignedPrekey => "dapari signed prekey v1\0"u8;

    public static ReadOnlySpan<byte> KemPrekey => "dapari kem prekey v1\0"u8;

    public static ReadOnlySpan<byte> CallForward => "dapari call forward v1\0"u8;

    // PQXDH §2.1, §2.2: info names the application, the curve, the hash and the KEM.
    public static ReadOnlySpan<byte> Pqxdh => "dapari pqxdh v1_CURVE25519_SHA-256_ML-KEM-768"u8;

    public static ReadOnlySpan<byte> Transcript => "dapari handshake transcript v1\0"u8;

    public static ReadOnlySpan<byte> SessionId => "dapari session id v1"u8;

    public static ReadOnlySpan<byte> DurableRoot => "dapari durable lane root v1"u8;

    public static ReadOnlySpan<byte> DurableFirstChain => "dapari durable lane first chain of the responder v1"u8;

    public static ReadOnlySpan<byte> LiveRoot => "dapari live lane root v1"u8;

    public static ReadOnlySpan<byte> LiveFirstChain => "dapari live lane first chain of the responder v1"u8;

    public static ReadOnlySpan<byte> RatchetRoot => "dapari ratchet root v1"u8;

    public static ReadOnlySpan<byte> RatchetMessage => "dapari ratchet message v1"u8;

    public static ReadOnlySpan<byte> MessageData => "dapari message v1\0"u8;

    public static ReadOnlySpan<byte> EnvelopeWrap => "dapari envelope wrap v1"u8;

    public static ReadOnlySpan<byte> Nearby => "dapari nearby v1"u8;

    public static ReadOnlySpan<byte> NearbyTag => "dapari nearby tag v1\0"u8;

    public static ReadOnlySpan<byte> NearbyPair => "dapari nearby pair v1"u8;

    public static ReadOnlySpan<byte> NearbyToken => "dapari nearby token v1\0"u8;

    public static ReadOnlySpan<byte> NearbyProof => "dapari nearby proof v1\0"u8;

    public static ReadOnlySpan<byte> InviteId => "dapari invite id"u8;

    public static ReadOnlySpan<byte> InviteKey => "dapari invite key"u8;

    public static ReadOnlySpan<byte> InviteNonce => "dapari invite nonce"u8;

    public static ReadOnlySpan<byte> InviteProof => "dapari invite proof"u8;

    public static ReadOnlySpan<byte> InviteBlobData => "dapari invite blob v1\0"u8;
}
