using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>Something that a call needs and did not get: a sentence, and ways on.</summary>
/// <param name="Kind">The device.</param>
/// <param name="Text">What happened and what it means.</param>
/// <param name="CanRetry">Whether trying again may help.</param>
public sealed record CallTrouble(MediaKind Kind, string Text, bool CanRetry);

/// <summary>A call that is wanted, or waits for the person to decide about a missing microphone.</summary>
/// <param name="People">Whom to call; empty when it is an answer.</param>
/// <param name="CallId">What to answer; empty when it is a call.</param>
/// <param name="Video">With video.</param>
/// <param name="Way">The way for this call; unspecified: as it is set.</param>
public sealed record HeldCall(IReadOnlyList<ContactId> People, ByteString CallId, bool Video, Policy Way = Policy.Unspecified);

/// <summary>
/// Calls as this tab sees them: the engine decides what is a call, this ties it to the devices, the sounds and the screens.
/// Used on the user interface's thread.
/// </summary>
/// <remarks>
/// A call begins and is answered in three steps. Step 1: microphone and camera open; where the browser asks the person, nobody is rung meanwhile.
/// Step 2: the engine comes to this tab, if it is in another. Step 3: the engine is told. What the devices then give is told to the others.
/// </remarks>
public sealed partial class LiveCalls : IDisposable
{
    /// <summary>Seconds of quality that are kept for each leg.</summary>
    public const int Kept = 60;

    private static readonly TimeSpan _shortFarewell = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan _longFarewell = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan _reappears = TimeSpan.FromSeconds(8);

    private readonly AppState _app;
    private readonly Dictionary<ulong, List<LegQuality>> _quality = [];
    private CallSound _sound;
    private ByteString _rung = ByteString.Empty;
    private ByteString _opened = ByteString.Empty;
    private CallStage _stage;
    private bool _lost;
    private bool _busy;
    private ITimer? _farewell;

    /// <summary>Begins to follow the peer's calls.</summary>
    public LiveCalls(AppState app)
    {
        _app = app;
        Media.Lost += OnLost;
        Media.SoundRefused += OnSoundRefused;
        Media.Measured += OnMeasured;
    }

    /// <summary>Raised about once a second while a leg is measured.</summary>
    public event Action? Measured;

    /// <summary>The call that this person is in, or calls with; null when there is none.</summary>
    public CallView? Call { get; private set; }

    /// <summary>A call that rings here, not answered.</summary>
    public CallView? Incoming { get; private set; }

    /// <summary>A call of this tab that has just ended, for a moment.</summary>
    public CallView? Ended { get; private set; }

    /// <summary>Whether the media of calls are in this tab.</summary>
    public bool IsHere => _app.Peer is not IBrowserTabs tabs || tabs.IsHere;

    /// <summary>Whether the microphone is wanted.</summary>
    public bool Microphone { get; private set; } = true;

    /// <summary>Whether the camera is on.</summary>
    public bool Camera { get; private set; }

    /// <summary>Whether the screen is shown.</summary>
    public bool Screen { get; private set; }

    /// <summary>What is wrong with a device.</summary>
    public CallTrouble? Trouble { get; private set; }

    /// <summary>A call that waits for the person's decision about <see cref="Trouble"/>.</summary>
    public HeldCall? Held { get; private set; }

    /// <summary>Whether the browser keeps the sound off until a tap.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>Whether an answer or a start is under way.</summary>
    public bool IsBusy => _busy;

    /// <summary>Whether this browser can call.</summary>
    public bool IsSupported => Media.IsSupported;

    private IBrowserMedia Media => _app.Browser.Media;

    /// <summary>The last minute of a leg, oldest first.</summary>
    public IReadOnlyList<LegQuality> QualityOf(ulong leg) => _quality.GetValueOrDefault(leg) ?? [];

    /// <summary>Calls somebody, or several.</summary>
    public Task StartAsync(IReadOnlyList<ContactId> people, bool video) => BeginAsync(new HeldCall(people, ByteString.Empty, video), needsMicrophone: true);

    /// <summary>Answers what rings.</summary>
    public Task AnswerAsync(CallView call, bool video) => BeginAsync(new HeldCall([], call.CallId, video), needsMicrophone: true);

    /// <summary>Goes on with a held call: again with the microphone, or without it.</summary>
    public Task GoOnAsync(bool needsMicrophone) => Held is { } held ? BeginAsync(held, needsMicrophone) : Task.CompletedTask;

    /// <summary>Gives a held call up; what rings is declined.</summary>
    public async Task GiveUpAsync()
    {
        if (Held is not { } held) return;
        (Held, Trouble) = (null, null);
        Media.CloseAll();
        if (!held.CallId.IsEmpty) await EndAsync(held.CallId);
        _app.Redraw();
    }

    /// <summary>Declines, takes back or hangs up.</summary>
    public async Task EndAsync(ByteString callId)
    {
        // Not said twice: who hangs up while the other does wants the same.
        var result = await _app.Peer.ExecuteAsync(new Command { EndCall = new EndCall { CallId = callId } }, CancellationToken.None);
        if (result.Refusal is not (CommandRefusal.Unspecified or CommandRefusal.UnknownCall)) _app.Toasts.Fail(_app.T.Refusal(result.Refusal));
    }

