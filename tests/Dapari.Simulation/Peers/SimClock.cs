using Dapari.Peer.Engine;
using Dapari.Simulation.Core;

namespace Dapari.Simulation.Peers;

/// <summary>A device's clocks: the monotonic one starts anew with each start of the app; the wall clock is days off, drifts and jumps.</summary>
internal sealed class SimClock(World world, SimRandom random)
{
    private readonly double _drift = (random.Below(2_001) - 1_000) / 1_000_000.0;
    private long _offset = random.Chance(0.5) ? random.Between(-5 * 86_400_000L, 5 * 86_400_000L) : random.Between(-5_000, 5_000);
    private long _started;

    public Moment Now => new(world.Now - _started + 1, WallMs);

    public long WallMs => World.Epoch + world.Now + (long)(world.Now * _drift) + _offset;

    public void Started() => _started = world.Now;

    public void Jump(long milliseconds) => _offset += milliseconds;

    public void SetRight() => _offset = -(long)(world.Now * _drift);

    /// <summary>How long until the monotonic clock shows <paramref name="deadline"/>.</summary>
    public long Until(long deadline) => deadline - Now.MonotonicMs;
}
