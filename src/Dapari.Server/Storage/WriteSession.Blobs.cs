using System.Diagnostics.CodeAnalysis;
using Dapari.Wire;

namespace Dapari.Server.Storage;

/// <summary>Drop-offs: their rows; the bytes are in files.</summary>
internal sealed partial class WriteSession
{
    private Statement _blob, _insertBlob, _renewBlob, _advanceBlob, _resetBlob, _deleteBlob, _blobUsage;

    /// <summary>The row, expired or not.</summary>
    public BlobRow? Blob(BlobId id)
    {
        _blob.Bind(1, id.ToArray());
        var row = _blob.Step() ? BlobRow.Read(_blob) : null;
        _blob.Reset();
        return row;
    }

    public void InsertBlob(BlobRow row) =>
        _insertBlob.Bind(1, row.Id.ToArray()).Bind(2, row.File).Bind(3, row.Mailbox).Bind(4, row.Size).Bind(5, row.Received).Bind(6, row.ExpiresMs)
            .Bind(7, row.UploadHash).Bind(8, row.ReadHash).Bind(9, row.OwnerHash).Run();

    /// <summary>Another upload token, and perhaps a smaller size.</summary>
    public void RenewBlob(BlobId id, ReadOnlySpan<byte> uploadHash, long size) => _renewBlob.Bind(1, id.ToArray()).Bind(2, uploadHash).Bind(3, size).Run();

    /// <summary>More of the file is durable; an upload that was under way when the size became smaller counts what it brought. False: the blob is gone, or another one with its id has come.</summary>
    public bool AdvanceBlob(BlobId id, ReadOnlySpan<byte> file, long received)
    {
        _advanceBlob.Bind(1, id.ToArray()).Bind(2, file).Bind(3, received).Run();
        return _database.Changes > 0;
    }

    /// <summary>Less of the file is there than was believed.</summary>
    public void ResetBlob(BlobId id, long received) => _resetBlob.Bind(1, id.ToArray()).Bind(2, received).Run();

    /// <summary>How much of it had been received; -1: it was gone already.</summary>
    public long DeleteBlob(BlobId id, ReadOnlySpan<byte> file)
    {
        _deleteBlob.Bind(1, id.ToArray()).Bind(2, file);
        var received = _deleteBlob.Step() ? _deleteBlob.Int64(0) : -1;
        _deleteBlob.Reset();
        return received;
    }

    /// <summary>What a mailbox has begun and has not expired.</summary>
    public (long Bytes, int Blobs) BlobUsage(long mailbox, long nowMs)
    {
        _blobUsage.Bind(1, mailbox).Bind(2, nowMs).Step();
        var usage = (_blobUsage.Int64(0), (int)_blobUsage.Int64(1));
        _blobUsage.Reset();
        return usage;
    }

    [MemberNotNull(nameof(_blob), nameof(_insertBlob), nameof(_renewBlob), nameof(_advanceBlob), nameof(_resetBlob), nameof(_deleteBlob), nameof(_blobUsage))]
    private void PrepareBlobs()
    {
        _blob = _database.Prepare($"SELECT {BlobRow.Columns} FROM blobs WHERE id = ?1");
        _insertBlob = _database.Prepare($"INSERT INTO blobs ({BlobRow.Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
        _renewBlob = _database.Prepare("UPDATE blobs SET upload_hash = ?2, size = ?3 WHERE id = ?1");
        _advanceBlob = _database.Prepare("UPDATE blobs SET received = max(received, ?3), size = max(size, ?3) WHERE id = ?1 AND file = ?2");
        _resetBlob = _database.Prepare("UPDATE blobs SET received = ?2 WHERE id = ?1");
        _deleteBlob = _database.Prepare("DELETE FROM blobs WHERE id = ?1 AND file = ?2 RETURNING received");
        _blobUsage = _database.Prepare("SELECT coalesce(sum(size), 0), count(*) FROM blobs WHERE mailbox = ?1 AND expires_ms > ?2");
    }
}
