using System.Diagnostics.CodeAnalysis;
using Dapari.Crypto.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Dapari.Crypto;

/// <summary>
/// A device's prekeys with their private halves. One owner; not thread-safe. What changes here must be kept before what depends on it is
/// sent: an upload before its keys are uploaded, a used key's removal together with the session that used it.
/// </summary>
public sealed class PrekeyVault
{
    /// <summary>The version of the state that this build writes and reads.</summary>
    public const uint Version = 1;

    /// <summary>One-time prekeys of one kind that are kept, the oldest being dropped: servers hand some to people who never write.</summary>
    public const int OneTimeKept = 2 * WireLimits.PrekeysKept;

    /// <summary>Signed prekeys, and last-resort ones, that are kept: the current one and those in their time of grace.</summary>
    public const int SignedKept = 8;

    /// <summary>Handshakes without a one-time key that are remembered, so that they cannot be repeated.</summary>
    public const int SeenKept = 1000;

    private const int DigestLength = 16;

    private readonly PrekeyState _state;

    private PrekeyVault(PrekeyState state) => _state = state;

    /// <summary>One-time X25519 prekeys left here, given out or not.</summary>
    public int OneTimeCount => _state.OneTime.Count;

    /// <summary>One-time KEM prekeys left here, given out or not.</summary>
    public int OneTimeKemCount => _state.OneTimeKem.Count;

