using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>What was kept, and what a crash may have swallowed.</summary>
internal sealed partial class FileTransfers
{
    /// <summary>Rebuilds what was kept.</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public void Load(IReadOnlyList<StateRow> rows)
    {
        try
        {
            var byKey = rows.Where(row => row.Key.StartsWith("transfer/", StringComparison.Ordinal)).ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
            foreach (var (key, value) in byKey.Where(row => row.Key.LastIndexOf('/') == "transfer".Length).OrderBy(row => row.Key, StringComparer.Ordinal))
                Load(byKey, key, TransferRecord.Parser.ParseFrom(value));
        }
        catch (InvalidProtocolBufferException fault)
        {
            throw new InvalidDataException("A transfer's row cannot be read.", fault);
        }
    }

    /// <summary>First after loading.</summary>
    public void Start(FileStep step)
    {
        foreach (var over in _all.Values.Where(transfer => transfer.IsOver).OrderByDescending(transfer => transfer.Record.BegunAtMs).Skip(MaxOver).ToList())
        {
            _all.Remove(over.Id);
            step.Rows[Transfer.RowKey(over.Id)] = null;
        }

        foreach (var over in _all.Values.Where(transfer => transfer.IsOver && transfer.Record.DropOffs.Count > 0))
        {
            // Once more, for a crash may have swallowed it; what is left then ends by itself.
            step.Do(new FileEffect.RemoveDropOffs(over.Id, [.. over.Record.DropOffs]));
            over.Record.DropOffs.Clear();
            step.Rows[Transfer.RowKey(over.Id)] = over.Record.ToByteArray();
        }

        foreach (var transfer in _turns)
        {
            if (transfer.Record.Outgoing)
            {
                transfer.SourceUnknown = true;
                step.Do(new FileEffect.OpenSource(transfer.Id, transfer.Layout));
                SayAgain(step, transfer);
            }
            else if (transfer.Record.State == TransferState.Finishing)
                step.Do(new FileEffect.Finish(transfer.Id));
            else if (transfer.Record.State == TransferState.Moving)
                step.Do(new FileEffect.OpenDestination(transfer.Id, transfer.Layout));
        }

        Go(step);
    }

    private void Load(Dictionary<string, byte[]> rows, string key, TransferRecord record)
    {
        if (!TransferId.TryRead(record.Id, out var id) || !ContactId.TryRead(record.ContactId, out var contact))
            throw new InvalidDataException($"The row \"{key}\" cannot be read.");
        var items = rows.TryGetValue(Transfer.ItemsKey(id), out var kept) ? FileManifest.Parser.ParseFrom(kept) : null;
        var transfer = new Transfer(id, contact, record, items);
        _all.Add(id, transfer);
        if (transfer.IsOver)
            return;
        _turns.Add(transfer);
        if (!rows.TryGetValue(Transfer.ProgressKey(id), out var row))
            return;
        var progress = TransferProgress.Parser.ParseFrom(row);
        transfer.Verified = ChunkSet.Of(progress.Verified);
        foreach (var share in progress.Shares)
        {
            transfer.Shares[share.Route] = share.Bytes;
            transfer.HttpsBytes += share.HttpsBytes;
        }

        (transfer.TheirBytes, transfer.TheirThrough) = (progress.TheirBytes, progress.TheirThrough);
    }
}
