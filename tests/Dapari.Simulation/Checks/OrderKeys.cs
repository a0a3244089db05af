using Google.Protobuf;

namespace Dapari.Simulation.Checks;

/// <summary>Bytewise order is conversation order.</summary>
internal static class OrderKeys
{
    public static IComparer<ByteString> Comparer { get; } =
        Comparer<ByteString>.Create((one, other) => one.Span.SequenceCompareTo(other.Span));
}
