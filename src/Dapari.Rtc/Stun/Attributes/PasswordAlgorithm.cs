using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>How a long-term key is made of a password (RFC 8489 §18.5).</summary>
public enum PasswordAlgorithmId
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>MD5(username ":" realm ":" password).</summary>
    Md5 = 1,

    /// <summary>SHA-256 of the same.</summary>
    Sha256 = 2,
}

/// <summary>PASSWORD-ALGORITHM: which of the offered ones the client took.</summary>
/// <remarks><code>|  algorithm (16)  |  length of the parameters (16)  |  parameters  |</code></remarks>
public static class PasswordAlgorithm
{
    /// <summary>RFC 8489 §14.12.</summary>
    public const ushort Type = 0x001D;

    /// <summary>Reads the first one of a message; one with parameters is not read, as neither algorithm has any.</summary>
    public static bool TryRead(in StunMessage message, out PasswordAlgorithmId algorithm)
    {
        algorithm = PasswordAlgorithmId.None;
        if (!message.TryFind(Type, out var value) || value.Length != 4 || BinaryPrimitives.ReadUInt16BigEndian(value[2..]) != 0)
            return false;
        algorithm = (PasswordAlgorithmId)BinaryPrimitives.ReadUInt16BigEndian(value);
        return true;
    }

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer, PasswordAlgorithmId algorithm) =>
        BinaryPrimitives.WriteUInt32BigEndian(writer.Add(Type, 4), (uint)algorithm << 16);
}
