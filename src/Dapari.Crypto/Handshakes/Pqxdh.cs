using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// The PQXDH key agreement (Signal, "The PQXDH Key Agreement Protocol", revision 3) with X25519, SHA-256 and ML-KEM-768.
/// </summary>
/// <remarks>
/// <code>
/// DH1 = DH(IK_A, SPK_B)   DH2 = DH(EK_A, IK_B)   DH3 = DH(EK_A, SPK_B)   DH4 = DH(EK_A, OPK_B), where there is one
/// SS  = ML-KEM-768 to the KEM prekey of B
/// SK  = HKDF(salt = 32 zero bytes, ikm = 32 bytes 0xFF || DH1 || DH2 || DH3 [|| DH4] || SS, info)
/// AD  = EncodeEC(IK_A) || EncodeEC(IK_B) || identities || device ids || SHA-256 of the transcript
/// </code>
/// docs/protocol/handshake.md has the bytes.
/// </remarks>
public static class Pqxdh
{
    private const int SecretLength = 32;
    private const byte EncodedX25519 = 1;
    private const byte EncodedEd25519 = 2;

    /// <summary>
    /// Begins a session with a device from a bundle of its prekeys. The first envelopes sealed carry the handshake.
    /// </summary>
    /// <param name="local">This device.</param>
    /// <param name="bundle">As a server gave it.</param>
    /// <param name="remote">The device that is meant: its keys are the ones trusted, not the bundle's.</param>
    /// <param name="random">Randomness.</param>
    /// <param name="session">The session, with <see cref="Session.PendingHandshake"/> set.</param>
    public static HandshakeFault TryInitiate(
        LocalDevice local, PrekeyBundle bundle, VerifiedDevice remote, RandomSource random, out Session? session)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(random);
        session = null;
        if (!Shape.IsPrekeyBundle(bundle))
            return HandshakeFault.Malformed;
        if (local.Id == remote.Id || local.AgreementKey == remote.AgreementKey)
            return HandshakeFault.OwnDevice;
        if (!IsOf(bundle.Device, remote))
            return HandshakeFault.BadCertificate;

        // PQXDH §3.3: Alice verifies the signatures on the prekeys before anything else is computed.
        if (!PrekeySignatures.Verify(remote.SigningKey, bundle.SignedPrekey) || !PrekeySignatures.Verify(remote.SigningKey, bundle.KemPrekey))
            return HandshakeFault.BadPrekeySignature;

        var ephemeral = Curve.GeneratePrivate(random);
        if (!Kem.TryEncapsulate(bundle.KemPrekey.PublicKey.Span, random, out var ciphertext, out var shared))
            return HandshakeFault.Malformed;

        var oneTime = bundle.OneTimePrekey;
        var signedPrekey = bundle.SignedPrekey.PublicKey.Span;
        using var material = new KeyMaterial();
        if (!material.TryAdd(local.Agreement.Span, signedPrekey)
            || !material.TryAdd(ephemeral, remote.AgreementKey.ToArray())
            || !material.TryAdd(ephemeral, signedPrekey)
            || (oneTime is not null && !material.TryAdd(ephemeral, oneTime.PublicKey.Span)))
            return HandshakeFault.AllZeroSecret;
        material.Add(shared);