    /// <summary>Another way for the call under way.</summary>
    public Task SetWayAsync(Policy way) => Call is { } call
        ? _app.DoAsync(new Command { SetCallWay = new SetCallWay { CallId = call.CallId, Way = way } })
        : Task.CompletedTask;

    /// <summary>Shuts the farewell of a call that ended.</summary>
    public void Dismiss()
    {
        _farewell?.Dispose();
        _farewell = null;
        var contact = Ended?.ContactId;
        Ended = null;
        if (_app.Place.Kind == PlaceKind.Call) _app.Go(contact is not null && ContactId.TryRead(contact, out var id) ? new Place(PlaceKind.Conversation, id) : Place.Home, replace: true);
        _app.Redraw();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Media.Lost -= OnLost;
        Media.SoundRefused -= OnSoundRefused;
        Media.Measured -= OnMeasured;
        _farewell?.Dispose();
        _noteGoes?.Dispose();
    }

    private async Task BeginAsync(HeldCall wish, bool needsMicrophone)
    {
        if (_busy) return;
        if (Call is not null && wish.CallId.IsEmpty)
        {
            _app.Go(new Place(PlaceKind.Call));
            return;
        }

        _busy = true;
        (Held, Trouble, Ended, Blocked, Choosing) = (null, null, null, null, null);
        (Microphone, Camera, Screen) = (true, wish.Video, false);
        _app.Redraw();
        try
        {
            // Step 1.
            var opening = OpenAsync(wish.Video);
            if (needsMicrophone && !await Media.IsAllowedAsync() && !await opening)
            {
                Held = wish;
                return;
            }

            // Step 2.
            if (_app.Peer is IBrowserTabs { IsHere: false } tabs && !await tabs.TakeAsync())
            {
                Media.CloseAll();
                _app.Toasts.Fail(_app.T.Call.InAnotherTab);
                return;
            }

            // Step 3.
            if (await TellAsync(wish) is not { } id)
            {
                Media.CloseAll();
                return;
            }

            _opened = id;
            _app.Go(new Place(PlaceKind.Call), replace: _app.Place.Kind == PlaceKind.Call);
            Follow();
            if (Call is not null) _opened = Call.CallId;
            await opening;
            await TellMediaAsync(_opened.IsEmpty ? id : _opened);
        }
        finally
        {
            _busy = false;
            _app.Redraw();
        }
    }

    // The call's id, or null when it was refused.
    private async Task<ByteString?> TellAsync(HeldCall wish)
    {
        if (wish.CallId.IsEmpty)
        {
            var start = new StartCall { Video = wish.Video, Way = wish.Way };
            start.ContactIds.AddRange(wish.People.Select(person => person.ToByteString()));
            return (await AskAsync(wish, new Command { StartCall = start }))?.CallId;
        }

        // An engine that has just come to this tab hears of the call when it is rung again.
        await _app.Browser.Clock.WaitUntilAsync(() => _app.Snapshot.Calls.Any(call => call.CallId.Equals(wish.CallId)), _reappears);
        return await AskAsync(wish, new Command { AnswerCall = new AnswerCall { CallId = wish.CallId, Video = wish.Video, Way = wish.Way } }) is not null ? wish.CallId : null;
    }

    private async Task<CommandResult?> AskAsync(HeldCall wish, Command command)
    {
        var result = await _app.Peer.ExecuteAsync(command, CancellationToken.None);
        if (result.Refusal == CommandRefusal.Unspecified) return result;
        if (!Blocks(wish, result.Refusal)) _app.Toasts.Fail(_app.T.Refusal(result.Refusal));
        return null;
    }

    // The engine's calls changed.
    internal void Follow()
    {
        var calls = _app.Snapshot.Calls;
        Incoming = calls.FirstOrDefault(call => call is { Outgoing: false, Stage: CallStage.Ringing });
        var now = calls.FirstOrDefault(call => call.Stage is CallStage.Connecting or CallStage.Connected || (call.Outgoing && call.Stage is CallStage.Calling or CallStage.Ringing));
        var former = Call;
        Call = now;
        if (former is not null && !former.CallId.Equals(now?.CallId)) Finish(calls.FirstOrDefault(call => call.CallId.Equals(former.CallId)) ?? former);
        else if (now is null && Ended is null && !_opened.IsEmpty && calls.FirstOrDefault(call => call.Stage == CallStage.Ended && call.CallId.Equals(_opened)) is { } early) Finish(early);
        if (now is not null) TellStage(now, former);
        if (now is { Stage: CallStage.Connecting or CallStage.Connected } && IsHere && !_busy && !_opened.Equals(now.CallId)) _ = RejoinAsync(now);
        if (Held is { CallId.IsEmpty: false } held && !held.CallId.Equals(Incoming?.CallId)) (Held, Trouble) = (null, null);
        if (Blocked is { Wish.CallId: { IsEmpty: false } blocked } && !blocked.Equals(Incoming?.CallId)) Blocked = null;
        StayAwake();
        MakeSound();
        Notify();
        if (_app.Place.Kind == PlaceKind.Call && Call is null && Ended is null && !_busy) _app.Go(Place.Home, replace: true);
    }

