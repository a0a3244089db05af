using System.Security.Cryptography;

namespace Dapari.Crypto;

/// <summary>Secret bytes with one owner: zeroed when disposed, compared in constant time, never printed.</summary>
/// <remarks>The garbage collector may have moved an array before it was zeroed; managed memory promises no more.</remarks>
public abstract class SecretBytes : IDisposable
{
    private readonly byte[] _bytes;
    private bool _disposed;

    private protected SecretBytes(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    internal ReadOnlySpan<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    /// <summary>A copy of the secret, for the device's own store and for sealed addresses; the caller answers for it.</summary>
    public byte[] ExportSecret() => Span.ToArray();

    /// <summary>Whether both hold the same secret, in time that does not depend on it.</summary>
    public bool HasSameSecret(SecretBytes other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return CryptographicOperations.FixedTimeEquals(Span, other.Span);
    }

    /// <summary>Zeroes the secret.</summary>
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public sealed override string ToString() => "[redacted]";
}
