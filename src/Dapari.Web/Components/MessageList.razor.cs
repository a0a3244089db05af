using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.State;
using Dapari.Web.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.AspNetCore.Components;

namespace Dapari.Web.Components;

/// <summary>
/// The messages of a conversation: a window of bounded size over its pages. Drawn anew only when its rows change, never while somebody
/// types or another conversation moves.
/// </summary>
public sealed partial class MessageList : ComponentBase, IDisposable, IDayReader
{
    private static readonly ByteString LastKey = ByteString.CopyFrom([.. Enumerable.Repeat(byte.MaxValue, 16)]);

    // A phone's keyboard takes about this long to rise.
    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _gone = new();
    private ConversationWindow _window = null!;
    private readonly HashSet<ByteString> _sending = [];
    private BuiltRows? _built;
    private Texts? _builtIn;
    private List<RowGroup> _groups = [];
    private bool _draw = true;
    private Texts _texts = null!;
    private Place _place = Place.Home;
    private ulong? _unreadAfter;
    private ulong _theyReadThrough;
    private ulong _marked;
    private ScrollFacts _facts;
    private IDisposable? _watch;
    private string? _scrollTo;
    private bool _toEnd;
    private long _stayFrom;
    private bool _restore;
    private bool _away;
    private long _newBelow;

    /// <summary>The shared state.</summary>
    [CascadingParameter]
    public AppState App { get; set; } = null!;

    /// <summary>Whose conversation.</summary>
    [Parameter, EditorRequired]
    public ContactId Id { get; set; }

    /// <summary>Told when a message that is being sent stands in the list.</summary>
    [Parameter, EditorRequired]
    public required Action SendingShown { get; set; }

    /// <summary>The sentences.</summary>
    public Texts T => _texts;

    /// <summary>The other's name.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The address of a message's details.</summary>
    public string HrefOf(string message) => MessageId.TryRead(Convert.FromHexString(message), out var id)
        ? App.Href(new Place(PlaceKind.Message, Id, id))
        : App.Href(new Place(PlaceKind.Conversation, Id));

    /// <summary>A message is about to be sent: it is shown when the peer tells of it, or by <see cref="ShowSendingAsync"/> if that takes long.</summary>
    public void Expect(MessageId id) => _sending.Add(id.ToByteString());

    /// <summary>Shows a message that is being sent, at the end, before the peer has told of it. Nothing if it has.</summary>
    public async Task ShowSendingAsync(MessageId id, string text)
    {
        if (!_sending.Remove(id.ToByteString()) || _gone.IsCancellationRequested) return;
        _unreadAfter = null;
        if (_window.MoreNewer) await _window.OpenNewestAsync(_gone.Token);
        _window.Apply(new MessageRecord
        {
            Id = id.ToByteString(),
            ContactId = Id.ToByteString(),
            Outgoing = true,
            Clock = ulong.MaxValue,
            Kind = MessageKind.Text,
            Text = text,
            State = MessageState.Queued,
            Route = new RouteRecord { Route = Route.Waiting },
            ShownAtMs = (ulong)App.Browser.Clock.GetUtcNow().ToUnixTimeMilliseconds(),
            OrderKey = LastKey,
        });
        _toEnd = true;
        Rebuild();
        SendingShown();
    }

    /// <summary>The composer grows or the keyboard rises: whoever is at the end stays there meanwhile.</summary>
    public void StayAtEnd()
    {
        if (_facts.AtEnd) _stayFrom = App.Browser.Clock.GetTimestamp();
    }

    /// <summary>Takes a message away that the peer refused.</summary>
    public void Withdraw(MessageId id)
    {
        _sending.Remove(id.ToByteString());
        if (_window.Remove(id.ToByteString())) Rebuild();
    }

    /// <inheritdoc/>
    public int Day(ulong ms) => (int)App.Formats.DayNumber(ms);

    /// <inheritdoc/>
    public string Time(ulong ms) => App.Formats.Time(ms);

    /// <inheritdoc/>
    public string DayName(ulong ms) => App.Formats.Day(ms);

    /// <inheritdoc/>
    public void Dispose()
    {
        App.Changed -= OnChanged;
        App.Noticed -= OnNotice;
        _watch?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }

