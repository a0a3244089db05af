using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>
/// Transfers of files in the engine: commands, offers and the driver's events go in; what the machine says becomes rows, letters, orders to the driver,
/// entries in conversations and views.
/// </summary>
/// <remarks>
/// Step 1: the machine takes it. Step 2: its rows are part of the step's batch, its letters go to the outbox, its wishes to the driver. Step 3: the entry of
/// a transfer that ended says so. Step 4: paths are wanted, or no longer.
/// </remarks>
internal sealed partial class FileDesk : IFileRules
{
    private readonly Parts _parts;
    private readonly FileTransfers _machine;
    private readonly FileViews _views;

    // Contacts with whom something could go on by a path.
    private HashSet<ContactId> _wanting = [];
    private long _now;
    private bool _inCall;

    public FileDesk(Parts parts)
    {
        _parts = parts;
        _machine = new FileTransfers(this, parts.State.FileCredit);
        DropOffs = new DropOffDesk(parts);
        _views = new FileViews(parts, _machine, DropOffs);
    }

    /// <summary>What is being left at our server.</summary>
    public DropOffDesk DropOffs { get; }

    /// <summary>Transfers that are under way, or ended within the last seconds; newest first. Replaced, never changed.</summary>
    public IReadOnlyList<Local.TransferView> Views => _views.Shown;

    public long? NextDeadline
    {
        get
        {
            var next = Deadline.Earlier(_machine.NextDeadline, _views.NextDeadline);
            next = Deadline.Earlier(next, Deadline.Earlier(DropOffs.NextDeadline, ChannelDeadline));
            foreach (var until in _hopeUntil.Values)
                next = Deadline.Earlier(next, until);
            return next;
        }
    }

    /// <summary>A transfer that is known, whatever became of it.</summary>
    public Transfer? Find(TransferId id) => _machine.Find(id);

    /// <summary>Rows of "transfer", "early" and "removed".</summary>
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public void Load(IReadOnlyList<StateRow> rows)
    {
        _machine.Load(rows);
        DropOffs.Load(rows);
        LoadEarly(rows);
        foreach (var transfer in _machine.Open.Where(transfer => !transfer.Record.Outgoing && transfer is { HasItems: true, Record.Manifest: not null }))
        {
            if (rows.FirstOrDefault(row => row.Key == Transfer.ItemsKey(transfer.Id)).Value is { } items)
                _named[transfer.Id] = FileEntries.OfManifest(FileManifest.Parser.ParseFrom(items));
        }

        Want();
        _views.Loaded();
    }

    public void Start(Step step)
    {
        Run(step, (machine, inner) => machine.Start(inner));
        DropOffs.Start(step);
        StartEarly(step);
        foreach (var transfer in _machine.All.Where(transfer => transfer.IsOver ? !transfer.Record.Entered : _named.ContainsKey(transfer.Id)).ToList())
            Enter(step, transfer);
        Want();
    }

    public void Tick(Step step)
    {
        _now = step.Now.MonotonicMs;
        foreach (var contact in _hopeUntil.Where(hope => hope.Value <= _now).Select(hope => hope.Key).ToList())
            _hopeUntil.Remove(contact);
        Run(step, (machine, inner) => machine.Tick(inner));
        DropOffs.Tick(step);
        MissChannels(step);
        _views.Tick(step);
    }

    /// <summary>At the end of each step: a call goes before files.</summary>
    public void Watch(Step step)
    {
        var inCall = _parts.Calls.Board.Calls.Any(call => call.Phase == CallPhase.Joined);
        if (inCall == _inCall)
            return;
        _inCall = inCall;
        Run(step, (machine, inner) => machine.CallChanged(inner, inCall));
    }

    /// <summary>Whether something with this contact would go on by a path.</summary>
    public bool WantsPath(ContactId contact) => _wanting.Contains(contact);

    /// <summary>The contact goes, and all transfers with them.</summary>
    public void Forget(Step step, Contact contact)
    {
        Run(step, (machine, inner) => machine.Forget(inner, contact.Id));
        ForgetEarly(step, contact);
        _hopeUntil.Remove(contact.Id);
        _unasked.Remove(contact.Id);
        foreach (var id in _named.Keys.Where(id => _machine.Find(id) is null).ToList())
            _named.Remove(id);
    }

    /// <summary>The identity goes: the driver keeps nothing.</summary>
    public void ForgetAll(Step step)
    {
        foreach (var contact in _parts.State.Contacts.Values.ToList())
            Forget(step, contact);
    }

