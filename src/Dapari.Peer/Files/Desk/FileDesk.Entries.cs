using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>Entries of transfers in conversations: what is known of one later is written into it, once the store has given it.</summary>
internal sealed partial class FileDesk
{
    // Entries that the store was asked for, by the lookup's name.
    private readonly Dictionary<EnvelopeId, TransferId> _entries = [];

    // First files of manifests that came, until the transfer is over.
    private readonly Dictionary<TransferId, IReadOnlyList<FileEntry>> _named = [];

    // First bytes of what is being finished: the end is kept together with what they say.
    private readonly Dictionary<TransferId, IReadOnlyList<ReadOnlyMemory<byte>>> _heads = [];

    /// <summary>The store's answer; false: it was for nobody here.</summary>
    public bool Found(Step step, EnvelopeId lookup, MessageRecord? message)
    {
        if (!_entries.TryGetValue(lookup, out var id))
            return FoundDraft(step, lookup, message);
        // Until it is written its lookup stands, so that nobody asks for it again.
        if (_machine.Find(id) is { } transfer && _parts.State.Contacts.GetValueOrDefault(transfer.Contact) is { } contact)
            Write(step, contact, transfer, message?.File is not null && message.ContactId == contact.Record.Id ? message : null);
        _entries.Remove(lookup);
        return true;
    }

    private void Finished(Step step, TransferId id, IReadOnlyList<ReadOnlyMemory<byte>> heads)
    {
        if (_machine.Find(id) is not { Record: { Outgoing: false, State: TransferState.Finishing } } transfer)
            return;
        _heads[id] = heads;
        Enter(step, transfer);
    }

    /// <summary>The entry is to say what is known: at once where the message is still in the outbox, else when the store has given it.</summary>
    private void Enter(Step step, Transfer transfer)
    {
        if (_entries.ContainsValue(transfer.Id) || !MessageId.TryRead(transfer.Record.MessageId, out var message)
            || _parts.State.Contacts.GetValueOrDefault(transfer.Contact) is not { } contact)
            return;
        if (transfer.Record.Outgoing && contact.Queue.Find(message) is { Message: { } queued } entry)
        {
            step.Changed(entry);
            Write(step, contact, transfer, queued);
            return;
        }

        var lookup = EnvelopeId.Random(_parts.State.Random);
        _entries.Add(lookup, transfer.Id);
        step.Do(new PeerEffect.FindMessage(lookup, message));
    }

    private void Write(Step step, Contact contact, Transfer transfer, MessageRecord? message)
    {
        _heads.Remove(transfer.Id, out var heads);
        if (heads is not null)
            Run(step, (machine, inner) => machine.Finished(inner, transfer.Id));
        if (message is not null)
        {
            Fill(message.File, transfer, heads);
            step.Put(message);
            if (contact.Record.LastMessage?.Id == message.Id)
                ChatDesk.Touch(step, contact, message);
        }

        if (!transfer.IsOver)
            return;
        _named.Remove(transfer.Id);
        transfer.Record.Entered = true;
        if (_machine.Find(transfer.Id) == transfer)
            step.Batch.State[Transfer.RowKey(transfer.Id)] = transfer.Record.ToByteArray();
    }

    private void Fill(FileRecord file, Transfer transfer, IReadOnlyList<ReadOnlyMemory<byte>>? heads)
    {
        var record = transfer.Record;
        if (file.Files.Count == 0 && _named.TryGetValue(transfer.Id, out var named))
            file.Files.Add(named.Select(entry => entry.Clone()));
        for (var i = 0; heads is not null && i < Math.Min(heads.Count, file.Files.Count); i++)
            file.Files[i].Warning = FileEntries.Judge(file.Files[i], heads[i].Span);
        foreach (var lost in record.Lost.Where(lost => lost.Item >= 1 && lost.Item <= (uint)file.Files.Count))
            file.Files[(int)lost.Item - 1].Lost = true;
        file.BegunAtMs = record.BegunAtMs;
        file.AtServerFromMs = record.AtServerFromMs;
        file.AtServerBytes = record.AtServerBytes;
        if (record.State != TransferState.Ended)
            return;
        file.End = record.End?.Clone();
        file.EndedAtMs = record.EndedAtMs;
        file.AtServerUntilMs = record.AtServerFromMs == 0 ? 0 : record.EndedAtMs;
    }
}