    // What is above draws for reasons of its own: the rows are drawn when they changed.
    /// <inheritdoc/>
    protected override bool ShouldRender() => _draw;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        _window = new ConversationWindow((anchor, direction, count, cancellation) => App.Peer.ReadMessagesAsync(Id, anchor, direction, count, cancellation));
        _texts = App.T;
        _place = App.Place;
        App.Changed += OnChanged;
        App.Noticed += OnNotice;
        var contact = App.Find(Id);
        Name = contact?.Name ?? "";
        _theyReadThrough = contact?.TheyReadThrough ?? 0;
        if (contact is { Unread: > 0 }) _unreadAfter = contact.ReadThrough;
        try
        {
            if (App.Place.Kind != PlaceKind.Message || !await OpenAtAsync(App.Place.Message)) await OpenAsync(contact);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        Rebuild(draw: false);
    }

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        _draw = !_window.IsOpen;
        var elements = App.Browser.Elements;
        if (_restore) elements.RestoreAnchor("messages");
        _restore = false;
        if (_scrollTo is { } target) elements.ScrollTo(target, smooth: false);
        else if (_toEnd) elements.ScrollToEnd("messages", smooth: false);
        if (_window.IsOpen) (_scrollTo, _toEnd) = (null, false);
        if (_watch is null && _window.IsOpen && !_gone.IsCancellationRequested) _watch = elements.WatchScroll("messages", OnScroll);
    }

    private async Task OpenAsync(ContactView? contact)
    {
        if (contact is { Unread: > ConversationWindow.FirstPage - 10 })
        {
            await _window.OpenAroundAsync(AfterClock(contact.ReadThrough), _gone.Token);
            _scrollTo = "unread-line";
            return;
        }

        await _window.OpenNewestAsync(_gone.Token);
        if (contact is { Unread: > 0 }) _scrollTo = "unread-line";
        else _toEnd = true;
    }

    private async Task<bool> OpenAtAsync(MessageId message)
    {
        var record = await App.Peer.FindMessageAsync(message, _gone.Token);
        if (record is null) return false;
        await _window.OpenAroundAsync(record.OrderKey.Memory, _gone.Token);
        _scrollTo = "m-" + message;
        return true;
    }

    // An order key begins with the clock, big-endian: this one is after everything that was read.
    private static byte[] AfterClock(ulong clock)
    {
        var key = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(key, clock);
        key.AsSpan(8).Fill(byte.MaxValue);
        return key;
    }

    private void OnChanged()
    {
        var contact = App.Find(Id);
        var place = App.Place;
        var jump = place != _place && place.Kind == PlaceKind.Message && place.Contact == Id && !IsHere(place.Message);
        var same = ReferenceEquals(_texts, App.T) && place == _place && contact?.Name == Name && contact?.TheyReadThrough == _theyReadThrough;
        // Another pane beside makes this one narrower: who was at the end stays there.
        if (place != _place && _facts.AtEnd && !_window.MoreNewer) _toEnd = true;
        _texts = App.T;
        _place = place;
        Name = contact?.Name ?? Name;
        _theyReadThrough = contact?.TheyReadThrough ?? 0;
        MarkRead();
        if (jump) _ = JumpAsync(place.Message);
        else if (!same) Rebuild();
    }

    private bool IsHere(MessageId message) => _built?.Rows.Exists(r => r.Id == message.ToString()) == true;

    private async Task JumpAsync(MessageId message)
    {
        if (await OpenAtAsync(message)) Rebuild();
    }

    private void OnNotice(Notice notice)
    {
        var touched = false;
        var sent = false;
        foreach (var change in notice.Messages)
        {
            if (!ContactId.TryRead(change.Record.ContactId, out var id) || id != Id) continue;
            touched |= _window.Apply(change.Record);
            sent |= _sending.Remove(change.Record.Id);
            if (!change.Arrived) continue;
            if (_facts.AtEnd && !_window.MoreNewer) _toEnd = true;
            else _newBelow++;
            touched = true;
        }

        if (sent)
        {
            _unreadAfter = null;
            _toEnd = true;
            if (_window.MoreNewer) _ = ToEndAsync();
        }

        if (touched || sent) Redraw();
        if (sent) SendingShown();
    }

    private void Redraw()
    {
        Name = App.Find(Id)?.Name ?? Name;
        _theyReadThrough = App.Find(Id)?.TheyReadThrough ?? _theyReadThrough;
        Rebuild();
    }

    private void OnScroll(ScrollFacts facts)
    {
        if (!facts.AtEnd && _stayFrom != 0 && !_window.MoreNewer && App.Browser.Clock.GetElapsedTime(_stayFrom) < Stay)
        {
            App.Browser.Elements.ScrollToEnd("messages", smooth: false);
            return;
        }

        _stayFrom = 0;
        _facts = facts;
        var away = !facts.AtEnd || _window.MoreNewer;
        if (!away) _newBelow = 0;
        if (away != _away)
        {
            _away = away;
            _draw = true;
            StateHasChanged();
        }

        MarkRead();
        if (facts.NearStart && _window.MoreOlder) _ = ExtendAsync(_window.ExtendOlderAsync);
        else if (facts.NearEnd && _window.MoreNewer) _ = ExtendAsync(_window.ExtendNewerAsync);
    }

    private async Task ExtendAsync(Func<CancellationToken, Task<bool>> extend)
    {
        try
        {
            if (!await extend(_gone.Token) || _gone.IsCancellationRequested) return;
        }
        catch (OperationCanceledException)
        {
            return;
        }

        App.Browser.Elements.HoldAnchor("messages");
        _restore = true;
        Rebuild();
    }

    private async Task ToEndAsync()
    {
        if (_window.MoreNewer) await _window.OpenNewestAsync(_gone.Token);
        _newBelow = 0;
        _toEnd = true;
        Rebuild();
    }

    // Read is what was on a focused screen.
    private void MarkRead()
    {
        if (_facts.LastKey is not { } key || !App.Browser.IsFocused || !App.Place.HasConversation || App.Place.Contact != Id) return;
        if (App.Find(Id) is not { } contact || (contact.Unread == 0 && contact.ReadThrough >= _marked)) return;
        var through = 0ul;
        foreach (var item in _window.Items)
        {
            if (!item.Outgoing && item.Clock > through) through = item.Clock;
            if (ChatRows.Hex(item) == key) break;
        }

        if (through <= Math.Max(_marked, contact.ReadThrough)) return;
        _marked = through;
        _ = App.Peer.ExecuteAsync(new Command { MarkRead = new MarkRead { ContactId = Id.ToByteString(), ThroughClock = through } }, _gone.Token);
    }

    // Rows that did not change keep their object, so that they are not drawn again.
    private void Rebuild(bool draw = true)
    {
        if (!_window.IsOpen) return;
        var marked = _place.Kind == PlaceKind.Message && _place.Contact == Id ? _place.Message.ToString() : null;
        _built = ChatRows.Build(_window.Items, _unreadAfter, _theyReadThrough, _window.MoreOlder, marked, this, ReferenceEquals(_builtIn, _texts) ? _built : null);
        _builtIn = _texts;
        _groups = RowGroups.Cut(_built.Rows, _groups);
        _draw = true;
        if (draw) StateHasChanged();
    }
}
