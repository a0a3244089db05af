namespace Dapari.Peer.Engine;

/// <summary>Deadlines are monotonic milliseconds; null is never.</summary>
internal static class Deadline
{
    public static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
