using Dapari.Server.Blobs.S3;
using Dapari.Server.Storage.Operations;

namespace Dapari.Server.Blobs;

/// <summary>What was chosen about drop-offs.</summary>
internal sealed record BlobServing
{
    /// <summary>A folder that several machines share; null: one in the data folder, of this machine alone.</summary>
    public string? Folder { get; init; }

    /// <summary>A store, instead of a folder; null: a folder.</summary>
    public S3Serving? S3 { get; init; }

    /// <summary>False: this server takes none. What lies here can still be fetched.</summary>
    public bool On { get; init; } = true;

    /// <summary>Of each mailbox.</summary>
    public BlobQuota Quota { get; init; } = new(2L << 30, 1000);

    /// <summary>How long one lies at most.</summary>
    public int Days { get; init; } = 14;

    /// <summary>All that lies here together, in bytes.</summary>
    public long TotalBytes { get; init; } = 64L << 30;

    /// <summary>What is left free on the disk, in bytes.</summary>
    public long ReserveBytes { get; init; } = 1L << 30;

    /// <summary>Uploads and downloads at the same time.</summary>
    public int Transfers { get; init; } = 512;

    /// <summary>Of one address.</summary>
    public int TransfersPerAddress { get; init; } = 256;

    /// <summary>How long the other side may take for one piece of <see cref="BlobStore.PieceBytes"/>: 4 KiB a second at least.</summary>
    public TimeSpan PieceDeadline { get; init; } = TimeSpan.FromSeconds(32);

    /// <summary>The disk; another one in tests of its faults.</summary>
    public BlobDisk Disk { get; init; } = new();
}
