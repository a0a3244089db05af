using System.Security.Cryptography;
using System.Text;
using Dapari.Peer.Calls;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.V1;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>
/// A board and all that it needs, without seals and stores: what it sends is put on the line, what it keeps is kept, its media driver answers at once.
/// What no order of events may lead to is checked as it happens.
/// </summary>
internal sealed class BoardPeer : ICallHost
{
    private const long WallStart = 1_700_000_000_000;
    private readonly Line _line;
    private readonly int _index;
    private readonly Dictionary<ulong, byte[]> _legs = [];
    private readonly Queue<Action> _driver = new();
    private ulong _randoms;
    private ulong _clock;

    public BoardPeer(Line line, int index)
    {
        _line = line;
        _index = index;
        Own = Id(index);
        Other = Id(1 - index);
    }

    public CallBoard Board { get; private set; } = new();

    public ContactId Own { get; }

    public ContactId Other { get; }

    public long Time { get; set; } = 1_000_000;

    /// <summary>What conversations hold: the ending as kept, and what was measured.</summary>
    public Dictionary<MessageId, (CallEnding Ending, CallRecord Record)> Entries { get; } = [];

    public Dictionary<MessageId, CallRow> Rows { get; } = [];

    public HashSet<MessageId> Over { get; } = [];

    public Moment Now => new(Time, WallStart + Time);

    public IReadOnlyList<IceServer> Servers { get; } = [new IceServer { Urls = { "turn:home.example" } }];

    public int OpenLegs => _legs.Count;

    public static ContactId Id(int index) => ContactId.TryRead(SHA256.HashData([(byte)index]).AsSpan(0, 16), out var id) ? id : throw new InvalidOperationException();

    // Ids of the two sides interleave, so that each may have the smaller one.
    public ulong RandomLeg() => (++_randoms * 2) + (ulong)_index;

    public MessageId RandomCall() => MessageId.TryRead(SHA256.HashData([(byte)_line.Salt, (byte)_index, (byte)++_randoms]).AsSpan(0, 16), out var id)
        ? id : throw new InvalidOperationException();

    public CallReach ReachOf(ContactId contact, Policy forCall) => CallWays.Reach(forCall, Policy.Unspecified, Policy.Unspecified, verified: true);

    public CallPerson PersonOf(ContactId contact) => new();

    public Standing Judge(CallPerson person, out ContactId id)
    {
        id = default;
        return Standing.None;
    }

    public bool Begins(CallPerson person) => false;

    public void Forward(ContactId by, MessageId group, CallPerson to, CallSignal signal) => throw new InvalidOperationException("Two have nobody between them.");

    public void Shown()
    {
    }

    public bool IsPolite(ContactId contact) => _index == 0;

    public bool IsReady(ContactId contact, Policy forCall) => true;

    public ulong GiveClock(ContactId contact) => ++_clock;

    public ulong AcceptClock(ContactId contact, ulong said) => _clock = Math.Max(_clock, said);

    public bool TrySend(ContactId contact, CallSignal signal)
    {
        if (contact != Other || ContentCodec.Check(new Content { Call = signal }) != ContentFault.None)
            throw new InvalidOperationException("A signal that nobody may send.");
        var media = signal.State.Media is not null || signal.State.Leg is not null || signal.State.Facts is not null || signal.Steps.Count > 0;
        if (media && (signal.State.Phase != CallPhase.Joined || !_line.Accepted))
            throw new InvalidOperationException("Media is spoken of before the callee accepted, or after the end.");
        _line.Put(_index, signal);
        return true;
    }

    public void Do(PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.OpenLeg open:
                if (!_line.Accepted)
                    throw new InvalidOperationException("A leg before the callee accepted.");
                _legs.Add(open.Leg, []);
                if (_legs.Count > 1)
                    throw new InvalidOperationException("Two legs at once.");
                if (open.Offerer)
                    _driver.Enqueue(() => Board.LegSignalMade(this, open.Leg, new Signal { OfferSdp = FakeMedia.Sdp(Name) }));
                break;
            case PeerEffect.AcceptLegSignal accept:
                if (accept.Signal.PartCase == Part.OfferSdp)
                    _driver.Enqueue(() => Board.LegSignalMade(this, accept.Leg, new Signal { AnswerSdp = FakeMedia.Sdp(Name) }));
                if (accept.Signal.PartCase is Part.OfferSdp or Part.AnswerSdp)
                    _line.Described(accept.Leg, _index);
                break;
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
        if (Board.Calls.Count(other => other.IsEngaging) > 1)
            throw new InvalidOperationException("Two calls at once.");
        Rows[call.Id] = CallRows.Save(call);
    }

    public void Forget(Call call) => Rows.Remove(call.Id);

    public void Enter(Call call)
    {
        if (Endings.Outcome(call.Ending) == CallOutcome.Unspecified)
            return;
        var theirs = call.Theirs?.End;
        Entries[call.Id] = (call.Ending, Endings.Record(call.Video, call.Ending, call.Outgoing ? call.Measure : theirs, call.Outgoing ? theirs : call.Measure));
    }

    public void Note(Call call) => _line.PutNote(_index, call.Id, CallEntries.Ended(call, call.Measure!));

    public void Hear(CallSignal signal)
    {
        // As the engine: what may be long over is looked up first.
        if (MessageId.TryRead(signal.CallId, out var id) && !Board.Knows(id) && Entries.ContainsKey(id))
            return;
        Board.Arrived(this, Other, signal);
        Drain();
    }

    public void HearNote(MessageId id, CallState state)
    {
        if (Board.NoteArrived(this, Other, id, state))
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

    public void Connect(ulong leg, bool connected)
    {
        if (!_legs.ContainsKey(leg))
            return;
        Board.LegFactsChanged(this, leg, new LegFacts(
            connected ? LegState.Connected : LegState.Interrupted, new PathFacts(Network.Same, 3), FakeMedia.Certificate($"peer {1 - _index}")));
        Drain();
    }

    public bool Has(ulong leg) => _legs.ContainsKey(leg);

    public void Tick()
    {
        Board.Tick(this);
        Drain();
    }

    /// <summary>The other can be reached again.</summary>
    public void Ready()
    {
        Board.Ready(this, Other);
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
            Board.Load(CallRows.Load(row.Clone()) ?? throw new InvalidOperationException("A row cannot be read."));
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
        text.Append(Time).Append('|');
        foreach (var call in Board.Calls.OrderBy(call => call.Id))
        {
            text.Append(CallRows.Save(call)).Append(call.Exchange.TheyHaveSeen).Append(call.Exchange.AnswerDue).Append(call.Exchange.SentAt).Append(call.Exchange.Again)
                .Append(call.Leg.Id).Append(call.Leg.IsOpen).Append(call.Leg.IsConnected).Append(call.Leg.Steps.Taken).Append(call.Leg.Steps.HasUnseen)
                .Append(call.StartedAt).Append('|').Append(call.JoinedAt).Append('|').Append(call.EndedAt).Append('|').Append(call.Left).Append(';');
        }

        foreach (var (id, entry) in Entries.OrderBy(entry => entry.Key))
            text.Append(id).Append(entry.Ending);
        return text.ToString();
    }

    private string Name => $"peer {_index}";
}
