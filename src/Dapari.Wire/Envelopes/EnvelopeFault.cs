namespace Dapari.Wire;

/// <summary>Why an envelope, or what its outer seal covers, was refused.</summary>
public enum EnvelopeFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>More than <see cref="WireLimits.EnvelopeBytes"/> bytes.</summary>
    TooLarge,

    /// <summary>Not Protobuf of this contract, or a field is missing or has another length than it must have.</summary>
    Malformed,

    /// <summary>Made by a version that this build cannot open.</summary>
    UnknownVersion,

    /// <summary>A lane that this build does not know.</summary>
    UnknownLane,
}