    /// <summary>Makes a signed prekey, a last-resort KEM prekey and so many one-time prekeys of each kind.</summary>
    public static PrekeyVault Create(LocalDevice device, RandomSource random, int oneTimeCount, ulong nowMs)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oneTimeCount, OneTimeKept);
        var vault = new PrekeyVault(new PrekeyState { Version = Version, NextId = 1 });
        vault._state.Signed.Add(vault.MakeSigned(device, random, nowMs));
        vault._state.LastResort.Add(vault.MakeKem(device, random, true, nowMs));
        vault.AddOneTime(device, random, oneTimeCount, oneTimeCount, nowMs);
        return vault;
    }

    /// <summary>Reads what <see cref="Save"/> gave; false: damaged, or of another version.</summary>
    public static bool TryLoad(PrekeyState state, [NotNullWhen(true)] out PrekeyVault? vault)
    {
        ArgumentNullException.ThrowIfNull(state);
        vault = null;
        var good = state is { Version: Version, NextId: > 0, Signed.Count: > 0 and <= SignedKept, LastResort.Count: > 0 and <= SignedKept }
            && state is { OneTime.Count: <= OneTimeKept, OneTimeKem.Count: <= OneTimeKept, SeenHandshakes.Count: <= SeenKept }
            && state.Signed.All(key => IsCurve(key) && key.Signature.Length == Shape.Signature) && state.OneTime.All(IsCurve)
            && state.LastResort.All(IsKem) && state.OneTimeKem.All(IsKem) && state.SeenHandshakes.All(seen => seen.Length == DigestLength);
        if (good)
            vault = new PrekeyVault(state.Clone());
        return good;
    }

    /// <summary>The state to keep.</summary>
    public PrekeyState Save() => _state.Clone();

    /// <summary>A copy that changes on its own.</summary>
    public PrekeyVault Clone() => new(_state.Clone());

    /// <summary>Everything public: for a first upload, or to replace what a server has.</summary>
    public PrekeyUpload TakeUpload(LocalDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return Upload(
            _state.OneTime.Reverse().Take(WireLimits.PrekeysPerUpload).Reverse(),
            _state.OneTimeKem.Reverse().Take(WireLimits.PrekeysPerUpload).Reverse());
    }

    /// <summary>Makes one-time prekeys; gives these and the current signed and last-resort ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="WireLimits.PrekeysPerUpload"/> of a kind, or fewer than none.</exception>
    public PrekeyUpload Replenish(LocalDevice device, RandomSource random, int oneTime, int oneTimeKem, ulong nowMs)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfNegative(oneTime);
        ArgumentOutOfRangeException.ThrowIfNegative(oneTimeKem);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oneTime, WireLimits.PrekeysPerUpload);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oneTimeKem, WireLimits.PrekeysPerUpload);
        AddOneTime(device, random, oneTime, oneTimeKem, nowMs);
        return Upload(_state.OneTime.TakeLast(oneTime), _state.OneTimeKem.TakeLast(oneTimeKem));
    }

    /// <summary>
    /// Makes a new signed and a new last-resort prekey when the current ones are as old as <paramref name="everyMs"/> (or as far in the
    /// future: the clock was set back), and forgets former ones whose successor is as old as <paramref name="graceMs"/>.
    /// </summary>
    /// <returns>Whether anything changed: keep the state, then upload.</returns>
    public bool RotateSigned(LocalDevice device, RandomSource random, ulong nowMs, ulong everyMs, ulong graceMs)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(random);
        var changed = false;
        if (Age(_state.Signed[^1], nowMs) >= everyMs)
        {
            _state.Signed.Add(MakeSigned(device, random, nowMs));
            _state.LastResort.Add(MakeKem(device, random, true, nowMs));
            changed = true;
        }

        changed |= Expire(_state.Signed, nowMs, graceMs);
        changed |= Expire(_state.LastResort, nowMs, graceMs);
        return changed;
    }

    /// <inheritdoc/>
    public override string ToString() => "[redacted]";

    internal PrivatePrekey? FindSigned(uint id) => Find(_state.Signed, id);

    internal PrivatePrekey? FindOneTime(uint id) => Find(_state.OneTime, id);

    internal PrivatePrekey? FindKem(uint id, bool lastResort) => Find(lastResort ? _state.LastResort : _state.OneTimeKem, id);

    internal bool HasSeen(ReadOnlySpan<byte> digest)
    {
        foreach (var seen in _state.SeenHandshakes)
        {
            if (seen.Span.SequenceEqual(digest[..DigestLength]))
                return true;
        }

        return false;
    }

    internal void RemoveUsed(Handshake handshake, ReadOnlySpan<byte> digest)
    {
        if (FindOneTime(handshake.OneTimePrekeyId) is { } oneTime)
            _state.OneTime.Remove(oneTime);
        if (!handshake.KemLastResort && FindKem(handshake.KemPrekeyId, false) is { } kem)
            _state.OneTimeKem.Remove(kem);

        // A handshake that used up a key is refused the next time for want of it; the others are remembered.
        if (handshake.OneTimePrekeyId != 0 || !handshake.KemLastResort)
            return;
        if (_state.SeenHandshakes.Count == SeenKept)
            _state.SeenHandshakes.RemoveAt(0);
        _state.SeenHandshakes.Add(ByteString.CopyFrom(digest[..DigestLength]));
    }

    private static bool IsCurve(PrivatePrekey key) => key is { Id: > 0, PrivateKey.Length: Curve.Length, PublicKey.Length: Curve.Length };

    private static bool IsKem(PrivatePrekey key) =>
        key is { Id: > 0, PrivateKey.Length: Kem.SeedLength, PublicKey.Length: Kem.PublicLength, Signature.Length: Shape.Signature };

    private static PrivatePrekey? Find(IEnumerable<PrivatePrekey> keys, uint id) => keys.FirstOrDefault(key => key.Id == id);

    private static ulong Age(PrivatePrekey key, ulong nowMs) => nowMs >= key.MadeAtMs ? nowMs - key.MadeAtMs : key.MadeAtMs - nowMs;

    private static bool Expire(RepeatedField<PrivatePrekey> keys, ulong nowMs, ulong graceMs)
    {
        var changed = false;
        while (keys.Count > 1 && (keys.Count > SignedKept || Age(keys[1], nowMs) >= graceMs))
        {
            keys.RemoveAt(0);
            changed = true;
        }

        return changed;
    }

    private static KemPrekey PublicKem(PrivatePrekey key, bool lastResort) =>
        new() { Id = key.Id, PublicKey = key.PublicKey, Signature = key.Signature, LastResort = lastResort };

    private PrekeyUpload Upload(IEnumerable<PrivatePrekey> oneTime, IEnumerable<PrivatePrekey> oneTimeKem)
    {
        var signed = _state.Signed[^1];
        return new PrekeyUpload(
            new SignedPrekey { Id = signed.Id, PublicKey = signed.PublicKey, Signature = signed.Signature },
            PublicKem(_state.LastResort[^1], true),
            [.. oneTime.Select(key => new OneTimePrekey { Id = key.Id, PublicKey = key.PublicKey })],
            [.. oneTimeKem.Select(key => PublicKem(key, false))]);
    }

    private void AddOneTime(LocalDevice device, RandomSource random, int oneTime, int oneTimeKem, ulong nowMs)
    {
        for (var i = 0; i < oneTime; i++)
            _state.OneTime.Add(MakeCurve(random, nowMs));
        for (var i = 0; i < oneTimeKem; i++)
            _state.OneTimeKem.Add(MakeKem(device, random, false, nowMs));
        while (_state.OneTime.Count > OneTimeKept)
            _state.OneTime.RemoveAt(0);
        while (_state.OneTimeKem.Count > OneTimeKept)
            _state.OneTimeKem.RemoveAt(0);
    }

    private PrivatePrekey MakeCurve(RandomSource random, ulong nowMs)
    {
        var key = Curve.GeneratePrivate(random);
        return new PrivatePrekey
        {
            Id = _state.NextId++,
            PrivateKey = UnsafeByteOperations.UnsafeWrap(key),
            PublicKey = UnsafeByteOperations.UnsafeWrap(Curve.PublicOf(key)),
            MadeAtMs = nowMs,
        };
    }

    private PrivatePrekey MakeSigned(LocalDevice device, RandomSource random, ulong nowMs)
    {
        var key = MakeCurve(random, nowMs);
        key.Signature = UnsafeByteOperations.UnsafeWrap(
            device.Signing.Sign(PrekeySignatures.SignedPrekeyMessage(key.Id, key.PublicKey.Span)));
        return key;
    }

    private PrivatePrekey MakeKem(LocalDevice device, RandomSource random, bool lastResort, ulong nowMs)
    {
        var seed = random.Bytes(Kem.SeedLength);
        var publicKey = Kem.PublicOf(seed);
        var id = _state.NextId++;
        return new PrivatePrekey
        {
            Id = id,
            PrivateKey = UnsafeByteOperations.UnsafeWrap(seed),
            PublicKey = UnsafeByteOperations.UnsafeWrap(publicKey),
            Signature = UnsafeByteOperations.UnsafeWrap(device.Signing.Sign(PrekeySignatures.KemPrekeyMessage(id, lastResort, publicKey))),
            MadeAtMs = nowMs,
        };
    }
}
