using Dapari.Peer.Calls;
using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Files;
using Dapari.Peer.Invites;
using Dapari.Peer.Outbox;
using Dapari.Peer.Paths;
using Dapari.Peer.Prekeys;
using Dapari.Peer.Servers;
using Dapari.Peer.Sessions;
using Dapari.Wire.V1;

namespace Dapari.Peer.Engine;

/// <summary>The parts of an engine. Each owns one concern; they share the state and know each other through this.</summary>
internal sealed class Parts
{
    public Parts(PeerState state)
    {
        State = state;
        Seals = new SealRoom(state);
        Servers = new ServerDesk(this);
        Answers = new ServerAnswers(this);
        Relays = new RelayDesk(this);
        Boxes = new OwnBoxes(this);
        Wakes = new WakeDesk(this);
        Prekeys = new PrekeyDesk(this);
        Keys = new SessionStarter(this);
        Invites = new InviteDesk(this);
        Openings = new InviteOpener(this);
        Contacts = new ContactDesk(this);
        Requests = new RequestDesk(this);
        Outbox = new OutboxDesk(this);
        Receipts = new ReceiptDesk(this);
        Chats = new ChatDesk(this);
        Inbox = new Inbox(this);
        Live = new LiveSender(this);
        Paths = new PathDesk(this);
        Nearby = new NearbyDesk(this);
        Signals = new SignalDesk(this);
        Calls = new CallDesk(this);
        Files = new FileDesk(this);
        Profile = new ProfileDesk(this);
        Restorer = new Restorer(this);
        Views = new ViewBuilder(this);
    }

    public PeerState State { get; }

    public SealRoom Seals { get; }

    public ServerDesk Servers { get; }

    public ServerAnswers Answers { get; }

    public RelayDesk Relays { get; }

    public OwnBoxes Boxes { get; }

    public WakeDesk Wakes { get; }

    public PrekeyDesk Prekeys { get; }

    public SessionStarter Keys { get; }

    public InviteDesk Invites { get; }

    public InviteOpener Openings { get; }

    public ContactDesk Contacts { get; }

    public RequestDesk Requests { get; }

    public OutboxDesk Outbox { get; }

    public ReceiptDesk Receipts { get; }

    public ChatDesk Chats { get; }

    public Inbox Inbox { get; }

    public LiveSender Live { get; }

    public PathDesk Paths { get; }

    public NearbyDesk Nearby { get; }

    public SignalDesk Signals { get; }

    public CallDesk Calls { get; }

    public FileDesk Files { get; }

    public ProfileDesk Profile { get; }

    public Restorer Restorer { get; }

    public ViewBuilder Views { get; }

    /// <summary>The servers that help to find ways, relays among them.</summary>
    public IReadOnlyList<IceServer> IceServers => Relays.Servers;
}
