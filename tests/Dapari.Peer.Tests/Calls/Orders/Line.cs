using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>Two boards and what is on its way between them. Nothing moves but by a choice of whoever explores.</summary>
internal sealed class Line
{
    // Live signals lie nowhere: what is older than this, by the clock of its recipient, is not on its way any more.
    private const long LongestFlight = 100_000;
    private readonly List<(int From, CallSignal Signal, long Since)> _flying = [];
    private readonly List<(int From, MessageId Id, CallState State)> _notes = [];
    private readonly Dictionary<ulong, int> _described = [];

    public Line(int salt)
    {
        Salt = salt;
        Peers = [new BoardPeer(this, 0), new BoardPeer(this, 1)];
    }

    /// <summary>Makes other ids: which of two calls has the smaller one.</summary>
    public int Salt { get; }

    public BoardPeer[] Peers { get; }

    /// <summary>A person accepted, or both called.</summary>
    public bool Accepted { get; set; }

    public int Flying => _flying.Count;

    public void Put(int from, CallSignal signal)
    {
        // Equal ones add nothing: a network that repeats is a choice of its own.
        if (_flying.Any(flying => flying.From == from && flying.Signal.Equals(signal)))
            return;
        _flying.Add((from, CallSignal.Parser.ParseFrom(Google.Protobuf.MessageExtensions.ToByteArray(signal)), Peers[1 - from].Time));
    }

    public void PutNote(int from, MessageId id, CallState state) => _notes.Add((from, id, state));

    public void Deliver(int index, bool keep)
    {
        var (from, signal, since) = _flying[index];
        if (!keep || Peers[1 - from].Time - since > LongestFlight)
            _flying.RemoveAt(index);
        if (Peers[1 - from].Time - since > LongestFlight)
            return;
        Peers[1 - from].Hear(signal.Clone());
        Settle();
    }

    public void Lose(int index) => _flying.RemoveAt(index);

    public void Described(ulong leg, int index) => _described[leg] = _described.GetValueOrDefault(leg) | (1 << index);

    public void Closed(ulong leg)
    {
        _described.Remove(leg);
        // The other end's media stops.
        foreach (var peer in Peers)
        {
            if (peer.Has(leg))
                _stopped.Add((peer, leg));
        }
    }

    private readonly List<(BoardPeer Peer, ulong Leg)> _stopped = [];

    /// <summary>Media connects where both ends have both descriptions, and stops where one end is gone.</summary>
    public void Settle()
    {
        foreach (var (peer, leg) in _stopped.ToList())
            peer.Connect(leg, connected: false);
        _stopped.Clear();
        foreach (var leg in _described.Where(described => described.Value == 3).Select(described => described.Key).ToList())
        {
            _described.Remove(leg);
            foreach (var peer in Peers)
                peer.Connect(leg, connected: true);
        }

        if (_stopped.Count > 0)
            Settle();
    }

    /// <summary>From now on nothing is lost and time passes for both: what must come, comes.</summary>
    public void Heal(long milliseconds)
    {
        foreach (var peer in Peers)
            peer.Ready();
        var left = milliseconds;
        for (var steps = 0; ; steps++)
        {
            if (steps > 20_000)
                throw new InvalidOperationException("It does not come to rest.");
            if (_flying.Count > 0)
            {
                Deliver(0, keep: false);
                continue;
            }

            if (_notes.Count > 0)
            {
                var (from, id, state) = _notes[0];
                _notes.RemoveAt(0);
                Peers[1 - from].HearNote(id, state.Clone());
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
        Accepted + Peers[0].Fingerprint() + "#" + Peers[1].Fingerprint() + "#"
        + string.Join(';', _flying.Select(flying => flying.From + flying.Signal.ToString()).Order(StringComparer.Ordinal))
        + string.Join(';', _notes.Select(note => note.From + note.State.ToString()).Order(StringComparer.Ordinal));
}
