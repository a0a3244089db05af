namespace Dapari.Wire.Files;

/// <summary>What a verifier says of a page or a chunk.</summary>
public enum TreeVerdict
{
    /// <summary>It belongs to the file.</summary>
    Right,

    /// <summary>Its hash is another: it does not belong to the file, and never will.</summary>
    Wrong,

    /// <summary>The file has no such page or chunk, or it has another length.</summary>
    OutOfShape,

    /// <summary>It cannot be judged before a page that the verifier names; nothing of it was kept.</summary>
    NeedsPage,
}
