using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>A call that the way asked for, or the lack of a relay, keeps from beginning.</summary>
/// <param name="Wish">What was asked for.</param>
/// <param name="Text">Why it was not done, in a sentence.</param>
/// <param name="ByServer">The way on: through the server; otherwise directly.</param>
public sealed record BlockedCall(HeldCall Wish, string Text, bool ByServer);

/// <summary>Calls of several: whom to call, who came and who went. And calls that the chosen way does not allow.</summary>
public sealed partial class LiveCalls
{
    /// <summary>Others in a call at most.</summary>
    public const int MostOthers = 7;

    private static readonly TimeSpan _noteStays = TimeSpan.FromSeconds(8);
    private readonly Dictionary<ByteString, (LegStage Stage, LegObstacle Obstacle)> _people = [];
    private ITimer? _noteGoes;
    private bool _awake;

    /// <summary>Whom the person wants to call with others, while they choose the others.</summary>
    public ContactId? Choosing { get; private set; }

    /// <summary>What happened last with somebody of a call of several, for a moment; empty otherwise.</summary>
    public string Note { get; private set; } = "";

    /// <summary>A call that needs another way, until the person decides.</summary>
    public BlockedCall? Blocked { get; private set; }

    /// <summary>Opens the choice of people, or shuts it.</summary>
    public void Choose(ContactId? first)
    {
        Choosing = first;
        _app.Redraw();
    }

    /// <summary>Brings several in, one after the other.</summary>
    public async Task AddAsync(IReadOnlyList<ContactId> people)
    {
        foreach (var person in people)
        {
            if (Call is not { } call || !await _app.DoAsync(new Command { AddToCall = new AddToCall { CallId = call.CallId, ContactId = person.ToByteString() } })) return;
        }
    }

    /// <summary>Goes on with <see cref="Blocked"/> by the other way.</summary>
    public Task UnblockAsync()
    {
        if (Blocked is not { } blocked) return Task.CompletedTask;
        Blocked = null;
        return BeginAsync(blocked.Wish with { Way = blocked.ByServer ? Policy.ServerOnly : Policy.Automatic }, needsMicrophone: true);
    }

    /// <summary>Gives <see cref="Blocked"/> up; what rings goes on ringing.</summary>
    public void ForgetBlocked()
    {
        Blocked = null;
        _app.Redraw();
    }

    // The refusal of a call said with a way on, where there is one.
    private bool Blocks(HeldCall wish, CommandRefusal refusal)
    {
        if (refusal is not (CommandRefusal.NoWay or CommandRefusal.NoRelay) || wish.Way != Policy.Unspecified) return false;
        var call = _app.Snapshot.Calls.FirstOrDefault(call => call.CallId.Equals(wish.CallId));
        var name = call is not null ? NameOf(call) : wish.People.Count != 0 && _app.Find(wish.People[0]) is { } contact ? contact.Name : "";
        var byServer = refusal == CommandRefusal.NoWay && call?.Way == Policy.DirectOnly;
        Blocked = new BlockedCall(wish, refusal == CommandRefusal.NoRelay ? _app.T.Call.NoRelay(name) : _app.T.Call.WaysExclude(name, byServer), byServer);
        return true;
    }

    // Of several: who came, declined, left. Once each, on the screen and for a screen reader.
    private void TellPeople(CallView now)
    {
        foreach (var leg in now.Legs)
        {
            var known = _people.TryGetValue(leg.IdentityKey, out var former);
            _people[leg.IdentityKey] = (leg.Stage, leg.Obstacle);
            if (!now.Group || !known || (former.Stage == leg.Stage && former.Obstacle == leg.Obstacle)) continue;
            if (leg.Obstacle != LegObstacle.Unspecified && former.Obstacle != leg.Obstacle) Say(_app.T.Call.Obstacle(leg.Obstacle, leg.Name, leg.BroughtInBy));
            else if (leg.Stage == LegStage.Gone) Say(_app.T.Call.Gone(leg.Outcome, leg.Name));
            else if (leg.Stage == LegStage.Connected) Say(former.Stage == LegStage.Lost ? _app.T.Call.Connected(leg.Name) : _app.T.Call.Joined(leg.Name));
            else if (leg.Stage == LegStage.Lost) Say(_app.T.Call.Reconnecting(leg.Name));
        }

        void Say(string text)
        {
            Note = text;
            _noteGoes?.Dispose();
            _noteGoes = _app.Browser.Clock.CreateTimer(_ => ForgetNote(), null, _noteStays, Timeout.InfiniteTimeSpan);
            _app.Announce(text);
        }
    }

    private void ForgetPeople()
    {
        _people.Clear();
        Note = "";
        _noteGoes?.Dispose();
    }

    private void ForgetNote()
    {
        Note = "";
        _app.Redraw();
    }

    // While there is a picture to look at.
    private void StayAwake()
    {
        var awake = IsHere && Call is { } call && (Camera || CallLook.HasPicture(call));
        if (awake == _awake) return;
        Media.StayAwake(_awake = awake);
    }
}
