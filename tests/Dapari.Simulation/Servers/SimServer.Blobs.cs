using System.Security.Cryptography;
using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Servers;

/// <summary>Drop-offs: begun by frames, carried by calls that stand for HTTP (docs/protocol/blobs.md).</summary>
internal sealed partial class SimServer
{
    public const long BlobDays = 14;
    private const long DayMs = 86_400_000;

    private readonly Dictionary<ByteString, SimBlob> _blobs = [];

    public IReadOnlyDictionary<ByteString, SimBlob> Blobs => _blobs;

    /// <summary>Whether it takes drop-offs at all.</summary>
    public bool TakesBlobs { get; set; } = true;

    /// <summary>What one mailbox may have, in bytes.</summary>
    public ulong BlobQuota { get; set; } = 2UL << 30;

    /// <summary>Loses all drop-offs, as a server whose disk was replaced.</summary>
    public void LoseBlobs() => _blobs.Clear();

    /// <summary>Whether a device's HTTP request comes through.</summary>
    public bool Answers(SimPeer peer) => Up && Reachable && peer.Online && !_world.IsPartitioned(peer, this);

    /// <summary>HEAD by the upload token.</summary>
    public SimBlob? ByUpload(ByteString id, byte[] token) => Live(id) is { } blob && blob.UploadToken.AsSpan().SequenceEqual(token) ? blob : null;

    /// <summary>GET by the read token.</summary>
    public SimBlob? ByRead(ByteString id, ByteString token) =>
        Live(id) is { } blob && blob.ReadHash.Span.SequenceEqual(SHA256.HashData(token.Span)) ? blob : null;

    /// <summary>DELETE by the read token.</summary>
    public void Remove(ByteString id, ByteString token)
    {
        if (ByRead(id, token) is not null && _world.Options.Sabotage != Sabotage.KeepsDropOffs)
            _blobs.Remove(id);
    }

    private SimBlob? Live(ByteString id) => _blobs.TryGetValue(id, out var blob) && blob.EndsAt > _world.Now ? blob : null;

    private BlobUsage BlobUsageOf(ByteString mailbox)
    {
        var own = _blobs.Values.Where(blob => blob.Mailbox == mailbox && blob.EndsAt > _world.Now).ToList();
        var used = own.Aggregate(0UL, (sum, blob) => sum + blob.Size);
        return new BlobUsage
        {
            UsedBytes = used, QuotaBytes = BlobQuota, UsedBlobs = (uint)own.Count, QuotaBlobs = 1000, Days = (uint)BlobDays, RoomBytes = BlobQuota - Math.Min(used, BlobQuota),
        };
    }

    private ServerFrame BeginBlob(SimConnection connection, BeginBlob begin)
    {
        if (!MailboxId.TryRead(begin.MailboxId, out var mailbox) || !connection.Owned.Contains(mailbox))
            return Refuse(Refusal.NotOpen);
        if (!TakesBlobs)
            return Refuse(Refusal.NoBlobs);
        if (!_blobs.TryGetValue(begin.BlobId, out var blob))
        {
            if (begin.Size > BlobUsageOf(begin.MailboxId).RoomBytes)
                return Refuse(begin.Size > BlobQuota ? Refusal.TooLarge : Refusal.BlobQuota);
            blob = _blobs[begin.BlobId] = new SimBlob(begin.MailboxId, begin.Size, begin.ReadTokenHash, begin.OwnerTokenHash, _world.Now + (BlobDays * DayMs));
        }

        if (blob.Size < begin.Size || blob.ReadHash != begin.ReadTokenHash || blob.OwnerHash != begin.OwnerTokenHash || blob.Mailbox != begin.MailboxId)
            return Refuse(Refusal.Taken);
        blob.Size = begin.Size;
        blob.UploadToken = new SeededRandomSource(_random).Bytes(BlobToken.Length);
        return new ServerFrame
        {
            BlobBegun = new BlobBegun
            {
                UploadToken = ByteString.CopyFrom(blob.UploadToken), ExpiresInMs = (ulong)Math.Max(1, blob.EndsAt - _world.Now), Received = Math.Min(blob.Size, (ulong)blob.Units.Count * FileShape.ChunkBytes),
                Usage = BlobUsageOf(begin.MailboxId),
            },
        };
    }

    private ServerFrame GetBlobUsage(SimConnection connection, GetBlobUsage ask) =>
        MailboxId.TryRead(ask.MailboxId, out var mailbox) && connection.Owned.Contains(mailbox)
            ? new ServerFrame { BlobUsage = BlobUsageOf(ask.MailboxId) } : Refuse(Refusal.NotOpen);
}

/// <summary>A drop-off as a server's disk keeps it: sealed units, of which it knows nothing.</summary>
internal sealed class SimBlob(ByteString mailbox, ulong size, ByteString readHash, ByteString ownerHash, long endsAt)
{
    public ByteString Mailbox { get; } = mailbox;

    public ulong Size { get; set; } = size;

    public ByteString ReadHash { get; } = readHash;

    public ByteString OwnerHash { get; } = ownerHash;

    public long EndsAt { get; } = endsAt;

    public byte[] UploadToken { get; set; } = [];

    /// <summary>Chunks that are durable, in the blob's order: under which key each was sealed, and what is inside.</summary>
    public List<(ByteString Key, ulong Chunk)> Units { get; } = [];
}
