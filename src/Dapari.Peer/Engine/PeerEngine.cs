using Dapari.Peer.Hosting;
using Dapari.Wire;

namespace Dapari.Peer.Engine;

/// <summary>
/// A peer without its hands: bytes, commands and time in; a batch to keep, effects and the next deadline out. One owner; not thread-safe.
/// Inputs are handled in order: one step's batch must be durable before its effects happen. Several steps may be kept in one commit.
/// </summary>
public sealed class PeerEngine
{
    private PeerEngine()
    {
    }

    /// <summary>When a <see cref="PeerInput.Tick"/> is wanted, in <see cref="Moment.MonotonicMs"/>; null: never.</summary>
    public long? NextDeadline => null;

    /// <summary>Rebuilds the engine from what was kept; no rows: a peer before its first start.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read: the store is damaged or from a newer version.</exception>
    public static PeerEngine Load(IReadOnlyList<StateRow> rows, RandomSource random, bool pathsSupported, Moment now) => throw new NotImplementedException();

    /// <summary>Handles one input.</summary>
    public PeerStep Handle(PeerInput input, Moment now) => throw new NotImplementedException();

    /// <summary>Turns what an old backup holds into rows that are safe to go on from: a new incarnation, sessions that no longer seal, prekeys to replace.</summary>
    public static IReadOnlyList<StateRow> Restore(IReadOnlyList<StateRow> backup, RandomSource random) => throw new NotImplementedException();
}
