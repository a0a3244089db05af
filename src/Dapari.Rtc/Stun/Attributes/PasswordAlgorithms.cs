using System.Buffers.Binary;

namespace Dapari.Rtc.Stun.Attributes;

/// <summary>PASSWORD-ALGORITHMS: what a server offers, the best first; the client sends the same back, so that nobody can take the best away.</summary>
/// <remarks><code>for each:  |  algorithm (16)  |  length of the parameters (16)  |  parameters, padded to 4  |</code></remarks>
public static class PasswordAlgorithms
{
    /// <summary>RFC 8489 §14.11.</summary>
    public const ushort Type = 0x8002;

    /// <summary>The first one of a message, as it came, to be compared with what was offered.</summary>
    public static bool TryRead(in StunMessage message, out ReadOnlySpan<byte> offered) => message.TryFind(Type, out offered);

    /// <summary>Whether an offer contains an algorithm (without parameters).</summary>
    public static bool Contains(ReadOnlySpan<byte> offered, PasswordAlgorithmId algorithm)
    {
        while (offered.Length >= 4)
        {
            var parameters = BinaryPrimitives.ReadUInt16BigEndian(offered[2..]);
            if (BinaryPrimitives.ReadUInt16BigEndian(offered) == (int)algorithm && parameters == 0)
                return true;
            var next = 4 + StunMessage.Padded(parameters);
            if (next > offered.Length)
                return false;
            offered = offered[next..];
        }

        return false;
    }

    /// <summary>Adds an offer.</summary>
    public static void Write(ref StunWriter writer, scoped ReadOnlySpan<byte> offered) => writer.Add(Type, offered);
}
