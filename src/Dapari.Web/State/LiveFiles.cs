using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>
/// Files as this tab sees them: the engine decides what moves, this ties it to what the person picks, hears, looks at and saves. Used on the user
/// interface's thread.
/// </summary>
public sealed partial class LiveFiles : IDisposable
{
    private readonly AppState _app;
    private readonly Dictionary<ByteString, TransferView> _transfers = [];
    private readonly List<Preparation> _preparations = [];
    private bool _asked;

    /// <summary>Begins to follow the peer's transfers.</summary>
    public LiveFiles(AppState app)
    {
        _app = app;
        Platform.Picked += OnPicked;
        Platform.Dragging += OnDragging;
        Platform.Preparing += OnPreparing;
        Platform.VoiceLevel += OnLevel;
        _app.Browser.Player.Told += OnPlayed;
    }

    /// <summary>Raised when a transfer, a preparation, the recording or the player moved. Screens of them draw themselves; nothing else need.</summary>
    public event Action? Moved;

    /// <summary>Whether this browser can send and receive files.</summary>
    public bool IsSupported => Platform.IsSupported;

    /// <summary>The platform.</summary>
    public IBrowserFiles Platform => _app.Browser.Files;

    /// <summary>What is about to be sent.</summary>
    public SendDraft? Draft { get; private set; }

    /// <summary>What is looked at.</summary>
    public Viewing? Viewer { get; private set; }

    /// <summary>Files are being dragged over the conversation.</summary>
    public bool IsDragging { get; private set; }

    /// <summary>What is being read before it is offered.</summary>
    public IReadOnlyList<Preparation> Preparations => _preparations;

    /// <summary>Shuts the menu that is open; null: none is.</summary>
    public Action? ShutMenu { get; set; }

    /// <summary>A screen stands above the others.</summary>
    public bool IsCovering => Draft is not null || Viewer is not null;

    /// <summary>The transfer, while it is under way.</summary>
    public TransferView? Find(ByteString transfer) => _transfers.GetValueOrDefault(transfer);

    /// <summary>What is not over.</summary>
    public IEnumerable<TransferView> UnderWay => _app.Snapshot.Transfers.Where(IsUnderWay);

    /// <summary>Lets the person choose. From a click.</summary>
    public async Task PickAsync(FilePick what, ContactId to)
    {
        if (await Platform.PickAsync(what) is { Files.Count: > 0 } picked) Propose(picked, to);
    }

    /// <summary>Shows what is about to be sent.</summary>
    public void Propose(PickedFiles picked, ContactId? to, bool bothWays = false)
    {
        if (Draft is { } former) Platform.Release(former.Picked);
        Draft = new SendDraft(picked, to is { } id && _app.Find(id) is { State: ContactState.Accepted } ? to : null) { BothWays = bothWays };
        _ = ReadRoomAsync(Draft);
        _app.Redraw();
    }

    /// <summary>One of them is not to be sent.</summary>
    public void LeaveOut(int index)
    {
        if (Draft is not { } draft) return;
        if (draft.Picked.Files.Count == 1) GiveUp();
        else draft.Picked = Platform.Without(draft.Picked, index);
    }

    /// <summary>Nothing is sent; that can be undone for a moment.</summary>
    public void GiveUp()
    {
        if (Draft is not { } draft) return;
        Draft = null;
        _app.Toasts.DoUnlessUndone(_app.T.File.NotPicked, () =>
        {
            Platform.Release(draft.Picked);
            return Task.CompletedTask;
        }, () =>
        {
            Draft = draft;
            _app.Redraw();
        });
        _app.Redraw();
    }

    /// <summary>Sends what is shown.</summary>
    public async Task SendAsync()
    {
        if (Draft is not { To: { } to } draft) return;
        Draft = null;
        _app.Go(new Place(PlaceKind.Conversation, to), replace: _app.Place.Kind == PlaceKind.Conversation);
        _app.Redraw();
        if (!draft.BothWays)
        {
            await OfferAsync(to, draft.Picked, draft, Policy.Unspecified, MessageId.Random(_app.Random), null);
        }
        else
        {
            var (direct, server) = (MessageId.Random(_app.Random), MessageId.Random(_app.Random));
            await Task.WhenAll(OfferAsync(to, draft.Picked, draft, Policy.DirectOnly, direct, server), OfferAsync(to, draft.Picked, draft, Policy.ServerOnly, server, direct));
        }

        Platform.Release(draft.Picked);
    }

