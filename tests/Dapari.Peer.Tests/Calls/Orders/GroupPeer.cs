using System.Security.Cryptography;
using System.Text;
using Dapari.Peer.Calls;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>One of several: a board and all that it needs, as <see cref="BoardPeer"/> is one of two. What must never be is checked as it happens.</summary>
internal sealed class GroupPeer : ICallHost
{
    private const long WallStart = 1_700_000_000_000;
    private readonly GroupLine _line;
    private readonly Dictionary<ulong, Leg> _legs = [];
    private readonly Queue<Action> _driver = new();
    private ulong _randoms;
    private ulong _clock;

    public GroupPeer(GroupLine line, int index)
    {
        _line = line;
        Index = index;
    }

    public int Index { get; }

    public CallBoard Board { get; private set; } = new();

    public long Time { get; set; } = 1_000_000;

    /// <summary>The person answered, or called: before, nothing of media may be.</summary>
    public bool Consented { get; set; }

    public Dictionary<MessageId, (CallEnding Ending, CallRecord Record)> Entries { get; } = [];

    public Dictionary<MessageId, CallRow> Rows { get; } = [];

    public HashSet<MessageId> Over { get; } = [];

    public Moment Now => new(Time, WallStart + Time);

    public IReadOnlyList<IceServer> Servers { get; } = [new IceServer { Urls = { "turn:home.example" } }];

    public IEnumerable<ulong> OpenLegs => _legs.Keys;

    public static ContactId Id(int index) => BoardPeer.Id(index);

    // A key's first byte is the person's number, so that the order of keys is that of the numbers.
    public static CallPerson Person(int index) => new() { IdentityKey = ByteString.CopyFrom([(byte)index, .. new byte[31]]), Name = $"peer {index}" };

    public ulong RandomLeg() => (++_randoms * 8) + (ulong)Index + 1;

    public MessageId RandomCall() => MessageId.TryRead(SHA256.HashData([(byte)_line.Salt, (byte)Index, (byte)++_randoms, (byte)(_randoms >> 8)]).AsSpan(0, 16), out var id)
        ? id : throw new InvalidOperationException();

    public CallReach ReachOf(ContactId contact, Policy forCall) => CallWays.Reach(forCall, Policy.Unspecified, Policy.Unspecified, verified: true);

    public CallPerson PersonOf(ContactId contact) => Person(_line.IndexOf(contact));

    public Standing Judge(CallPerson person, out ContactId id)
    {
        var other = person.IdentityKey.Span[0];
        id = Id(other);
        return other == Index ? Standing.None
            : _line.Blocks(Index, other) ? Standing.Blocked
            : _line.Knows(Index, other) ? Standing.Contact : Standing.Stranger;
    }

    public bool Begins(CallPerson person) => Index < person.IdentityKey.Span[0];

    public bool IsPolite(ContactId contact) => Index < _line.IndexOf(contact);

    public bool IsReady(ContactId contact, Policy forCall) => true;

    public ulong GiveClock(ContactId contact) => ++_clock;

    public ulong AcceptClock(ContactId contact, ulong said) => _clock = Math.Max(_clock, said);

    public bool TrySend(ContactId contact, CallSignal signal)
    {
        var to = _line.IndexOf(contact);
        if (!_line.Knows(Index, to) || ContentCodec.Check(new Content { Call = signal }) != ContentFault.None)
            throw new InvalidOperationException("A signal that nobody may send.");
        CheckMedia(to, signal);
        _line.Put(Index, to, signal, null);
        return true;
    }

    public void Forward(ContactId by, MessageId group, CallPerson to, CallSignal signal)
    {
        var forward = new CallForward { Statement = new CallForwardStatement { Group = group.ToByteString(), From = Person(Index).IdentityKey, To = to.IdentityKey, Signal = signal }.ToByteString() };
        forward.Signature = ByteString.CopyFrom(new byte[64]);
        forward.Device = new DeviceCertificate { Statement = ByteString.CopyFrom(new byte[100]), Signature = ByteString.CopyFrom(new byte[64]) };
        if (!CallForwardCodec.TryRead(forward, out _, out _) || !signal.State.Fellow)
            throw new InvalidOperationException("A signal that nobody may have carried.");
        var other = to.IdentityKey.Span[0];
        CheckMedia(other, signal);
        if (signal.State.Way != CallWay.ServerOnly && signal.State.Phase != CallPhase.Ended)
            throw new InvalidOperationException("A stranger is offered a direct way.");
        _line.Put(Index, _line.IndexOf(by), signal, (Index, other));
    }

