namespace Dapari.Wire;

/// <summary>Why a frame was refused.</summary>
public enum FrameFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>More than <see cref="WireLimits.FrameBytes"/> bytes.</summary>
    TooLarge,

    /// <summary>Not Protobuf of this contract.</summary>
    Malformed,

    /// <summary>A client frame without a request number.</summary>
    NoRequest,

    /// <summary>A field has another length than it must have.</summary>
    FieldLength,

    /// <summary>A count exceeds its cap.</summary>
    TooMany,
}
