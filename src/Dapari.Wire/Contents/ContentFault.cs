namespace Dapari.Wire;

/// <summary>Why a content was refused.</summary>
public enum ContentFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>More than <see cref="WireLimits.ContentBytes"/> bytes.</summary>
    TooLarge,

    /// <summary>Not Protobuf of this contract.</summary>
    Malformed,

    /// <summary>A field is missing or has another length than it must have.</summary>
    FieldLength,

    /// <summary>A count exceeds its cap.</summary>
    TooMany,

    /// <summary>A text is longer than its cap.</summary>
    TextTooLong,

    /// <summary>Its fields do not agree with each other.</summary>
    Contradiction,
}
