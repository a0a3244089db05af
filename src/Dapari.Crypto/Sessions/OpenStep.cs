using System.Security.Cryptography;

namespace Dapari.Crypto;

/// <summary>What opening one envelope would change in a ratchet. Prepared on the side; applied only after the envelope opened.</summary>
internal sealed class OpenStep(byte[] messageKey) : IDisposable
{
    private bool _applied;

    public byte[] MessageKey { get; } = messageKey;

    /// <summary>The place of the skipped key that opens it, or -1.</summary>
    public int SkippedIndex { get; init; } = -1;

    /// <summary>The receiving chain afterwards; null: unchanged.</summary>
    public byte[]? Chain { get; init; }

    /// <summary>Messages received in that chain afterwards.</summary>
    public uint Received { get; init; }

    /// <summary>Keys to keep for messages that have not come yet, oldest first.</summary>
    public IReadOnlyList<SkippedMessageKey> Skipped { get; init; } = [];

    /// <summary>The root key afterwards, where the other end's ratchet key is new; else null.</summary>
    public byte[]? Root { get; init; }

    /// <summary>The new ratchet key of the other end; null: unchanged.</summary>
    public byte[]? RemotePublic { get; init; }

    /// <summary>The chain that closes, where there was one.</summary>
    public ClosedChain? Closes { get; init; }

    /// <summary>From now on the ratchet owns the new keys.</summary>
    public void MarkApplied() => _applied = true;

    public void Dispose()
    {
        // A skipped key is still the ratchet's until the step is applied.
        if (SkippedIndex < 0)
            CryptographicOperations.ZeroMemory(MessageKey);
        if (_applied)
            return;
        CryptographicOperations.ZeroMemory(Chain);
        CryptographicOperations.ZeroMemory(Root);
        foreach (var key in Skipped)
            CryptographicOperations.ZeroMemory(key.MessageKey);
    }
}