    // After a reload the call is still there; what this side sends is opened again.
    private async Task RejoinAsync(CallView call)
    {
        _opened = call.CallId;
        (Microphone, Camera, Screen) = (call.Media?.Microphone != false, call.Media?.Camera == true, false);
        await OpenAsync(Camera);
        Media.Hear(Microphone);
        await TellMediaAsync(call.CallId);
        _app.Redraw();
    }

    private void Finish(CallView call)
    {
        _quality.Clear();
        _lost = false;
        ForgetPeople();
        if (Call is { } other)
        {
            // Both called at once: what was opened for the one serves the other.
            if (_opened.IsEmpty) return;
            _opened = other.CallId;
            _ = TellMediaAsync(_opened);
            return;
        }

        _opened = ByteString.Empty;
        IsSilent = false;
        Trouble = null;
        (Microphone, Camera, Screen) = (true, false, false);
        Media.CloseAll();
        if (IsHere) Media.Sound(CallSound.Over);
        _sound = CallSound.None;
        _app.Announce(_app.T.Call.OutcomeSentence(call.Outcome, call.Outgoing, NameOf(call)));
        // It may be over before its screen was there.
        if (_app.Place.Kind != PlaceKind.Call && !_busy) return;
        Ended = call;
        _farewell?.Dispose();
        var brief = call.Outcome is CallOutcome.Answered or CallOutcome.Cancelled or CallOutcome.Unspecified || (call.Outcome == CallOutcome.Declined && !call.Outgoing);
        _farewell = _app.Browser.Clock.CreateTimer(_ => Dismiss(), null, brief ? _shortFarewell : _longFarewell, Timeout.InfiniteTimeSpan);
    }

    private void MakeSound()
    {
        var wanted = !IsHere ? CallSound.None
            : Incoming is not null && Call is null ? CallSound.Ring
            : Call is { Outgoing: true, Stage: CallStage.Ringing } ? CallSound.RingBack
            : CallSound.None;
        if (wanted == _sound) return;
        _sound = wanted;
        Media.Sound(wanted);
    }

    private void Notify()
    {
        var ringing = Incoming?.CallId ?? ByteString.Empty;
        if (ringing.Equals(_rung)) return;
        if (!_rung.IsEmpty) _app.Browser.Unnotify(Tag(_rung));
        _rung = ringing;
        if (Incoming is not { } call) return;
        Media.Prepare();
        _app.Announce(_app.T.Call.CallsYou(NameOf(call)));
        if (IsHere && !_app.Browser.IsFocused && _app.Browser.Notifications == Permission.Granted)
            _app.Browser.Notify(Tag(call.CallId), _app.T.Call.NotifyTitle(NameOf(call)), (call.Video ? _app.T.Call.IncomingVideo : _app.T.Call.IncomingVoice) + ". " + _app.T.Call.NotifyText);

        static string Tag(ByteString id) => "call-" + Convert.ToHexStringLower(id.Span);
    }

    // Once each, however often the snapshot comes.
    private void TellStage(CallView now, CallView? former)
    {
        var lost = now.Legs.Any(leg => leg.Stage == LegStage.Lost);
        if (former is null || !former.CallId.Equals(now.CallId)) (_stage, _lost) = (CallStage.Unspecified, false);
        TellPeople(now);
        if (now.Group)
        {
            if (now.Stage == CallStage.Ringing && _stage != CallStage.Ringing) _app.Announce(_app.T.Call.Ringing);
        }
        else if (now.Stage == CallStage.Connected && (_stage != CallStage.Connected || (_lost && !lost))) _app.Announce(_app.T.Call.Connected(NameOf(now)));
        else if (lost && !_lost) _app.Announce(_app.T.Call.Reconnecting(NameOf(now)));
        else if (now.Stage == CallStage.Ringing && _stage != CallStage.Ringing) _app.Announce(_app.T.Call.Ringing);
        (_stage, _lost) = (now.Stage, lost);
    }

    /// <summary>Whom a call is with, for a title.</summary>
    public string NameOf(CallView call)
    {
        var names = NamesIn(call);
        if (names.Count == 0) return "";
        return !call.Outgoing && call.Stage == CallStage.Ringing ? names[0] : string.Join(", ", names);
    }

    /// <summary>Whom a call is with. Who left is named only when nobody else is there.</summary>
    public IReadOnlyList<string> NamesIn(CallView call)
    {
        var legs = call.Legs.Where(leg => leg.Stage != LegStage.Gone);
        var names = (legs.Any() ? legs : call.Legs).Where(leg => leg.Name.Length != 0).Select(leg => leg.Name).ToList();
        return names.Count > 0 ? names : ContactId.TryRead(call.ContactId, out var id) && _app.Find(id) is { } contact ? [contact.Name] : [];
    }
}
