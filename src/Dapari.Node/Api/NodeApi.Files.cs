using System.Runtime.CompilerServices;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Files.Storage;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Node.Api;

/// <summary>Files: offering, wanting, and saving where a person wants them.</summary>
internal sealed partial class NodeApi
{
    private const int MostOffers = 200;

    private Task<ApiAnswer> SendFilesAsync(ApiRequest request, CancellationToken cancellation) => WithAsync(request, async contact =>
    {
        var body = Read(request, ApiJson.Default.SendFilesBody);
        Policy? way = body.Way switch { null or "automatic" => Policy.Unspecified, "direct" => Policy.DirectOnly, "server" => Policy.ServerOnly, _ => null };
        if (way is null)
            return Error(400, "bad-way", "A way is automatic, direct or server.");
        if (body.Paths.FirstOrDefault(path => !Path.IsPathFullyQualified(path)) is { } relative)
            return Error(400, "bad-path", $"{relative} is not a full path.");
        if (contact.State != ContactState.Accepted)
            return Refused(CommandRefusal.NotAccepted);
        if (SourcePreparer.Find(body.Paths, out var wrong) is not { } found)
            return Error(400, "no-such-file", $"{wrong} is not there, cannot be read, or holds more than {WireLimits.FilesPerTransfer} files.");
        if (found.Count == 0)
            return Error(400, "empty", "There are no files there.");
        var (transfer, message) = (TransferId.Random(RandomSource.System), MessageId.Random(RandomSource.System));
        try
        {
            var (items, manifest) = await peer.Files.PrepareAsync(transfer, found, null, cancellation);
            var command = new SendFiles
            {
                ContactId = contact.Id, MessageId = message.ToByteString(), TransferId = transfer.ToByteString(), Caption = body.Caption ?? "", Manifest = manifest,
                Way = way.Value, Leave = way != Policy.DirectOnly, Items = { items },
            };
            var result = await peer.Host.ExecuteAsync(new Command { SendFiles = command }, cancellation);
            if (result.Refusal == CommandRefusal.Unspecified)
                return Ok(new SentFilesBody(transfer.ToString(), message.ToString()), ApiJson.Default.SentFilesBody);
            peer.Files.Release(transfer);
            return Refused(result.Refusal);
        }
        catch (SourceFault fault)
        {
            var path = fault.Item > 0 && fault.Item <= found.Count ? found[fault.Item - 1].Path : "A file";
            return Error(409, fault.Changed ? "source-changed" : "source-gone", fault.Changed ? $"{path} was changed while it was read." : $"{path} cannot be read.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Error(507, "storage", fault.Message);
        }
    });

    private async Task<ApiAnswer> ListFilesAsync(ApiRequest request, CancellationToken cancellation)
    {
        IEnumerable<ContactView> contacts = Snapshot.Contacts;
        if (request.Query.TryGetValue("contact", out var word))
        {
            if (Views.Find(Snapshot, word, out var several) is not { } one)
                return Nobody(several);
            contacts = [one];
        }

        var offers = new List<FileOfferBody>();
        foreach (var contact in contacts)
        {
            await foreach (var record in FileMessagesAsync(contact, cancellation))
            {
                offers.Add(Offer(record, contact));
                if (offers.Count == MostOffers)
                    break;
            }
        }

        return Ok([.. offers.OrderByDescending(offer => offer.Message.ShownAt)], ApiJson.Default.IReadOnlyListFileOfferBody);
    }

    private Task<ApiAnswer> ChangeTransferAsync(ApiRequest request, CancellationToken cancellation)
    {
        var matching = Snapshot.Transfers.Where(transfer => request.Path[1].Length >= 4 && Views.Hex(transfer.TransferId).StartsWith(request.Path[1], StringComparison.OrdinalIgnoreCase)).ToList();
        if (matching.Count != 1)
            return Task.FromResult(matching.Count == 0 ? Refused(CommandRefusal.UnknownTransfer) : Error(409, "several-transfers", "Several transfers begin so: say more of the id."));
        var id = matching[0].TransferId;
        var command = request.Path[2] switch
        {
            "want" => new Command { WantFiles = new WantFiles { TransferId = id } },
            "pause" => new Command { PauseFiles = new PauseFiles { TransferId = id, Paused = true } },
            "resume" => new Command { PauseFiles = new PauseFiles { TransferId = id } },
            "cancel" => new Command { CancelFiles = new CancelFiles { TransferId = id } },
            "retry" => new Command { RetryFiles = new RetryFiles { TransferId = id } },
            _ => null,
        };
        return command is null ? Task.FromResult(Error(404, "unknown-request", "There is no such request.")) : DoAsync(command, cancellation);
    }

    private async Task<ApiAnswer> SaveFilesAsync(ApiRequest request, CancellationToken cancellation)
    {
        var body = Read(request, ApiJson.Default.SaveFilesBody);
        if (!Path.IsPathFullyQualified(body.Folder))
            return Error(400, "bad-path", $"{body.Folder} is not a full path.");
        if (await FindOfferAsync(request.Path[1], cancellation) is not { } record || !TransferId.TryRead(record.File.TransferId, out var id))
            return Refused(CommandRefusal.UnknownTransfer);
        var folder = peer.Files.FolderOf(id);
        if (record.Outgoing || record.File.End is not { Outcome: FileOutcome.Arrived } end || !ReceivedFiles.IsDone(folder))
            return Error(409, "not-here", "Nothing of it waits here to be saved.");
        // What stood in the offer stands in the entry, all of it; more than that stands in the manifest.
        var names = record.File.Files.Count == record.File.ItemCount
            ? record.File.Files.Select(file => ((IReadOnlyList<string>)file.Folder, file.Name)).ToList()
            : null;
        try
        {
            var saved = await Task.Run(() => ReceivedFiles.Save(folder, names, body.Folder, check: end.ItemsLost > 0), cancellation);
            return Ok(new SavedFilesBody(saved), ApiJson.Default.SavedFilesBody);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Error(507, "storage", fault.Message);
        }
    }

    private FileOfferBody Offer(MessageRecord record, ContactView contact)
    {
        var live = Snapshot.Transfers.FirstOrDefault(transfer => transfer.TransferId == record.File.TransferId);
        var kept = !record.Outgoing && record.File.End is { Outcome: FileOutcome.Arrived } && TransferId.TryRead(record.File.TransferId, out var id)
            && ReceivedFiles.IsDone(peer.Files.FolderOf(id));
        return new FileOfferBody(Views.Message(record, contact), contact.Name, live is null || record.File.End is not null ? null : Views.Transfer(live), kept);
    }

    private async Task<MessageRecord?> FindOfferAsync(string word, CancellationToken cancellation)
    {
        MessageRecord? found = null;
        if (word.Length < 4)
            return null;
        foreach (var contact in Snapshot.Contacts)
        {
            await foreach (var record in FileMessagesAsync(contact, cancellation))
            {
                if (!Views.Hex(record.File.TransferId).StartsWith(word, StringComparison.OrdinalIgnoreCase))
                    continue;
                if (found is not null)
                    return null;
                found = record;
            }
        }

        return found;
    }

    private async IAsyncEnumerable<MessageRecord> FileMessagesAsync(ContactView contact, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!ContactId.TryRead(contact.Id, out var id))
            yield break;
        ReadOnlyMemory<byte> anchor = default;
        while (true)
        {
            var page = await peer.Host.ReadMessagesAsync(id, anchor, PageDirection.Older, MostMessages, cancellation);
            foreach (var record in page.Messages.Where(record => record.File is not null).OrderByDescending(record => record.ShownAtMs))
                yield return record;
            if (!page.More || page.Messages.Count == 0)
                yield break;
            anchor = page.Messages[0].OrderKey.Memory;
        }
    }
}
