using System.Security.Cryptography;
using Dapari.Wire;

namespace Dapari.Crypto;

/// <summary>
/// One lane's Double Ratchet (Signal, "The Double Ratchet Algorithm", revision 4, §3). Owns its key arrays and zeroes those it replaces.
/// </summary>
/// <remarks>
/// Two choices that the specification leaves open. A new ratchet key pair is made when something is sealed, not when something is
/// received: two scalar multiplications less for what is only read. And the responder can seal before it
/// received anything on a lane: its first chain hangs on its signed prekey and comes from the handshake's secret, as if the initiator had
/// received it already; the first Diffie-Hellman step is still the initiator's.
/// </remarks>
internal sealed partial class Ratchet : IDisposable
{
    private readonly LaneLimits _limits;
    private byte[] _root;
    private byte[] _localPrivate;
    private byte[] _localPublic;
    private byte[] _remotePublic;
    private byte[] _sendingChain;
    private byte[] _receivingChain;
    private uint _sent;
    private uint _received;
    private uint _previousSent;
    private SkippedMessageKey[] _skipped = [];
    private ClosedChain[] _closed = [];

    private Ratchet(
        LaneLimits limits, byte[] root, byte[] localPrivate, byte[] localPublic, byte[] remotePublic, byte[] sendingChain, byte[] receivingChain)
    {
        _limits = limits;
        _root = root;
        _localPrivate = localPrivate;
        _localPublic = localPublic;
        _remotePublic = remotePublic;
        _sendingChain = sendingChain;
        _receivingChain = receivingChain;
    }

    /// <summary>RatchetInitAlice: the responder's signed prekey is its first ratchet key. Takes the arrays over.</summary>
    public static Ratchet ForInitiator(LaneLimits limits, byte[] root, byte[] firstChain, byte[] responderPublic) =>
        new(limits, root, [], [], responderPublic, [], firstChain);

    /// <summary>RatchetInitBob. Takes the arrays over.</summary>
    public static Ratchet ForResponder(LaneLimits limits, byte[] root, byte[] firstChain, byte[] localPrivate, byte[] localPublic) =>
        new(limits, root, localPrivate, localPublic, [], firstChain, []);

    /// <summary>A copy that changes on its own: six small arrays; kept keys are shared, being immutable.</summary>
    public Ratchet Clone() =>
        new(_limits, Copy(_root), Copy(_localPrivate), Copy(_localPublic), Copy(_remotePublic), Copy(_sendingChain), Copy(_receivingChain))
        {
            _sent = _sent,
            _received = _received,
            _previousSent = _previousSent,
            _skipped = _skipped,
            _closed = _closed,
        };

    /// <summary>Turns for sending ahead of the next seal, if a turn is due; false: nothing changed.</summary>
    public bool TryTurnAhead(RandomSource random)
    {
        if (_sendingChain.Length != 0 || _remotePublic.Length == 0)
            return false;
        TurnSending(random);
        return true;
    }

    /// <summary>Takes the next sending key. The caller zeroes it.</summary>
    public byte[] NextToSeal(RandomSource random, out byte[] ratchetKey, out uint previousCount, out uint number)
    {
        if (_sendingChain.Length == 0)
            TurnSending(random);
        var messageKey = RatchetKdf.MessageKey(_sendingChain);
        Replace(ref _sendingChain, RatchetKdf.NextChain(_sendingChain));
        ratchetKey = _localPublic;
        previousCount = _previousSent;
        number = _sent;
        _sent++;
        return messageKey;
    }

    /// <summary>Finds the key for a place, changing nothing.</summary>
    public OpenFault Prepare(ReadOnlySpan<byte> ratchetKey, uint previousCount, uint number, out OpenStep? step)
    {
        step = null;
        for (var i = 0; i < _skipped.Length; i++)
        {
            if (_skipped[i].IsFor(ratchetKey, number))
            {
                step = new OpenStep(_skipped[i].MessageKey) { SkippedIndex = i };
                return OpenFault.None;
            }
        }

        if (_receivingChain.Length != 0 && ratchetKey.SequenceEqual(_remotePublic))
            return PrepareInChain(number, out step);
        foreach (var closed in _closed)
        {
            if (ratchetKey.SequenceEqual(closed.RatchetKey))
                return number < closed.Length ? OpenFault.OpenedBefore : OpenFault.ChainClosed;
        }

        return PrepareTurn(ratchetKey, previousCount, number, out step);
    }