    /// <summary>Nothing is to go on with this contact.</summary>
    public void GiveUp(Step step, Contact contact)
    {
        foreach (var transfer in _machine.Open.Where(transfer => transfer.Contact == contact.Id).ToList())
            Run(step, (machine, inner) => machine.Cancel(inner, transfer.Id));
    }

    /// <summary>Something happens to the machine, and all that follows from it.</summary>
    public void Run(Step step, Action<FileTransfers, FileStep> what)
    {
        _now = step.Now.MonotonicMs;
        var inner = new FileStep(step.Now);
        what(_machine, inner);
        foreach (var (key, value) in inner.Rows)
            step.Batch.State[key] = value;
        foreach (var (contact, update) in inner.Letters)
        {
            if (_parts.State.Contacts.GetValueOrDefault(contact) is { Record.State: ContactState.Accepted or ContactState.Blocked } known)
                _parts.Outbox.SendSetUp(step, known, new Content { FileUpdate = update });
        }

        foreach (var effect in inner.Effects)
            Perform(step, effect);
        _views.Changed(step, inner);
        foreach (var id in inner.Seen)
        {
            if (inner.Rows.ContainsKey(Transfer.RowKey(id)) && _machine.Find(id) is { IsOver: true, Record.Entered: false } over)
                Enter(step, over);
        }

        if (inner.Rows.Count > 0)
            Reconsider(step);
    }

    private void Order(Step step, FileOrder order)
    {
        if (_parts.State.FilesSupported)
            step.Do(new PeerEffect.DoFile(order));
    }

    private void Perform(Step step, FileEffect effect)
    {
        switch (effect)
        {
            case FileEffect.SendFrame(var contact, var frame):
                Order(step, new FileOrder.SendControl(contact, FileChannelCodec.Write(frame)));
                break;
            case FileEffect.OpenSource(var id, var layout):
                Order(step, new FileOrder.OpenSource(id, layout.All));
                break;
            case FileEffect.OpenDestination(var id, var layout):
                Order(step, new FileOrder.OpenDestination(id, layout.All));
                break;
            case FileEffect.ReadManifest(var id):
                Order(step, new FileOrder.ReadManifest(id));
                break;
            case FileEffect.Expect(var contact, var id, var range):
                Order(step, new FileOrder.Expect(contact, id, range.Clone()));
                break;
            case FileEffect.ExpectNothing(var contact, var id):
                Order(step, new FileOrder.ExpectNothing(contact, id));
                break;
            case FileEffect.Fetch(var id, var dropOff, var range):
                Order(step, new FileOrder.Fetch(id, dropOff.Clone(), range.Clone()));
                break;
            case FileEffect.StopFetch(var id):
                Order(step, new FileOrder.StopFetch(id));
                break;
            case FileEffect.Serve(var contact, var id, var range, var pages):
                Order(step, new FileOrder.Serve(contact, id, range.Clone(), pages));
                break;
            case FileEffect.StopServing(var contact, var id):
                Order(step, new FileOrder.StopServing(contact, id));
                break;
            case FileEffect.Upload(var id, var spans) when _machine.Find(id) is { } transfer:
                DropOffs.Leave(step, transfer, spans);
                break;
            case FileEffect.StopUpload(var id):
                DropOffs.Stop(step, id);
                break;
            case FileEffect.RemoveDropOffs(_, var dropOffs):
                DropOffs.Discard(step, dropOffs);
                break;
            case FileEffect.Finish(var id):
                Order(step, new FileOrder.Finish(id));
                break;
            case FileEffect.Release(var id):
                DropOffs.Forget(step, id);
                Order(step, new FileOrder.Release(id));
                break;
            case FileEffect.GoEasy(var easy):
                Order(step, new FileOrder.GoEasy(easy));
                break;
        }
    }

    /// <summary>Who could go on by a path, as of now.</summary>
    private HashSet<ContactId> Want()
    {
        var before = _wanting;
        _wanting = [.. _machine.Open.Where(CouldMove).Select(transfer => transfer.Contact)];
        return before;
    }

    private bool CouldMove(Transfer transfer) =>
        transfer.Record is { State: TransferState.Moving, Paused: false, Trouble: TransferTrouble.Unspecified or TransferTrouble.Quota or TransferTrouble.NoDropOffs }
        && (!transfer.Record.Outgoing || MayUseChannel(transfer));

    private void Reconsider(Step step)
    {
        var before = Want();
        foreach (var id in _wanting.Where(id => !before.Contains(id)).ToList())
        {
            if (_parts.State.Contacts.GetValueOrDefault(id) is { IsAccepted: true } contact)
                _parts.Paths.Reconsider(step, contact);
        }
    }
}
