using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Dapari.Crypto.State;
using Google.Protobuf;

namespace Dapari.Crypto;

internal sealed partial class Ratchet
{
    private const int ClosedLength = Curve.Length + 4;

    public RatchetState Save()
    {
        var state = new RatchetState
        {
            RootKey = ByteString.CopyFrom(_root),
            LocalPrivate = ByteString.CopyFrom(_localPrivate),
            LocalPublic = ByteString.CopyFrom(_localPublic),
            RemotePublic = ByteString.CopyFrom(_remotePublic),
            SendingChain = ByteString.CopyFrom(_sendingChain),
            ReceivingChain = ByteString.CopyFrom(_receivingChain),
            Sent = _sent,
            Received = _received,
            PreviousSent = _previousSent,
        };

        // Immutable arrays: wrapped, not copied, so that many kept keys cost little at each commit.
        foreach (var skipped in _skipped)
        {
            state.Skipped.Add(new SkippedKey
            {
                RatchetKey = UnsafeByteOperations.UnsafeWrap(skipped.RatchetKey),
                Number = skipped.Number,
                MessageKey = UnsafeByteOperations.UnsafeWrap(skipped.MessageKey),
            });
        }

        foreach (var closed in _closed)
        {
            var bytes = new byte[ClosedLength];
            closed.RatchetKey.CopyTo(bytes, 0);
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(Curve.Length), closed.Length);
            state.ClosedChains.Add(UnsafeByteOperations.UnsafeWrap(bytes));
        }

        return state;
    }

    /// <summary>False: not what <see cref="Save"/> gives.</summary>
    public static bool TryLoad(LaneLimits limits, RatchetState? state, [NotNullWhen(true)] out Ratchet? ratchet)
    {
        ratchet = null;
        if (state is not { RootKey.Length: RatchetKdf.KeyLength }
            || !IsKeyOrEmpty(state.LocalPrivate) || !IsKeyOrEmpty(state.LocalPublic) || !IsKeyOrEmpty(state.RemotePublic)
            || !IsKeyOrEmpty(state.SendingChain) || !IsKeyOrEmpty(state.ReceivingChain)
            || state.LocalPrivate.Length != state.LocalPublic.Length
            || state.SendingChain.Length != state.LocalPrivate.Length
            || state.ReceivingChain.Length != state.RemotePublic.Length
            || (state.SendingChain.IsEmpty && state.RemotePublic.IsEmpty)
            || state.Skipped.Count > limits.MaxKept || state.ClosedChains.Count > LaneLimits.ClosedChains
            || !state.Skipped.All(skipped => skipped is { RatchetKey.Length: Curve.Length, MessageKey.Length: RatchetKdf.KeyLength })
            || !state.ClosedChains.All(closed => closed.Length == ClosedLength))
            return false;

        ratchet = new Ratchet(
            limits, state.RootKey.ToByteArray(), state.LocalPrivate.ToByteArray(), state.LocalPublic.ToByteArray(),
            state.RemotePublic.ToByteArray(), state.SendingChain.ToByteArray(), state.ReceivingChain.ToByteArray())
        {
            _sent = state.Sent,
            _received = state.Received,
            _previousSent = state.PreviousSent,
            _skipped = [.. state.Skipped.Select(Read)],
            _closed = [.. state.ClosedChains.Select(closed => new ClosedChain(
                closed.Span[..Curve.Length].ToArray(), BinaryPrimitives.ReadUInt32BigEndian(closed.Span[Curve.Length..])))],
        };
        return true;
    }

    private static SkippedMessageKey Read(SkippedKey key) => new(key.RatchetKey.ToByteArray(), key.Number, key.MessageKey.ToByteArray());

    private static bool IsKeyOrEmpty(ByteString value) => value.Length is 0 or Curve.Length;
}
