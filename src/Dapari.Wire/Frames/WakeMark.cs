using System.Security.Cryptography;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>By what a server and a device compare which subscription is set, without saying it each time.</summary>
public static class WakeMark
{
    /// <summary>In bytes.</summary>
    public const int Length = 16;

    /// <summary>The first 16 bytes of the SHA-256 of the serialized subscription; empty where there is none.</summary>
    public static ByteString Of(WakeSubscription? subscription) =>
        subscription is null ? ByteString.Empty : ByteString.CopyFrom(SHA256.HashData(subscription.ToByteArray()).AsSpan(0, Length));
}
