using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>Several boards and what is on its way between them. Nothing moves but by a choice of whoever explores.</summary>
internal sealed class GroupLine
{
    // Live signals lie nowhere: what is older than this is not on its way any more.
    private const long LongestFlight = 100_000;
    private readonly List<Flight> _flying = [];
    private readonly List<(int From, int To, MessageId Id, CallState State)> _notes = [];
    private readonly List<(int Person, ulong Leg)> _stopped = [];
    private readonly Func<int, int, bool> _knows;
    private readonly Func<int, int, bool> _blocks;

    public GroupLine(int people, int salt, Func<int, int, bool> knows, Func<int, int, bool> blocks)
    {
        (Salt, _knows, _blocks) = (salt, knows, blocks);
        Peers = [.. Enumerable.Range(0, people).Select(index => new GroupPeer(this, index))];
    }

    public int Salt { get; }

    public GroupPeer[] Peers { get; }

    public int Flying => _flying.Count;

    /// <summary>Contacts of each other; of the first everybody is one.</summary>
    public bool Knows(int one, int other) => !Blocks(one, other) && (one == 0 || other == 0 || _knows(Math.Min(one, other), Math.Max(one, other)));

    /// <summary>One has blocked the other.</summary>
    public bool Blocks(int one, int other) => one != 0 && other != 0 && _blocks(one, other);

    public int IndexOf(ContactId id) => Array.FindIndex(Peers, peer => GroupPeer.Id(peer.Index) == id);

    public void Put(int from, int to, CallSignal signal, (int Origin, int Final)? carried)
    {
        // Equal ones add nothing: a network that repeats is a choice of its own.
        if (!_flying.Exists(flying => flying.From == from && flying.To == to && flying.Carried == carried && flying.Signal.Equals(signal)))
            _flying.Add(new Flight(from, to, CallSignal.Parser.ParseFrom(signal.ToByteArray()), carried, Peers[to].Time));
    }

    public void PutNote(int from, int to, MessageId id, CallState state) => _notes.Add((from, to, id, state));

    public void Deliver(int index, bool keep)
    {
        var flight = _flying[index];
        var old = Peers[flight.To].Time - flight.Since > LongestFlight;
        if (!keep || old)
            _flying.RemoveAt(index);
        if (old)
            return;
        Peers[flight.To].Hear(flight.From, flight.Signal.Clone(), flight.Carried);
        Settle();
    }

    public void Lose(int index) => _flying.RemoveAt(index);

    /// <summary>All that is to or from somebody.</summary>
    public void Cut(int person) => _flying.RemoveAll(flight => flight.From == person || flight.To == person);

    /// <summary>All that flies arrives, and what is said to it.</summary>
    public void Arrive()
    {
        for (var steps = 0; _flying.Count > 0; steps++)
        {
            if (steps > 20_000)
                throw new InvalidOperationException("It does not come to rest.");
            Deliver(0, keep: false);
        }
    }

    public void Closed(ulong leg)
    {
        foreach (var peer in Peers.Where(peer => peer.Has(leg)))
            _stopped.Add((peer.Index, leg));
    }

    /// <summary>Media connects where both ends have both descriptions, and stops where one end is gone.</summary>
    public void Settle()
    {
        while (true)
        {
            foreach (var (person, leg) in _stopped.ToList())
                Peers[person].Connect(leg, connected: false, OtherEnd(person, leg));
            _stopped.Clear();
            foreach (var leg in Peers.SelectMany(peer => peer.OpenLegs).Distinct().ToList())
            {
                var ends = Peers.Where(peer => peer.IsDescribed(leg)).ToList();
                if (ends.Count != 2)
                    continue;
                ends[0].Connect(leg, connected: true, ends[1].Index);
                ends[1].Connect(leg, connected: true, ends[0].Index);
            }

            if (_stopped.Count == 0)
                return;
        }
    }

    /// <summary>From now on nothing is lost and time passes for all: what must come, comes.</summary>
    public void Heal(long milliseconds)
    {
        foreach (var peer in Peers)
            peer.Ready();
        Settle();
        var left = milliseconds;
        for (var steps = 0; ; steps++)
        {
            if (steps > 50_000)
                throw new InvalidOperationException("It does not come to rest.");
            if (_flying.Count > 0)
            {
                Deliver(0, keep: false);
                continue;
            }

            if (_notes.Count > 0)
            {
                var (from, to, id, state) = _notes[0];
                _notes.RemoveAt(0);
                Peers[to].HearNote(from, id, state.Clone());
                Settle();
                continue;
            }

            if (left == 0)
                return;
            var wait = Math.Clamp(Peers.Min(peer => (peer.Board.NextDeadline ?? long.MaxValue) - peer.Time), 1, left);
            left -= wait;
            foreach (var peer in Peers)
                peer.Time += wait;
            foreach (var peer in Peers)
                peer.Tick();
            Settle();
        }
    }

    public string Fingerprint() =>
        string.Join('#', Peers.Select(peer => peer.Fingerprint())) + "#"
        + string.Join(';', _flying.Select(flying => $"{flying.From}{flying.To}{flying.Carried}{flying.Signal}").Order(StringComparer.Ordinal))
        + string.Join(';', _notes.Select(note => $"{note.From}{note.To}{note.State}").Order(StringComparer.Ordinal));

    /// <summary>Who is in what with whom, for whoever reads a failure.</summary>
    public override string ToString() => string.Join('\n', Peers.SelectMany(peer => peer.Board.Calls.OrderBy(call => call.StartedAt).Select(call =>
        $"{peer.Index}->{IndexOf(call.With)} {(call.Outgoing ? "out" : "in")}{(call.Fellow ? " fellow" : "")}{(call.Via ? " via" : "")} {call.Phase} {call.Ending} theirs {call.Theirs?.Phase} group {call.Group} id {call.Id} begun {peer.Time - call.StartedAt} ms ago, {(call.Leg.IsConnected ? "connected" : "no media")}, clock {call.Clock}, named {string.Join(',', call.Theirs?.People.Select(person => $"{person.IdentityKey[0]}{(person.Joined ? "+" : "")}") ?? [])}")));

    // Whoever a leg was opened for: its other end may be gone already.
    private int OtherEnd(int person, ulong leg)
    {
        var call = Peers[person].Board.Calls.FirstOrDefault(call => call.Leg.Id == leg);
        return call is null ? person : IndexOf(call.With);
    }

    private sealed record Flight(int From, int To, CallSignal Signal, (int Origin, int Final)? Carried, long Since);
}
