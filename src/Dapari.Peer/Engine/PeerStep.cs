using Dapari.Peer.Hosting;

namespace Dapari.Peer.Engine;

/// <summary>The outcome of one input: first keep the batch, then do the effects. If keeping fails, the engine that made it is discarded.</summary>
/// <param name="Batch">What must be durable before any effect.</param>
/// <param name="Effects">What to do then, in order.</param>
public sealed record PeerStep(StoreBatch Batch, IReadOnlyList<PeerEffect> Effects);