    public void Do(PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.OpenLeg open:
                Open(open);
                break;
            case PeerEffect.AcceptLegSignal accept:
                if (accept.Signal.PartCase == Part.OfferSdp)
                    _driver.Enqueue(() => Board.LegSignalMade(this, accept.Leg, new Signal { AnswerSdp = FakeMedia.Sdp(Name) }));
                if (accept.Signal.PartCase is Part.OfferSdp or Part.AnswerSdp && _legs.TryGetValue(accept.Leg, out var leg))
                    leg.IsDescribed = true;
                break;
            case PeerEffect.RestartLeg restart when restart.RelayOnly != _legs[restart.Leg].RelayOnly && _legs[restart.Leg].RelayOnly && !_line.Knows(Index, _legs[restart.Leg].With):
                throw new InvalidOperationException("A stranger is shown an address.");
            case PeerEffect.CloseLeg close:
                _legs.Remove(close.Leg);
                _line.Closed(close.Leg);
                break;
        }
    }

    public void Changed(Call call)
    {
        if (Over.Contains(call.Id) && !call.IsEnded)
            throw new InvalidOperationException("A call goes on after its end.");
        if (call.IsEnded)
            Over.Add(call.Id);
        var engaging = Board.Calls.Where(other => other.IsEngaging).ToList();
        if (engaging.Count > 1 && engaging.Exists(other => !other.IsWith(engaging[0])))
            throw new InvalidOperationException("Two calls at once.");
        if (engaging.Count > WireLimits.CallPeople)
            throw new InvalidOperationException("More than eight.");
        if (engaging.Select(other => other.With).Distinct().Count() != engaging.Count)
            throw new InvalidOperationException("Somebody is there twice.");
        Rows[call.Id] = CallRows.Save(call);
    }

    public void Shown()
    {
    }

    public void Forget(Call call) => Rows.Remove(call.Id);

    public void Enter(Call call)
    {
        if (call.Fellow || Endings.Outcome(call.Ending) == CallOutcome.Unspecified)
            return;
        var theirs = call.Theirs?.End;
        Entries[call.Id] = (call.Ending, Endings.Record(call.Video, call.Ending, call.Outgoing ? call.Measure : theirs, call.Outgoing ? theirs : call.Measure));
    }

    public void Note(Call call)
    {
        if (!call.Fellow)
            _line.PutNote(Index, _line.IndexOf(call.With), call.Id, CallEntries.Ended(call, call.Measure!));
    }

    public void Hear(int from, CallSignal signal, (int Origin, int Final)? carried)
    {
        if (carried is { } forward)
            Carried(from, signal, forward.Origin, forward.Final);
        else if (_line.Knows(Index, from) && (signal.State.Fellow || !MessageId.TryRead(signal.CallId, out var id) || Board.Knows(id) || !Entries.ContainsKey(id)))
            Board.Arrived(this, Id(from), signal);
        Drain();
    }

    public void HearNote(int from, MessageId id, CallState state)
    {
        if (Board.NoteArrived(this, Id(from), id, state))
        {
            Drain();
            return;
        }

        var kept = Entries.GetValueOrDefault(id);
        if (kept.Ending == CallEnding.Unspecified && !state.Caller)
            return;
        var noted = Endings.Record(state.Video, state.End.Ending, state.Caller ? state.End : null, state.Caller ? null : state.End);
        var record = kept.Record is null ? noted : Endings.Merge(kept.Record, !state.Caller, noted);
        Entries[id] = (Endings.Ending(record.Outcome), record);
    }

    /// <summary>Media flows, or stops; with whom the leg really is.</summary>
    public void Connect(ulong leg, bool connected, int other)
    {
        if (!_legs.TryGetValue(leg, out var open))
            return;
        open.IsConnected = connected;
        Board.LegFactsChanged(this, leg, new LegFacts(
            connected ? LegState.Connected : LegState.Interrupted, new PathFacts(open.RelayOnly ? Network.Relayed : Network.Same, 3), FakeMedia.Certificate($"peer {other}")));
        Drain();
    }

    public bool IsDescribed(ulong leg) => _legs.TryGetValue(leg, out var open) && open is { IsDescribed: true, IsConnected: false };

    public bool Has(ulong leg) => _legs.ContainsKey(leg);

    public void Tick()
    {
        Board.Tick(this);
        Drain();
    }

    public void Ready()
    {
        for (var other = 0; other < _line.Peers.Length; other++)
        {
            if (other != Index)
                Board.Ready(this, Id(other));
        }

        Drain();
    }

    /// <summary>The process ends and another begins from the rows.</summary>
    public void Restart()
    {
        foreach (var leg in _legs.Keys.ToList())
        {
            _legs.Remove(leg);
            _line.Closed(leg);
        }

        _driver.Clear();
        Board = new CallBoard();
        foreach (var row in Rows.Values.ToList())
            Board.Load(CallRows.Load(CallRow.Parser.ParseFrom(row.ToByteArray())) ?? throw new InvalidOperationException("A row cannot be read."));
        Board.Resume(this, supported: true);
        Drain();
    }

    public void Drain()
    {
        while (_driver.TryDequeue(out var done))
            done();
        Board.Flush(this);
        if (_driver.Count > 0)
            Drain();
    }

    /// <summary>All that what comes next depends on.</summary>
    public string Fingerprint()
    {
        var text = new StringBuilder();
        text.Append(Time).Append('|').Append(Consented).Append('|');
        foreach (var call in Board.Calls.OrderBy(call => call.Id))
        {
            text.Append(CallRows.Save(call)).Append(call.Exchange.TheyHaveSeen).Append(call.Exchange.AnswerDue).Append(call.Exchange.SentAt).Append(call.Exchange.Again)
                .Append(call.Leg.Id).Append(call.Leg.IsOpen).Append(call.Leg.IsConnected).Append(call.Leg.Steps.Taken).Append(call.Leg.Steps.HasUnseen).Append(call.Holds)
                .Append(call.StartedAt).Append('|').Append(call.JoinedAt).Append('|').Append(call.EndedAt).Append('|').Append(call.Left).Append(call.CarriedAt).Append(';');
        }

        foreach (var (id, entry) in Entries.OrderBy(entry => entry.Key))
            text.Append(id).Append(entry.Ending).Append(entry.Record.People);
        return text.ToString();
    }

    private string Name => $"peer {Index}";

    private void CheckMedia(int to, CallSignal signal)
    {
        var media = signal.State.Media is not null || signal.State.Leg is not null || signal.State.Facts is not null || signal.Steps.Count > 0;
        if (media && (signal.State.Phase != CallPhase.Joined || !Consented || !_line.Peers[to].Consented))
            throw new InvalidOperationException("Media is spoken of before somebody accepted, or after the end.");
    }

    private void Open(PeerEffect.OpenLeg open)
    {
        var call = Board.Calls.Single(call => call.Leg.IsOpen && call.Leg.Id == open.Leg);
        var other = _line.IndexOf(call.With);
        if (!Consented || !_line.Peers[other].Consented)
            throw new InvalidOperationException("A leg before somebody accepted.");
        if (_line.Blocks(Index, other) || _line.Blocks(other, Index))
            throw new InvalidOperationException("A leg with one who is blocked.");
        if (!open.RelayOnly && !_line.Knows(Index, other))
            throw new InvalidOperationException("A leg that shows a stranger the address.");
        _legs.Add(open.Leg, new Leg(other, open.RelayOnly));
        if (_legs.Values.Count(leg => leg.With == other) > 1)
            throw new InvalidOperationException("Two legs at once.");
        if (open.Offerer)
            _driver.Enqueue(() => Board.LegSignalMade(this, open.Leg, new Signal { OfferSdp = FakeMedia.Sdp(Name) }));
    }

    /// <summary>As the engine: what is for us is believed by its signature, and what is for another is carried by who began.</summary>
    private void Carried(int from, CallSignal signal, int origin, int final)
    {
        if (!MessageId.TryRead(signal.State.Group, out var group) || !_line.Knows(Index, from))
            return;
        if (final == Index)
        {
            if (Board.IsCarriedBy(Id(from), group))
                Board.ForwardArrived(this, Id(from), Person(origin), signal);
        }
        else if (from == origin && _line.Knows(Index, final) && Board.MayCarry(Id(from), Id(final), group, signal.State.Phase))
        {
            _line.Put(Index, final, signal, (origin, final));
        }
    }

    private sealed class Leg(int with, bool relayOnly)
    {
        public int With { get; } = with;

        public bool RelayOnly { get; } = relayOnly;

        public bool IsDescribed { get; set; }

        public bool IsConnected { get; set; }
    }
}
