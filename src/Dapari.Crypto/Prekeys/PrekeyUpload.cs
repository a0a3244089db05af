using Dapari.Wire.V1;

namespace Dapari.Crypto;

/// <summary>The public halves of prekeys, for <c>PutPrekeys</c>.</summary>
/// <param name="SignedPrekey">The current signed prekey.</param>
/// <param name="LastResort">The current last-resort KEM prekey.</param>
/// <param name="OneTime">One-time X25519 prekeys.</param>
/// <param name="OneTimeKem">One-time KEM prekeys.</param>
public sealed record PrekeyUpload(
    SignedPrekey SignedPrekey, KemPrekey LastResort, IReadOnlyList<OneTimePrekey> OneTime, IReadOnlyList<KemPrekey> OneTimeKem);
