using Dapari.Server.Blobs.Places;

namespace Dapari.Server.Blobs.S3;

/// <summary>Why the store did not do what was asked.</summary>
internal enum S3FaultKind
{
    /// <summary>It does not answer, is too busy, or fails by itself: later it may be well again.</summary>
    Away,

    /// <summary>The key, its secret or its rights.</summary>
    Denied,

    /// <summary>There is no such bucket.</summary>
    NoBucket,

    /// <summary>The bucket belongs to another region or address.</summary>
    Elsewhere,

    /// <summary>What is in the bucket belongs to another server.</summary>
    Foreign,

    /// <summary>Something that it should not have answered.</summary>
    Odd,
}

/// <summary>The store did not do what was asked, however often. The message is for the operator, and names no drop-off.</summary>
internal sealed class S3Fault(S3FaultKind kind, string message, Exception? inner = null) : PlaceAwayException(message, inner)
{
    public S3FaultKind Kind => kind;

    /// <summary>Only somebody who changes settings can mend it.</summary>
    public bool IsOfSettings => kind is not S3FaultKind.Away;
}