    /// <summary>Picks up what came by the share sheet, once there is somebody.</summary>
    public async Task AskSharedAsync()
    {
        if (_asked || !IsSupported || _app.Snapshot.Self is null) return;
        _asked = true;
        if (await Platform.TakeSharedAsync() is { Files.Count: > 0 } picked) Propose(picked, null);
    }

    /// <summary>Looks at one file of an entry.</summary>
    public void Show(Viewing? viewing)
    {
        Viewer = viewing;
        _app.Redraw();
    }

    /// <summary>Esc: takes away what stands above the screens; false: nothing does.</summary>
    internal bool Back()
    {
        if (ShutMenu is { } shut) shut();
        else if (Viewer is not null) Show(null);
        else if (Recording is not null) _ = EndVoiceAsync(keep: false);
        else if (Draft is not null) GiveUp();
        else return false;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Platform.Picked -= OnPicked;
        Platform.Dragging -= OnDragging;
        Platform.Preparing -= OnPreparing;
        Platform.VoiceLevel -= OnLevel;
        _app.Browser.Player.Told -= OnPlayed;
        foreach (var preparation in _preparations) preparation.Cancel();
    }

    private static bool IsUnderWay(TransferView transfer) => transfer.State is not (TransferState.Ended or TransferState.Unspecified);

    private void OnPicked(PickedFiles picked)
    {
        if (picked.Files.Count != 0) Propose(picked, _app.Place.HasConversation ? _app.Place.Contact : null);
    }

    private void OnDragging(bool over)
    {
        IsDragging = over;
        Moved?.Invoke();
    }

    private void OnPreparing(TransferId transfer, long done)
    {
        if (_preparations.Find(one => one.Transfer == transfer) is not { } preparation) return;
        preparation.Done = done;
        Moved?.Invoke();
    }

    private async Task ReadRoomAsync(SendDraft draft)
    {
        // Not said when it is refused: then there is nothing to choose.
        var result = await _app.Peer.ExecuteAsync(new Command { AskDropOffRoom = new AskDropOffRoom() }, CancellationToken.None);
        draft.Room = result.Room;
        if (Draft == draft) _app.Redraw();
    }

    // Reads the files, then offers them. The entry's id, or null: nothing was sent, and that was said.
    private async Task OfferAsync(ContactId to, PickedFiles picked, SendDraft? draft, Policy way, MessageId message, MessageId? twin)
    {
        var transfer = TransferId.Random(_app.Random);
        using var preparation = new Preparation(to, transfer, picked);
        _preparations.Add(preparation);
        Moved?.Invoke();
        PreparedFiles prepared;
        try
        {
            prepared = await Platform.PrepareAsync(picked, transfer, draft?.KeepMetadata ?? false, preparation.Cancelled);
        }
        catch (OperationCanceledException)
        {
            _app.Toasts.Say(_app.T.File.NotPicked);
            return;
        }
        finally
        {
            _preparations.Remove(preparation);
            Moved?.Invoke();
        }

        if (prepared.Outcome != PrepareOutcome.Done)
        {
            var t = _app.T.File;
            _app.Toasts.Fail(prepared.Outcome switch { PrepareOutcome.NoRoom => t.NoRoomHere, PrepareOutcome.TooLarge => t.TooLarge, _ => t.Unreadable(prepared.Failed ?? "?") });
            return;
        }

        var send = new SendFiles
        {
            ContactId = to.ToByteString(), MessageId = message.ToByteString(), TransferId = transfer.ToByteString(), Caption = draft?.Caption.Trim() ?? "",
            Manifest = prepared.Manifest, Leave = draft is null || draft.Leave || (way == Policy.Unspecified ? _app.Find(to)?.EffectivePolicy : way) == Policy.ServerOnly, Way = way,
            Twin = twin?.ToByteString() ?? ByteString.Empty,
        };
        send.Items.AddRange(prepared.Items);
        await _app.DoAsync(new Command { SendFiles = send });
    }
}
