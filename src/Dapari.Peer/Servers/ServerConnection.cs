using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Servers;

/// <summary>How a connection to a server stands.</summary>
internal enum LinkState
{
    /// <summary>Not wanted at the moment.</summary>
    Off,

    /// <summary>The host connects.</summary>
    Connecting,

    /// <summary>Hello is said, Welcome is awaited.</summary>
    Greeting,

    /// <summary>In use.</summary>
    Online,

    /// <summary>Lost; tried again at <see cref="ServerConnection.RetryAt"/>.</summary>
    Waiting,
}

/// <summary>One server as seen from here: the connection's state, its open requests and its clocks. All times are monotonic milliseconds.</summary>
internal sealed class ServerConnection(Origin origin)
{
    /// <summary>Posts that the server has not answered yet.</summary>
    public const int MaxPostsInFlight = 64;

    /// <summary>So long an answer may take where there is reason to think that the connection is gone.</summary>
    public const long DoubtedPongMs = 4_000;

    private const long PongMs = 10_000;
    private const long FirstBackoffMs = 500;
    private const long LongestBackoffMs = 30_000;

    private readonly SortedDictionary<ulong, Asked> _asked = [];
    private ulong _lastRequest;
    private long _backoffMs = FirstBackoffMs;

    public string Origin { get; } = origin.Value;

    public string Host { get; } = origin.Host;

    public LinkState State { get; private set; }

    /// <summary>Attempts that failed since it was last online.</summary>
    public int Failures { get; private set; }

    public long RetryAt { get; private set; }

    /// <summary>The same by the wall clock, to be shown.</summary>
    public long RetryWallMs { get; private set; }

    public byte[] Challenge { get; private set; } = [];

    public Limits? Limits { get; private set; }

    public IReadOnlyList<IceServer> IceServers { get; private set; } = [];

    public HashSet<MailboxId> OpenSenders { get; } = [];

    public HashSet<MailboxId> OpenBoxes { get; } = [];

    public Dictionary<MailboxId, Usage> Usage { get; } = [];

    /// <summary>The server's key for Web Push; empty: it wakes nobody.</summary>
    public ByteString PushKey { get; private set; } = ByteString.Empty;

    /// <summary>Marks of the subscriptions that the server has for open mailboxes, or is being told.</summary>
    public Dictionary<MailboxId, ByteString> Wakes { get; } = [];

    /// <summary>Own mailboxes still to open on this connection.</summary>
    public Queue<OwnBox> ToOpen { get; } = new();

    public int PostsInFlight { get; private set; }

    /// <summary>The server asked for patience until then.</summary>
    public long PatienceUntil { get; set; } = long.MinValue;

    public long StateSince { get; private set; }

    public long LastReceived { get; private set; }

    public long LastSent { get; private set; }

    public long UsedAt { get; set; }

    /// <summary>Something lies there for long: it is tried until it was online once, so that this can be seen to.</summary>
    public bool IsToLookAt { get; set; }

    public bool Pinging => _asked.Values.Any(asked => asked is Asked.Alive);

    /// <summary>How long the answer to a ping may take.</summary>
    public long PongWithinMs { get; set; } = PongMs;

    public bool IsOnline => State == LinkState.Online;

    /// <summary>Not known to be out of reach: online, or not tried yet.</summary>
    public bool IsHopeful => State != LinkState.Waiting && (State == LinkState.Online || Failures == 0);

    public bool HasRequests => _asked.Count > 0;

    public long OldestRequestAt => _asked.Count == 0 ? long.MaxValue : _asked.First().Value.At;

    public bool CanPost(long now) => IsOnline && PostsInFlight < MaxPostsInFlight && now >= PatienceUntil;

    public void Connecting(Step step)
    {
        Turn(step, LinkState.Connecting);
        step.Do(new PeerEffect.ConnectServer(Origin));
    }

    /// <summary>The socket stands: says hello, with the code that lets newcomers in.</summary>
    public void Connected(Step step, string registrationCode)
    {
        Turn(step, LinkState.Greeting);
        LastReceived = step.Now.MonotonicMs;
        Send(step, new ClientFrame
        {
            Hello = new Hello { LowestVersion = ProtocolVersion.Lowest, HighestVersion = ProtocolVersion.Highest, Agent = "dapari/0.1", RegistrationCode = registrationCode },
        }, new Asked.Greeting());
    }

    public void Welcomed(Step step, Welcome welcome)
    {
        Turn(step, LinkState.Online);
        Challenge = welcome.Challenge.ToByteArray();
        Limits = welcome.Limits ?? new Limits();
        IceServers = [.. welcome.IceServers];
        PushKey = welcome.PushKey;
        Failures = 0;
        _backoffMs = FirstBackoffMs;
    }

    /// <summary>Sends a request; what it was is remembered until the answer.</summary>
    public void Send(Step step, ClientFrame frame, Asked asked)
    {
        frame.Request = ++_lastRequest;
        _asked.Add(frame.Request, asked with { At = step.Now.MonotonicMs });
        if (asked is Asked.ToPost)
            PostsInFlight++;
        LastSent = step.Now.MonotonicMs;
        if (asked is not Asked.Alive)
            UsedAt = LastSent;
        step.Do(new PeerEffect.SendToServer(Origin, FrameCodec.Write(frame)));
    }

    /// <summary>The request that a frame answers.</summary>
    public Asked? TakeAsked(ulong request)
    {
        if (!_asked.Remove(request, out var asked))
            return null;
        if (asked is Asked.ToPost)
            PostsInFlight--;
        return asked;
    }

    public void Heard(long now) => (LastReceived, PongWithinMs) = (now, PongMs);

    /// <summary>The connection is gone; gives back what was not answered. It is tried again as the server asked for, or else by our own backoff.</summary>
    public IReadOnlyList<Asked> Lost(Step step, PeerState state, uint? comeBackAfterMs)
    {
        if (comeBackAfterMs is { } asked)
        {
            var wait = Math.Clamp((long)asked, FirstBackoffMs, 10 * 60_000);
            RetryAt = step.Now.MonotonicMs + wait + state.Jitter(wait / 4 + 1);
        }
        else
        {
            Failures++;
            RetryAt = step.Now.MonotonicMs + (_backoffMs / 2) + state.Jitter(_backoffMs / 2 + 1);
            _backoffMs = Math.Min(_backoffMs * 2, LongestBackoffMs);
        }

        RetryWallMs = step.Now.WallMs + RetryAt - step.Now.MonotonicMs;
        return Drop(step, LinkState.Waiting);
    }

    /// <summary>Closed from here: not wanted for the time being.</summary>
    public IReadOnlyList<Asked> Close(Step step)
    {
        step.Do(new PeerEffect.DisconnectServer(Origin));
        return Drop(step, LinkState.Off);
    }

    /// <summary>Tries again at once, and with a short backoff from then on.</summary>
    public void RetryNow(long now)
    {
        _backoffMs = FirstBackoffMs;
        if (State == LinkState.Waiting)
            RetryAt = now;
    }

    private List<Asked> Drop(Step step, LinkState next)
    {
        Turn(step, next);
        var unanswered = _asked.Values.ToList();
        _asked.Clear();
        _lastRequest = 0;
        PostsInFlight = 0;
        OpenSenders.Clear();
        OpenBoxes.Clear();
        Wakes.Clear();
        ToOpen.Clear();
        PatienceUntil = long.MinValue;
        PongWithinMs = PongMs;
        return unanswered;
    }

    private void Turn(Step step, LinkState next)
    {
        State = next;
        StateSince = step.Now.MonotonicMs;
        step.ViewDirty = true;
    }
}