        var handshake = new Handshake
        {
            Initiator = local.Certificate.Clone(),
            EphemeralKey = UnsafeByteOperations.UnsafeWrap(Curve.PublicOf(ephemeral)),
            KemCiphertext = UnsafeByteOperations.UnsafeWrap(ciphertext),
            SignedPrekeyId = bundle.SignedPrekey.Id,
            OneTimePrekeyId = oneTime?.Id ?? 0,
            KemPrekeyId = bundle.KemPrekey.Id,
            KemLastResort = bundle.KemPrekey.LastResort,
        };
        var data = AssociatedData(local.Verified, remote, Transcript(handshake));
        var secret = material.Derive();
        session = Session.Begin(secret, data, local.Id, remote.Id, bundle.SignedPrekey.PublicKey.ToByteArray(), handshake);
        CryptographicOperations.ZeroMemory(ephemeral);
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(secret);
        return HandshakeFault.None;
    }

    /// <summary>
    /// Answers a handshake. Whether it came from who it says is known only when the first envelope opened: pass a clone of the vault, and
    /// keep it, together with the session, then.
    /// </summary>
    /// <param name="local">This device.</param>
    /// <param name="vault">Loses the one-time keys used.</param>
    /// <param name="handshake">From an envelope.</param>
    /// <param name="session">The session; its <see cref="Session.Id"/> must be the envelope's.</param>
    /// <param name="remote">The device that began. Whether its person is welcome is the caller's to judge.</param>
    public static HandshakeFault TryRespond(
        LocalDevice local, PrekeyVault vault, Handshake handshake, out Session? session, out VerifiedDevice? remote)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(vault);
        session = null;
        remote = null;
        if (!Shape.IsHandshake(handshake))
            return HandshakeFault.Malformed;

        // Prekeys first: what is not answerable costs no signature check.
        var signed = vault.FindSigned(handshake.SignedPrekeyId);
        var kem = vault.FindKem(handshake.KemPrekeyId, handshake.KemLastResort);
        var oneTime = handshake.OneTimePrekeyId == 0 ? null : vault.FindOneTime(handshake.OneTimePrekeyId);
        if (signed is null || kem is null || (handshake.OneTimePrekeyId != 0 && oneTime is null))
            return HandshakeFault.UnknownPrekey;
        var transcript = Transcript(handshake);
        if (vault.HasSeen(ReplayDigest(handshake)))
            return HandshakeFault.Replayed;
        if (DeviceCertificates.TryVerify(handshake.Initiator, out var initiator) != CertificateFault.None)
            return HandshakeFault.BadCertificate;
        if (initiator!.Id == local.Id || initiator.AgreementKey == local.AgreementKey)
            return HandshakeFault.OwnDevice;

        var ephemeral = handshake.EphemeralKey.Span;
        using var material = new KeyMaterial();
        if (!material.TryAdd(signed.PrivateKey.Span, initiator.AgreementKey.ToArray())
            || !material.TryAdd(local.Agreement.Span, ephemeral)
            || !material.TryAdd(signed.PrivateKey.Span, ephemeral)
            || (oneTime is not null && !material.TryAdd(oneTime.PrivateKey.Span, ephemeral)))
            return HandshakeFault.AllZeroSecret;
        var shared = Kem.Decapsulate(kem.PrivateKey.Span, handshake.KemCiphertext.Span);
        material.Add(shared);

        var data = AssociatedData(initiator, local.Verified, transcript);
        var secret = material.Derive();
        session = Session.Answer(
            secret, data, local.Id, initiator.Id, signed.PrivateKey.ToByteArray(), signed.PublicKey.ToByteArray());
        remote = initiator;
        vault.RemoveUsed(handshake, ReplayDigest(handshake));
        CryptographicOperations.ZeroMemory(shared);
        CryptographicOperations.ZeroMemory(secret);
        return HandshakeFault.None;
    }

    /// <summary>Whether a handshake is the one that a session came from: its associated data ends with the transcript.</summary>
    internal static bool IsOrigin(Handshake handshake, ReadOnlySpan<byte> associatedData) => associatedData.EndsWith(Transcript(handshake));

    private static bool IsOf(DeviceCertificate certificate, VerifiedDevice remote)
    {
        if (certificate.Statement == remote.Certificate.Statement)
            return true;

        // Certified anew since: good only if it says the same keys.
        return DeviceCertificates.TryVerify(certificate, out var other) == CertificateFault.None && other!.HasSameKeys(remote);
    }

    /// <summary>
    /// PQXDH §3.3: AD = EncodeEC(IK_A) || EncodeEC(IK_B), to which §3.3 lets identities be appended. They are, so that a person who
    /// certifies somebody else's agreement key gains no session in which the two ends disagree on who they are.
    /// </summary>
    private static byte[] AssociatedData(VerifiedDevice initiator, VerifiedDevice responder, byte[] transcript) =>
    [
        EncodedX25519, .. initiator.AgreementKey.ToArray(), EncodedX25519, .. responder.AgreementKey.ToArray(),
        EncodedEd25519, .. initiator.Identity.ToArray(), EncodedEd25519, .. responder.Identity.ToArray(),
        .. initiator.Id.ToArray(), .. responder.Id.ToArray(), .. transcript,
    ];

    /// <summary>All that the handshake says: ids and flags too are authenticated by the first message that opens.</summary>
    private static byte[] Transcript(Handshake handshake)
    {
        Span<byte> numbers = stackalloc byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(numbers, handshake.SignedPrekeyId);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[4..], handshake.OneTimePrekeyId);
        BinaryPrimitives.WriteUInt32BigEndian(numbers[8..], handshake.KemPrekeyId);
        numbers[12] = handshake.KemLastResort ? (byte)1 : (byte)0;
        return SHA256.HashData(
        [
            .. Labels.Transcript, .. numbers, .. handshake.EphemeralKey.Span, .. handshake.KemCiphertext.Span, .. handshake.Initiator.Signature.Span,
            .. handshake.Initiator.Statement.Span,
        ]);
    }

    /// <summary>
    /// Only what decides the secret: a repeat with another, equally good certificate is still a repeat.
    /// </summary>
    private static byte[] ReplayDigest(Handshake handshake) => SHA256.HashData([.. handshake.EphemeralKey.Span, .. handshake.KemCiphertext.Span]);

    /// <summary>Collects the input of the key derivation; zeroed when disposed.</summary>
    private sealed class KeyMaterial : IDisposable
    {
        // PQXDH §2.2: F is 32 bytes 0xFF for Curve25519, then at most four Diffie-Hellman results and the KEM's secret.
        private readonly byte[] _bytes = new byte[SecretLength * 6];
        private int _length = SecretLength;

        public KeyMaterial() => _bytes.AsSpan(0, SecretLength).Fill(0xFF);

        public bool TryAdd(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey)
        {
            var good = Curve.TryAgree(privateKey, publicKey, _bytes.AsSpan(_length, SecretLength));
            _length += SecretLength;
            return good;
        }

        public void Add(ReadOnlySpan<byte> secret)
        {
            secret.CopyTo(_bytes.AsSpan(_length));
            _length += secret.Length;
        }

        public byte[] Derive()
        {
            var secret = new byte[SecretLength];
            HKDF.DeriveKey(HashAlgorithmName.SHA256, _bytes.AsSpan(0, _length), secret, stackalloc byte[SHA256.HashSizeInBytes], Labels.Pqxdh);
            return secret;
        }

        public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
    }
}
