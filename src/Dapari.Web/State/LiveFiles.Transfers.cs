using Dapari.Peer.Files;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>What is under way, how it ends, and what is done with what arrived.</summary>
public sealed partial class LiveFiles
{
    /// <summary>The recipient wants it.</summary>
    public Task GetAsync(ByteString transfer) => _app.DoAsync(new Command { WantFiles = new WantFiles { TransferId = transfer } });

    /// <summary>Pauses, or goes on.</summary>
    public Task PauseAsync(ByteString transfer, bool paused) => _app.DoAsync(new Command { PauseFiles = new PauseFiles { TransferId = transfer, Paused = paused } });

    /// <summary>Tries again whatever failed.</summary>
    public Task RetryAsync(ByteString transfer) => _app.DoAsync(new Command { RetryFiles = new RetryFiles { TransferId = transfer } });

    /// <summary>Leave it at the server, or wait and go direct.</summary>
    public Task LeaveAsync(ByteString transfer, bool leave) => _app.DoAsync(new Command { LeaveFiles = new LeaveFiles { TransferId = transfer, Leave = leave } });

    /// <summary>Ends it unless that is undone; meanwhile nothing moves.</summary>
    public async Task CancelAsync(ByteString transfer, string said)
    {
        var moves = Find(transfer) is { State: TransferState.Moving, Paused: false };
        if (moves) await _app.Peer.ExecuteAsync(Pause(true), CancellationToken.None);
        _app.DoUnlessUndone(transfer, said, new Command { CancelFiles = new CancelFiles { TransferId = transfer } }, () =>
        {
            if (moves) _ = _app.Peer.ExecuteAsync(Pause(false), CancellationToken.None);
        });

        Command Pause(bool on) => new() { PauseFiles = new PauseFiles { TransferId = transfer, Paused = on } };
    }

    /// <summary>The source was closed with the browser: the person chooses it again.</summary>
    public async Task ChooseAgainAsync(ByteString transfer, FilePick what)
    {
        if (!TransferId.TryRead(transfer, out var id) || await Platform.PickAsync(what) is not { } picked) return;
        if (await Platform.ChooseAgainAsync(id, picked)) await _app.DoAsync(new Command { SourceChosen = new SourceChosen { TransferId = transfer } });
        else _app.Toasts.Fail(_app.T.File.NotTheSame);
        Platform.Release(picked);
    }

    /// <summary>Gives one file to the person. From a click.</summary>
    public async Task SaveAsync(FileRecord record, int item)
    {
        if (TransferId.TryRead(record.TransferId, out var id)) Say(await Platform.SaveAsync(id, (uint)item + 1, record.Files[item].Name, FileLook.SafeType(record.Files[item])));
    }

    /// <summary>Gives all of them to the person. From a click.</summary>
    public async Task SaveAllAsync(FileRecord record)
    {
        if (!TransferId.TryRead(record.TransferId, out var id)) return;
        var manifest = record.ItemCount > record.Files.Count ? await Platform.ReadManifestAsync(id) : null;
        Say(await Platform.SaveAllAsync(id, manifest is null ? NamesOf(record) : NamesOf(manifest)));
    }

    /// <summary>Removes what is here unless that is undone.</summary>
    public void Remove(FileRecord record)
    {
        if (!TransferId.TryRead(record.TransferId, out var id)) return;
        _gone.Add(record.TransferId);
        Moved?.Invoke();
        _app.Toasts.DoUnlessUndone(_app.T.File.RemovedHere, () => Platform.RemoveAsync(id), () =>
        {
            _gone.Remove(record.TransferId);
            Moved?.Invoke();
        });
    }

    /// <summary>Removes all files that are not under way, unless that is undone.</summary>
    public void RemoveAll()
    {
        TransferId[] kept = [.. UnderWay.Select(view => TransferId.TryRead(view.TransferId, out var id) ? id : default)];
        _app.Toasts.DoUnlessUndone(_app.T.File.RemovedAll, () => Platform.RemoveAllAsync(kept), () => { });
    }

    /// <summary>Whether the person removed it here a moment ago.</summary>
    public bool IsGone(ByteString transfer) => _gone.Contains(transfer);

    /// <summary>The same files once more, direct and through the server: what is here of them, or chosen again. From a click.</summary>
    public async Task CompareAsync(FileRecord record, ContactId with)
    {
        var picked = TransferId.TryRead(record.TransferId, out var id) && record.Files.Count == record.ItemCount ? await Platform.TakeAgainAsync(id, NamesOf(record)) : null;
        picked ??= await Platform.PickAsync(record.Files is [{ Folder.Count: > 0 }, ..] ? FilePick.Folder : FilePick.Files);
        if (picked is { Files.Count: > 0 }) Propose(picked, with, bothWays: true);
    }

    // What the peer tells: first how transfers ended, then which are under way.
    internal void Follow(Notice notice)
    {
        foreach (var change in notice.Messages)
        {
            if (change.Record is { File.End: { } end } record && _transfers.TryGetValue(record.File.TransferId, out var view) && IsUnderWay(view)) TellEnd(record, end);
        }

        if (notice.Snapshot is null) return;
        if (_transfers.Count == 0 && _app.Snapshot.Transfers.Count == 0) return;
        _transfers.Clear();
        foreach (var transfer in _app.Snapshot.Transfers) _transfers[transfer.TransferId] = transfer;
        Moved?.Invoke();
    }

    private readonly HashSet<ByteString> _gone = [];

    private static List<SaveName> NamesOf(FileRecord record) =>
        [.. record.Files.Select((file, i) => new SaveName((uint)i + 1, [.. file.Folder], file.Name, FileLook.SafeType(file))).Where((_, i) => !record.Files[i].Lost)];

    // Of many files the entry holds only the first ones: the names of all are cleaned here, as the engine cleans those.
    private static List<SaveName> NamesOf(FileManifest manifest)
    {
        var paths = new FilePaths();
        var folders = manifest.Items.Select(item => paths.AddFolder(item.Folder)).ToList();
        return [.. manifest.Items.Select((item, i) => new SaveName((uint)i + 1, folders[i], paths.Add(folders[i], item.Name).Value, item.MediaType))];
    }

    private void Say(SaveOutcome outcome)
    {
        var t = _app.T;
        if (outcome == SaveOutcome.Done) _app.Toasts.Say(t.Common.Saved);
        else if (outcome == SaveOutcome.Gone) _app.Toasts.Fail(t.File.GoneHere);
        else if (outcome == SaveOutcome.Failed) _app.Toasts.Fail(t.File.SaveFailed);
    }

    // Once for each: on screen it is only said, elsewhere it is shown too.
    private void TellEnd(MessageRecord record, FileEnd end)
    {
        if (!ContactId.TryRead(record.ContactId, out var id) || _app.Find(id) is not { } contact) return;
        if (end.Outcome is FileOutcome.Refused or FileOutcome.Cancelled) return;
        var (t, what) = (_app.T.File, FileLook.Title(record.File, _app));
        var arrived = end.Outcome == FileOutcome.Arrived;
        var text = !arrived ? t.CutShort(what) : record.Outgoing ? t.TheyHave(what, contact.Name) : t.CameFrom(what, contact.Name);
        if (_app.Browser.IsFocused && _app.Place.HasConversation && _app.Place.Contact == id)
        {
            _app.Announce(text);
            return;
        }

        if (arrived) _app.Toasts.Say(text);
        else _app.Toasts.Fail(text);
        if (!_app.Browser.IsFocused && _app.Browser.Notifications == Permission.Granted) _app.Browser.Notify(id.ToString(), contact.Name, text);
    }
}
