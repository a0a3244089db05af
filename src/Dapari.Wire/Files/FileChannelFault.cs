namespace Dapari.Wire.Files;

/// <summary>Why a message of the channel "dapari-files" was refused.</summary>
public enum FileChannelFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>No bytes at all, or fewer than its kind's header has.</summary>
    TooShort,

    /// <summary>More than its kind may have.</summary>
    TooLarge,

    /// <summary>A control message that is not Protobuf of this contract.</summary>
    Malformed,

    /// <summary>A field is missing, or has another length or range than it must have.</summary>
    FieldLength,

    /// <summary>A kind of a newer version.</summary>
    UnknownKind,
}
