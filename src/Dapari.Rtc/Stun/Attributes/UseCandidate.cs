namespace Dapari.Rtc.Stun.Attributes;

/// <summary>USE-CANDIDATE: nominates the pair.</summary>
/// <remarks>It has no value.</remarks>
public static class UseCandidate
{
    /// <summary>RFC 8445 §16.1.</summary>
    public const ushort Type = 0x0025;

    /// <summary>Whether a message has it, without a value.</summary>
    public static bool IsIn(in StunMessage message) => message.TryFind(Type, out var value) && value.IsEmpty;

    /// <summary>Adds it.</summary>
    public static void Write(ref StunWriter writer) => writer.Add(Type, []);
}
