using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Simulation.Servers;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Network;

/// <summary>
/// One WebSocket between an app and a server: ordered, delayed, stalled, cut. What is in flight at a cut is lost; each end learns of it in its own time,
/// and a silent cut is never told: the other end must notice by itself.
/// </summary>
internal sealed class SimConnection(World world, SimPeer peer, SimServer server, SimRandom random)
{
    private readonly long _latency = random.PickAny(2, 10, 40, 120) + random.Between(0, 20);
    private long _upDue;
    private long _downDue;
    private long _stalledUntil;
    private bool _cut;

    public SimPeer Peer { get; } = peer;

    public SimServer Server { get; } = server;

    /// <summary>The app believes it is open.</summary>
    public bool AtPeer { get; private set; }

    /// <summary>The server believes it is open.</summary>
    public bool AtServer { get; private set; }

    /// <summary>Frames of it that the server has not answered.</summary>
    public int WaitingFrames { get; set; }

    public bool Greeted { get; set; }

    public byte[] Challenge { get; set; } = [];

    public HashSet<MailboxId> Owned { get; } = [];

    public HashSet<MailboxId> Sending { get; } = [];

    private bool _given;

    /// <summary>The app asks for it; it hears of success or failure later.</summary>
    public void Begin()
    {
        world.After(_latency * 2, () =>
        {
            if (_given)
                return;
            if (!Server.Up || !Server.Reachable || !Peer.Online || world.IsPartitioned(Peer, Server))
            {
                // Refused at once, or no answer until the platform gives up.
                world.After(random.Chance(0.7) ? 5 : random.Between(1_000, 25_000), () =>
                {
                    if (!_given)
                        Peer.ConnectionEnded(this);
                });
                return;
            }

            (AtPeer, AtServer) = (true, true);
            Server.Accept(this);
            Peer.ConnectionOpened(this);
        });
    }

    public void FromPeer(byte[] frame)
    {
        if (!AtPeer || _cut)
            return;
        _upDue = Due(_upDue);
        world.After(_upDue - world.Now, () =>
        {
            if (!_cut && AtServer)
                Server.Receive(this, frame);
        });
    }

    public void Answer(ulong request, ServerFrame frame)
    {
        if (!AtServer || _cut)
            return;
        frame.Request = request;
        var bytes = FrameCodec.Write(frame);
        _downDue = Due(_downDue);
        world.After(_downDue - world.Now, () =>
        {
            if (!_cut && AtPeer)
                Peer.FrameArrived(this, bytes);
        });
    }

    /// <summary>The app closes it, or dies: it hears no more; the server learns later.</summary>
    public void CloseByPeer(bool died)
    {
        _given = true;
        if (!AtPeer)
            return;
        AtPeer = false;
        if (died)
            _cut = true;
        ServerLearns(died ? random.Between(0, 40_000) : Due(_upDue) - world.Now);
    }

    public void CloseByServer()
    {
        if (!AtServer)
            return;
        AtServer = false;
        Server.Ended(this);
        _downDue = Due(_downDue);
        PeerLearns(_downDue - world.Now);
    }

    /// <summary>The server's process ended.</summary>
    public void ServerDied()
    {
        AtServer = false;
        _cut = true;
        PeerLearns(random.Between(0, 2_000));
    }

    /// <summary>The wire breaks.</summary>
    public void Cut(bool silently)
    {
        if (_cut)
            return;
        _cut = true;
        world.Note(Peer.Name, $"connection to {Server.Name} cut{(silently ? " silently" : "")}");
        if (!silently)
            PeerLearns(random.Between(0, 4_000));
        ServerLearns(random.Between(0, 40_000));
    }

    public void Stall(long milliseconds) => _stalledUntil = world.Now + milliseconds;

    private long Due(long after) =>
        Math.Max(Math.Max(after, _stalledUntil), world.Now + _latency + random.Between(0, _latency / 4));

    private void PeerLearns(long delay) => world.After(delay, () =>
    {
        if (!AtPeer)
            return;
        AtPeer = false;
        Peer.ConnectionEnded(this);
    });

    private void ServerLearns(long delay) => world.After(delay, () =>
    {
        if (!AtServer)
            return;
        AtServer = false;
        Server.Ended(this);
    });
}
