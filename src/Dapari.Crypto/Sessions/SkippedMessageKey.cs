namespace Dapari.Crypto;

/// <summary>The key of a message that has not come yet. Immutable, and shared between copies of a session.</summary>
internal sealed class SkippedMessageKey(byte[] ratchetKey, uint number, byte[] messageKey)
{
    public byte[] RatchetKey { get; } = ratchetKey;

    public uint Number { get; } = number;

    public byte[] MessageKey { get; } = messageKey;

    public bool IsFor(ReadOnlySpan<byte> key, uint index) => Number == index && key.SequenceEqual(RatchetKey);

    public override string ToString() => "[redacted]";
}

/// <summary>A receiving chain that its sender closed.</summary>
/// <param name="RatchetKey">Its ratchet key.</param>
/// <param name="Length">How many messages were sealed in it.</param>
internal readonly record struct ClosedChain(byte[] RatchetKey, uint Length);