    /// <summary>Applies a step whose envelope opened.</summary>
    public void Apply(OpenStep step)
    {
        if (step.SkippedIndex >= 0)
        {
            _skipped = [.. _skipped.AsSpan(0, step.SkippedIndex), .. _skipped.AsSpan(step.SkippedIndex + 1)];
            return;
        }

        step.MarkApplied();
        if (step.Skipped.Count > 0)
        {
            var all = new List<SkippedMessageKey>(_skipped.Length + step.Skipped.Count);
            all.AddRange(_skipped);
            all.AddRange(step.Skipped);
            _skipped = [.. all.Skip(Math.Max(0, all.Count - _limits.MaxKept))];
        }

        if (step.Closes is { } closes)
            _closed = [.. _closed.AsSpan(_closed.Length == LaneLimits.ClosedChains ? 1 : 0), closes];
        if (step.RemotePublic is not null)
        {
            Replace(ref _root, step.Root!);
            _remotePublic = step.RemotePublic;

            // The next seal makes a new pair; until then no other ratchet key of the other end can be genuine.
            Replace(ref _localPrivate, []);
            _localPublic = [];
            Replace(ref _sendingChain, []);
            _previousSent = _sent;
            _sent = 0;
        }

        Replace(ref _receivingChain, step.Chain!);
        _received = step.Received;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_root);
        CryptographicOperations.ZeroMemory(_localPrivate);
        CryptographicOperations.ZeroMemory(_sendingChain);
        CryptographicOperations.ZeroMemory(_receivingChain);
    }

    private static byte[] Copy(byte[] bytes) => [.. bytes];

    private static void Replace(ref byte[] field, byte[] value)
    {
        CryptographicOperations.ZeroMemory(field);
        field = value;
    }

    private void TurnSending(RandomSource random)
    {
        Span<byte> agreement = stackalloc byte[Curve.Length];
        var pair = Curve.GeneratePrivate(random);

        // The same public key gave a secret that is not zero before: in the handshake, or when its first envelope opened.
        if (_remotePublic.Length == 0 || !Curve.TryAgree(pair, _remotePublic, agreement))
            throw new InvalidOperationException("There is no ratchet key to seal for.");
        var (root, chain) = RatchetKdf.Root(_root, agreement);
        CryptographicOperations.ZeroMemory(agreement);
        Replace(ref _root, root);
        Replace(ref _localPrivate, pair);
        _localPublic = Curve.PublicOf(pair);
        Replace(ref _sendingChain, chain);
        _sent = 0;
    }

    private OpenFault PrepareInChain(uint number, out OpenStep? step)
    {
        step = null;
        if (number < _received)
            return OpenFault.OpenedBefore;
        if (number - _received > _limits.MaxSkip || number == uint.MaxValue)
            return OpenFault.TooFarAhead;
        var skipped = new List<SkippedMessageKey>();
        var chain = Skip(_receivingChain, _remotePublic, _received, number, skipped);
        step = Finish(chain, number, skipped, null, null, null);
        return OpenFault.None;
    }

    private OpenFault PrepareTurn(ReadOnlySpan<byte> ratchetKey, uint previousCount, uint number, out OpenStep? step)
    {
        step = null;
        if (_localPrivate.Length == 0)
            return OpenFault.Forged;
        var missing = previousCount > _received && _receivingChain.Length != 0 ? previousCount - _received : 0;
        if (number > _limits.MaxSkip || (missing > _limits.MaxSkip && !_limits.ForgetsClosing))
            return OpenFault.TooFarAhead;

        Span<byte> agreement = stackalloc byte[Curve.Length];
        if (!Curve.TryAgree(_localPrivate, ratchetKey, agreement))
            return OpenFault.AllZeroSecret;
        var (root, firstChain) = RatchetKdf.Root(_root, agreement);
        CryptographicOperations.ZeroMemory(agreement);

        var skipped = new List<SkippedMessageKey>();
        ClosedChain? closes = null;
        if (_receivingChain.Length != 0)
        {
            closes = new ClosedChain(_remotePublic, _received + missing);
            if (missing <= _limits.MaxSkip)
                CryptographicOperations.ZeroMemory(Skip(_receivingChain, _remotePublic, _received, _received + missing, skipped));
        }

        var key = ratchetKey.ToArray();
        var chain = Skip(firstChain, key, 0, number, skipped);
        CryptographicOperations.ZeroMemory(firstChain);
        step = Finish(chain, number, skipped, root, key, closes);
        return OpenFault.None;
    }

    private static OpenStep Finish(
        byte[] chain, uint number, List<SkippedMessageKey> skipped, byte[]? root, byte[]? remotePublic, ClosedChain? closes)
    {
        var step = new OpenStep(RatchetKdf.MessageKey(chain))
        {
            Chain = RatchetKdf.NextChain(chain),
            Received = number + 1,
            Skipped = skipped,
            Root = root,
            RemotePublic = remotePublic,
            Closes = closes,
        };
        CryptographicOperations.ZeroMemory(chain);
        return step;
    }

    /// <summary>Walks a chain from one place to another; keeps the keys between, as far as the cap would leave them. Gives a new array.</summary>
    private byte[] Skip(byte[] from, byte[] ratchetKey, uint first, uint end, List<SkippedMessageKey> skipped)
    {
        var chain = Copy(from);
        for (var number = first; number < end; number++)
        {
            if (end - number <= _limits.MaxKept)
                skipped.Add(new SkippedMessageKey(ratchetKey, number, RatchetKdf.MessageKey(chain)));
            Replace(ref chain, RatchetKdf.NextChain(chain));
        }

        return chain;
    }
}
