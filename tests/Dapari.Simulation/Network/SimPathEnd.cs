using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Network;

/// <summary>
/// One end of a model of a WebRTC peer connection: it opens only after both descriptions and at least one candidate of each end were carried
/// to the other through the engines, and if the networks allow it.
/// </summary>
internal sealed class SimPathEnd(World world, SimPeer peer, ulong id, bool offerer, SimRandom random)
{
    private readonly string _nonce = $"{random.Next():x16}";
    private readonly HashSet<string> _candidatesOf = [];
    private string? _theirs;
    private bool _answered;
    private long _due;

    public SimPeer Peer { get; } = peer;

    public ulong Id { get; } = id;

    public bool IsOpen { get; private set; }

    public bool Gone { get; private set; }

    public SimPathPair? Pair { get; set; }

    public PathFacts Facts { get; private set; }

    public void Begin()
    {
        world.PathEnds[_nonce] = this;
        if (offerer)
            MakeOffer(random.Between(3, 60));
        // A driver gives an attempt up that does not open.
        world.After(random.Between(15_000, 30_000), () =>
        {
            if (!IsOpen)
                Fail(0);
        });
    }

    public void Accept(Signal signal)
    {
        switch (signal.PartCase)
        {
            case Signal.PartOneofCase.OfferSdp when Read(signal.OfferSdp, "offer ", out var nonce):
                _theirs = nonce;
                Make(random.Between(3, 40), new Signal { AnswerSdp = $"answer {nonce} {_nonce}" });
                Trickle();
                break;
            case Signal.PartOneofCase.OfferSdp when Read(signal.OfferSdp, "restart ", out _):
                Make(random.Between(3, 40), new Signal { AnswerSdp = $"restarted {_nonce}" });
                Pair?.Recover();
                break;
            case Signal.PartOneofCase.AnswerSdp when Read(signal.AnswerSdp, $"answer {_nonce} ", out var nonce):
                _theirs = nonce;
                break;
            case Signal.PartOneofCase.AnswerSdp when Read(signal.AnswerSdp, "restarted ", out _):
                Pair?.Recover();
                break;
            case Signal.PartOneofCase.Candidate when Read(signal.Candidate.Candidate_, "candidate ", out var nonce):
                _candidatesOf.Add(nonce);
                break;
            case Signal.PartOneofCase.HangUp:
                Fail(random.Between(0, 50));
                break;
            default:
                break;
        }

        SimPathPair.TryConnect(world, this, random);
    }

    /// <summary>Both descriptions and candidates were exchanged with one and the same other end.</summary>
    public SimPathEnd? Match()
    {
        if (_theirs is null || Gone || Pair is not null || !world.PathEnds.TryGetValue(_theirs, out var other))
            return null;
        return other._theirs == _nonce && !other.Gone && other.Pair is null && _candidatesOf.Contains(other._nonce)
            && other._candidatesOf.Contains(_nonce) ? other : null;
    }

    public void Restart()
    {
        if (Gone)
            return;
        if (IsOpen)
            Make(random.Between(3, 40), new Signal { OfferSdp = $"restart {_nonce}" });
        else if (offerer)
            MakeOffer(random.Between(3, 40));
    }

    public void Open(PathFacts facts)
    {
        if (Gone)
            return;
        (IsOpen, Facts) = (true, facts);
        world.Figures.Paths++;
        Peer.Give(new PeerInput.PathOpened(Id, facts));
    }

    public void Change(PathFacts facts)
    {
        if (Gone || !IsOpen)
            return;
        Facts = facts;
        Peer.Give(new PeerInput.PathFactsChanged(Id, facts));
    }

    public bool TrySend(byte[] message)
    {
        if (Gone || !IsOpen || Pair is null)
            return false;
        Pair.Carry(this, message);
        return true;
    }

    public void Arrived(byte[] message)
    {
        if (!Gone && IsOpen)
            Peer.PathMessageArrived(this, message);
    }

    /// <summary>The engine closes it, or its app dies: nothing more is heard here.</summary>
    public void Close(bool died)
    {
        if (Gone)
            return;
        Gone = true;
        Pair?.Files?.Close(this);
        Pair?.EndGone(this, died);
    }

    /// <summary>The driver gives it up.</summary>
    public void Fail(long delay) => world.After(delay, () =>
    {
        if (Gone)
            return;
        Gone = true;
        Pair?.Files?.Close(this);
        Pair?.EndGone(this, died: false);
        Peer.PathEnded(this);
    });

    private void MakeOffer(long delay)
    {
        Make(delay, new Signal { OfferSdp = $"offer {_nonce}" });
        Trickle();
    }

    private void Trickle()
    {
        if (_answered)
            return;
        _answered = true;
        var count = random.Between(1, 3);
        for (var i = 0; i < count; i++)
        {
            Make(random.Between(5, 300), new Signal
            {
                Candidate = new Candidate { Candidate_ = $"candidate {_nonce} {i}", SdpMid = "0", UsernameFragment = "u" },
            });
        }

        Make(random.Between(300, 500), new Signal { EndOfCandidates = true });
    }

    /// <summary>Gives a signal to the engine, in the order in which they are made.</summary>
    private void Make(long delay, Signal signal)
    {
        _due = Math.Max(_due, world.Now + delay);
        world.After(_due - world.Now, () =>
        {
            if (!Gone)
                Peer.Give(new PeerInput.PathSignalMade(Id, signal));
        });
    }

    private static bool Read(string text, string start, out string nonce)
    {
        nonce = text.StartsWith(start, StringComparison.Ordinal) ? text[start.Length..].Split(' ')[0] : "";
        return nonce.Length > 0;
    }
}
