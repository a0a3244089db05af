using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Testing;

/// <summary>Drop-offs: begun by frames, carried by calls that stand for HTTP (docs/protocol/blobs.md).</summary>
public sealed partial class ModelServer
{
    private const ulong DayMs = 24UL * 60 * 60 * 1000;

    private readonly Dictionary<ByteString, Blob> _blobs = [];

    /// <summary>Whether it takes drop-offs at all.</summary>
    public bool TakesBlobs { get; set; } = true;

    /// <summary>What one mailbox may have, in bytes.</summary>
    public ulong BlobQuota { get; set; } = 2UL * 1024 * 1024 * 1024;

    /// <summary>How long a drop-off lies, in days.</summary>
    public uint BlobDays { get; set; } = 14;

    /// <summary>Upload tokens are worth nothing any more, as after another beginning.</summary>
    public bool ForgetsUploadTokens { get; set; }

    public int BlobCount => _blobs.Count;

    /// <summary>All bytes that lie here.</summary>
    public IEnumerable<byte[]> StoredBlobs => _blobs.Values.Select(blob => blob.Bytes.ToArray());

    /// <summary>Loses all drop-offs, as a server whose disk was replaced.</summary>
    public void LoseBlobs() => _blobs.Clear();

    /// <summary>Spoils a byte of every drop-off, as a dishonest server could.</summary>
    public void SpoilBlobs(int at)
    {
        foreach (var blob in _blobs.Values.Where(blob => blob.Bytes.Count > at))
            blob.Bytes[at] ^= 1;
    }

    /// <summary>HEAD by the upload token: what is there; null: unknown.</summary>
    public long? ReceivedOf(ByteString id, ReadOnlySpan<byte> token) => ByUpload(id, token)?.Bytes.Count;

    /// <summary>PUT; false: unknown, or another offset is there.</summary>
    public bool Put(ByteString id, ReadOnlySpan<byte> token, long offset, ReadOnlySpan<byte> bytes)
    {
        if (ByUpload(id, token) is not { } blob || blob.Bytes.Count != offset || (ulong)(blob.Bytes.Count + bytes.Length) > blob.Size)
            return false;
        blob.Bytes.AddRange(bytes);
        return true;
    }

    /// <summary>GET of a range; null: unknown, or not there.</summary>
    public byte[]? Get(ByteString id, ReadOnlySpan<byte> token, long offset, int count)
    {
        if (ByRead(id, token) is not { } blob || offset + count > blob.Bytes.Count)
            return null;
        return [.. blob.Bytes.GetRange((int)offset, count)];
    }

    /// <summary>DELETE by the read token.</summary>
    public bool Delete(ByteString id, ReadOnlySpan<byte> token) => ByRead(id, token) is not null && _blobs.Remove(id);

    private Blob? ByUpload(ByteString id, ReadOnlySpan<byte> token) =>
        !ForgetsUploadTokens && Live(id) is { } blob && blob.UploadToken.AsSpan().SequenceEqual(token) ? blob : null;

    private Blob? ByRead(ByteString id, ReadOnlySpan<byte> token) =>
        Live(id) is { } blob && blob.ReadHash.Span.SequenceEqual(SHA256.HashData(token)) ? blob : null;

    private Blob? Live(ByteString id) => _blobs.TryGetValue(id, out var blob) && blob.EndsAt > (ulong)now() ? blob : null;

    private BlobUsage BlobUsageOf(ByteString mailbox)
    {
        var own = _blobs.Values.Where(blob => blob.Mailbox == mailbox && blob.EndsAt > (ulong)now()).ToList();
        var used = own.Aggregate(0UL, (sum, blob) => sum + blob.Size);
        return new BlobUsage
        {
            UsedBytes = used, QuotaBytes = BlobQuota, UsedBlobs = (uint)own.Count, QuotaBlobs = 1000, Days = BlobDays, RoomBytes = BlobQuota - Math.Min(used, BlobQuota),
        };
    }

    private ServerFrame BeginBlob(int number, BeginBlob begin)
    {
        if (Owned(number, begin.MailboxId) is null)
            return Refuse(Refusal.NotOpen);
        if (!TakesBlobs)
            return Refuse(Refusal.NoBlobs);
        if (!_blobs.TryGetValue(begin.BlobId, out var blob))
        {
            if (begin.Size > BlobUsageOf(begin.MailboxId).RoomBytes)
                return Refuse(begin.Size > BlobQuota ? Refusal.TooLarge : Refusal.BlobQuota);
            blob = _blobs[begin.BlobId] = new Blob(begin.MailboxId, begin.Size, begin.ReadTokenHash, begin.OwnerTokenHash, (ulong)now() + (BlobDays * DayMs));
        }

        if (blob.Size < begin.Size || blob.ReadHash != begin.ReadTokenHash || blob.OwnerHash != begin.OwnerTokenHash || blob.Mailbox != begin.MailboxId)
            return Refuse(Refusal.Taken);
        blob.Size = Math.Max(begin.Size, (ulong)blob.Bytes.Count);
        blob.UploadToken = _random.Bytes(BlobToken.Length);
        return new ServerFrame
        {
            BlobBegun = new BlobBegun
            {
                UploadToken = ByteString.CopyFrom(blob.UploadToken), ExpiresInMs = blob.EndsAt - (ulong)now(), Received = (ulong)blob.Bytes.Count,
                Usage = BlobUsageOf(begin.MailboxId),
            },
        };
    }

    private sealed class Blob(ByteString mailbox, ulong size, ByteString readHash, ByteString ownerHash, ulong endsAt)
    {
        public ByteString Mailbox { get; } = mailbox;

        public ulong Size { get; set; } = size;

        public ByteString ReadHash { get; } = readHash;

        public ByteString OwnerHash { get; } = ownerHash;

        public ulong EndsAt { get; } = endsAt;

        public byte[] UploadToken { get; set; } = [];

        public List<byte> Bytes { get; } = [];
    }
}
