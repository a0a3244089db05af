using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;

namespace Dapari.Wire;

/// <summary>Why an invite blob was refused.</summary>
public enum InviteBlobFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>More than <see cref="WireLimits.InviteBlobBytes"/> bytes.</summary>
    TooLarge,

    /// <summary>Not Protobuf of this contract, or a field is missing or has another length than it must have.</summary>
    Malformed,

    /// <summary>Made by a version that this build cannot read.</summary>
    UnknownVersion,
}

/// <summary>Reads what an invite's blob holds once opened.</summary>
public static class InviteBlobCodec
{
    /// <summary>The version of blobs that this build makes and reads.</summary>
    public const uint Version = 1;

    /// <summary>Reads a blob.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out InviteBlob? blob, out InviteBlobFault fault)
    {
        blob = null;
        fault = InviteBlobFault.TooLarge;
        if (source.Length > WireLimits.InviteBlobBytes)
            return false;
        fault = InviteBlobFault.Malformed;
        if (!Protobuf.TryParse(source, InviteBlob.Parser, out var parsed))
            return false;
        fault = InviteBlobFault.UnknownVersion;
        if (parsed.Version != Version)
            return false;
        fault = InviteBlobFault.Malformed;
        if (parsed.InviteId.Length != Shape.Id || !Shape.IsName(parsed.Name) || !Shape.IsCertificate(parsed.Device)
            || !Shape.IsPrekeyAddress(parsed.Prekeys) || !Shape.IsMailboxAddress(parsed.Mailbox))
            return false;
        blob = parsed;
        fault = InviteBlobFault.None;
        return true;
    }
}
