using System.Text;
using Dapari.Crypto;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Fuzz;

/// <summary>Well-formed inputs: one of each kind at least.</summary>
internal static class Samples
{
    private static readonly World World = new();
    private static readonly ByteString Id = ByteString.CopyFrom(Enumerable.Repeat((byte)0x11, Shape.Id).ToArray());
    private static readonly ByteString Short = ByteString.CopyFrom(Enumerable.Repeat((byte)0x22, ContentCodec.ShortId).ToArray());
    private static readonly ByteString Key = ByteString.CopyFrom(Enumerable.Repeat((byte)0x33, Shape.Key).ToArray());
    private static readonly ByteString Signature = ByteString.CopyFrom(Enumerable.Repeat((byte)0x44, Shape.Signature).ToArray());

    public static IEnumerable<byte[]> ClientFrames() => Bytes(
        new ClientFrame { Request = 1, Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "fuzz/1" } },
        new ClientFrame { Request = 2, CreateMailbox = new CreateMailbox { MailboxId = Id, OwnerKey = Key, SenderKey = Key, Signature = Signature } },
        new ClientFrame { Request = 3, OpenMailbox = new OpenMailbox { MailboxId = Id, Signature = Signature } },
        new ClientFrame { Request = 4, OpenSender = new OpenSender { MailboxId = Id, Signature = Signature } },
        new ClientFrame { Request = 5, Post = new Post { MailboxId = Id, EnvelopeId = Id, Envelope = World.Envelope.ToByteString() } },
        new ClientFrame { Request = 6, Live = new Live { MailboxId = Id, Envelope = World.Envelope.ToByteString() } },
        new ClientFrame { Request = 7, Acknowledge = new Acknowledge { MailboxId = Id, Sequences = { 1, 2, 300, ulong.MaxValue } } },
        new ClientFrame { Request = 8, DeleteMailbox = new DeleteMailbox { MailboxId = Id } },
        new ClientFrame { Request = 9, GetUsage = new GetUsage { MailboxId = Id } },
        new ClientFrame { Request = 10, PutInvite = new PutInvite { BlobId = Id, Blob = Key, OwnerKey = Key, Signature = Signature, ExpiresInMs = 99 } },
        new ClientFrame { Request = 11, GetInvite = new GetInvite { BlobId = Id } },
        new ClientFrame { Request = 12, DeleteInvite = new DeleteInvite { BlobId = Id, Signature = Signature } },
        new ClientFrame
        {
            Request = 13,
            PutPrekeys = new PutPrekeys
            {
                StoreId = Id,
                OwnerKey = Key,
                Signature = Signature,
                Replace = true,
                Device = World.Bob.Certificate,
                SignedPrekey = World.Upload.SignedPrekey,
                LastResort = World.Upload.LastResort,
                OneTime = { World.Upload.OneTime },
                OneTimeKem = { World.Upload.OneTimeKem[0] },
            },
        },
        new ClientFrame { Request = 18, TakeRelayAccess = new TakeRelayAccess() },
        new ClientFrame { Request = 19, BeginBlob = new BeginBlob { MailboxId = Id, BlobId = Id, Size = 1000, ReadTokenHash = Key, OwnerTokenHash = Key, Days = 14 } },
        new ClientFrame { Request = 20, GetBlobUsage = new GetBlobUsage { MailboxId = Id } },
        new ClientFrame { Request = 14, TakePrekeys = new TakePrekeys { StoreId = Id } },
        new ClientFrame { Request = 15, Ping = new Ping() },
        new ClientFrame { Request = 16, CloseMailbox = new CloseMailbox { MailboxId = Id } });

    public static IEnumerable<byte[]> ServerFrames() => Bytes(
        new ServerFrame
        {
            Request = 1,
            Welcome = new Welcome
            {
                Version = 1,
                Challenge = Key,
                ServerTimeMs = 1_800_000_000_000,
                Limits = new Limits { EnvelopeBytes = 65536, MailboxesPerConnection = 500, RetentionDays = 30, IdleSeconds = 60 },
                IceServers = { new IceServer { Urls = { "stun:example.org:3478", "turn:example.org:3478" }, Username = "u", Credential = "c" } },
            },
        },
        new ServerFrame { Request = 2, Refused = new Refused { Refusal = Refusal.Rate, RetryAfterMs = 500 } },
        new ServerFrame { Request = 3, Done = new Done() },
        new ServerFrame { Request = 4, Posted = new Posted { RecipientConnected = true } },
        new ServerFrame { Request = 5, LiveResult = new LiveResult { RecipientConnected = true } },
        new ServerFrame { Deliver = new Deliver { MailboxId = Id, Sequence = 8, Envelope = World.Envelope.ToByteString(), LayMs = 77 } },
        new ServerFrame { LiveDeliver = new LiveDeliver { MailboxId = Id, Envelope = World.Envelope.ToByteString() } },
        new ServerFrame { Request = 6, Usage = new Usage { StoredBytes = 1, StoredEnvelopes = 2, QuotaBytes = 3, QuotaEnvelopes = 4, RetentionDays = 30 } },
        new ServerFrame { Request = 7, Invite = new Invite { Blob = ByteString.CopyFrom(World.Invite.SealBlob(World.Blob)) } },
        new ServerFrame { Request = 8, Prekeys = new Prekeys { Bundle = World.Bundle } },
        new ServerFrame { Request = 9, Pong = new Pong() },
        new ServerFrame { Request = 10, MailboxOpened = new MailboxOpened { WaitingEnvelopes = 5, HighestAcknowledged = 6 } },
        new ServerFrame { MailboxTaken = new MailboxTaken { MailboxId = Id } },
        new ServerFrame { GoingAway = new GoingAway { ComeBackAfterMs = 1500 } },
        new ServerFrame { Request = 11, BlobBegun = new BlobBegun { UploadToken = Key, ExpiresInMs = 9, Received = 5, Usage = new BlobUsage { UsedBytes = 1, QuotaBytes = 2, Days = 14 } } },
        new ServerFrame { PrekeyCount = new PrekeyCount { StoreId = Id, OneTime = 3, OneTimeKem = 4 } });

    public static IEnumerable<byte[]> Envelopes() => Bytes(World.Envelope);

    public static IEnumerable<byte[]> SealedEnvelopes()
    {
        var answered = World.Sealed.Clone();
        answered.Handshake = null;
        var live = World.Sealed.Clone();
        live.Lane = Lane.Live;
        return Bytes(World.Sealed, answered, live);
    }

    public static IEnumerable<byte[]> Contents() => Bytes(
        new Content { Chat = new ChatMessage { MessageId = Id, Clock = 5, Text = "ciao 👋", ComposedAtMs = 6, IntendedRoute = Route.Direct, IntendedReason = Reason.DirectPathOpen } },
        new Content { Receipts = new Receipts { Delivered = { new Delivered { MessageId = Id, Record = new RouteRecord { Route = Route.Mailbox, LayMs = 5 } } }, ReadThroughClock = 9 } },
        new Content { ContactRequest = new ContactRequest { Name = "Bob", InviteId = Id, InviteProof = Key, ReplyTo = World.Mailbox, Prekeys = World.Prekeys } },
        new Content { ContactAccept = new ContactAccept { Name = "Alice", ReplyTo = World.Mailbox, Prekeys = World.Prekeys, HidesAddress = true } },
        new Content { ContactDecline = new ContactDecline() },
        new Content { Profile = new ProfileUpdate { Name = "Alice", HidesAddress = true } },
        new Content { CannotOpen = new CannotOpen { EnvelopeIds = { Id, Id } } },
        new Content { Address = new ContactAddress { ReplyTo = World.Mailbox, Prekeys = World.Prekeys } },
        new Content { Presence = new Presence { AnswerWanted = true, WantsDirect = true, RunId = Short } },
        new Content { Typing = new Typing { Active = true } },
        new Content { Signal = new Signal { AttemptId = Short, OfferSdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\n" } },
        new Content { Signal = new Signal { AttemptId = Short, AnswerSdp = "v=0\r\n" } },
        new Content { Signal = new Signal { AttemptId = Short, Candidate = new Candidate { Candidate_ = "candidate:1 1 udp 1 192.0.2.1 9 typ host", SdpMid = "0" } } },
        new Content { Signal = new Signal { AttemptId = Short, EndOfCandidates = true } },
        new Content { Signal = new Signal { AttemptId = Short, HangUp = true } },
        new Content { PathReport = new PathReport { AttemptId = Short, Network = Network.Internet, RoundTripMs = 7 } },
        new Content { PathProbe = new PathProbe { Number = 3, IsAnswer = true } },
        new Content
        {
            File = new FileOffer
            {
                MessageId = Id, TransferId = Id, Clock = 4, Caption = "ecco", ItemCount = 1, TotalSize = 5,
                Items = { new FileItem { Name = "a.txt", MediaType = "text/plain", Blob = new FileBlob { Root = Key, Size = 5 }, Preview = new FilePreview { Width = 3 } } },
            },
        },
        new Content { File = new FileOffer { MessageId = Id, TransferId = Id, ItemCount = 2_000, TotalSize = 5, Manifest = new FileBlob { Root = Key, Size = 99 } } },
        new Content { FileUpdate = new FileUpdate { TransferId = Id, End = new FileEnd { Outcome = FileOutcome.Arrived, Shares = { new FileRouteShare { Route = Route.Direct, Bytes = 5 } } } } },
        new Content
        {
            FileUpdate = new FileUpdate
            {
                TransferId = Id, DropOff = new DropOff { Server = "https://example.org", BlobId = Id, ReadToken = Key, Key = Key, KeepDays = 14, Spans = { new ChunkSpan { Count = 3 } } },
            },
        },
        new Content { Call = Call(CallPhase.Ring) },
        new Content { Call = Call(CallPhase.Joined) },
        new Content { Call = Call(CallPhase.Ended) },
        new Content { CallNote = new CallNote { CallId = Id, State = Call(CallPhase.Ended).State } },
        new Content { CallForward = Forward(CallPhase.Ring) }).Append(World.Plaintext);

    public static IEnumerable<byte[]> CallForwards() => Bytes(Forward(CallPhase.Ring), Forward(CallPhase.Joined), Forward(CallPhase.Ended));

    public static IEnumerable<byte[]> Descriptions() => Texts(
        Sdp, Sdp.Replace("\r\n", "\n", StringComparison.Ordinal),
        Sdp + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=candidate:2 1 udp 1 198.51.100.7 9 typ relay raddr 10.0.0.1 rport 4\r\n");

    private const string Sdp =
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 "
        + "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n";

    private static CallSignal Call(CallPhase phase)
    {
        var signal = new CallSignal { CallId = Id, Revision = 3, Seen = 1, AnswerWanted = true, State = new CallState { Phase = phase, Caller = true, Clock = 9, Way = CallWay.Automatic } };
        if (phase == CallPhase.Joined)
        {
            signal.State.Media = new CallMedia { Microphone = true };
            signal.State.Leg = new CallLeg { Epoch = 7, Id = 8, Own = true };
            signal.State.Facts = new CallFacts { Connected = true, Network = Network.Internet, RoundTripMs = 5 };
            signal.Steps.Add(new CallStep { Number = 1, Signal = new Signal { OfferSdp = Sdp } });
            signal.Steps.Add(new CallStep { Number = 2, Signal = new Signal { Candidate = new Candidate { Candidate_ = "candidate:1 1 udp 1 192.0.2.1 9 typ host", SdpMid = "0" } } });
        }

        if (phase == CallPhase.Ended)
            signal.State.End = new CallEnd { Ending = CallEnding.Answered, TalkedMs = 5, Way = new RouteRecord { Route = Route.Direct }, Shares = { new CallShare { Route = Route.Direct, TalkedMs = 5 } } };
        return signal;
    }

    // Bob says it to Alice, through whoever called both.
    private static CallForward Forward(CallPhase phase)
    {
        var signal = Call(phase);
        (signal.State.Fellow, signal.State.Group, signal.State.Way) = (true, Id, CallWay.ServerOnly);
        return Dapari.Crypto.CallForwards.Sign(World.Bob, new CallForwardStatement
        {
            Group = Id, From = World.Bob.Identity.ToByteString(), To = World.Alice.Identity.ToByteString(), Signal = signal,
        });
    }

    public static IEnumerable<byte[]> InviteBlobs() => Bytes(World.Blob);

    public static IEnumerable<byte[]> SealedInviteBlobs() => [World.Invite.SealBlob(World.Blob)];

    public static IEnumerable<byte[]> InviteLinks() => Texts(
        "https://example.org/i#AAECAwQFBgcICQoLDA0ODw", " https://EXAMPLE.org:8443/i/?x=1#AAECAwQFBgcICQoLDA0ODw ", "http://localhost:5000/i#AAECAwQFBgcICQoLDA0ODw",
        "https://[2001:db8::1]:444/i#AAECAwQFBgcICQoLDA0ODw", "http://192.168.1.7/i#AAECAwQFBgcICQoLDA0ODw");

    public static IEnumerable<byte[]> ShareLinks() => Texts(
        "https://example.org/s#AAECAwQFBgcICQoLDA0ODw", " https://EXAMPLE.org:8443/s/?x=1#AAECAwQFBgcICQoLDA0ODw ", "http://localhost:5000/s#AAECAwQFBgcICQoLDA0ODw",
        "https://[2001:db8::1]:444/s#AAECAwQFBgcICQoLDA0ODw", "https://example.org/s#AAECAwQFBgcICQoLDA0ODx");

    public static IEnumerable<byte[]> Origins() => Texts(
        "https://example.org", "https://a.b.xn--bcher-kva.example:8443/", "http://127.0.0.1:5000", "https://[2001:db8::1]:444", "http://[::ffff:10.0.0.1]", "http://box.local");

    public static IEnumerable<byte[]> Names() => Texts(
        "Alice", "  Zoë \t d’Àncona  ", "\u202Eecilasn\u202C", "a\u200Bb\u2060c\uFEFF", "\u3164\u115F", "👩‍👩‍👧‍👦 family", new string('é', 70), string.Concat(Enumerable.Repeat("👋", 40)), "\0\r\n");

    public static IEnumerable<byte[]> Certificates() => Bytes(World.Alice.Certificate, World.Bob.Certificate);

    public static IEnumerable<byte[]> PrekeyBundles()
    {
        var last = World.Bundle.Clone();
        last.OneTimePrekey = null;
        last.KemPrekey = World.Upload.LastResort;
        return Bytes(World.Bundle, last);
    }

    public static IEnumerable<byte[]> Handshakes() => Bytes(World.Handshake);

    public static IEnumerable<byte[]> SafetyCodes() => [World.SafetyCode, SafetyNumber.Code(World.Alice.Identity, World.Bob.Identity)];

    public static IEnumerable<byte[]> SessionStates() => Bytes(World.ResponderState);

    public static IEnumerable<byte[]> PrekeyStates() => Bytes(World.VaultState);

    private static IEnumerable<byte[]> Bytes(params IMessage[] messages) => messages.Select(message => message.ToByteArray());

    private static IEnumerable<byte[]> Texts(params string[] texts) => texts.Select(Encoding.UTF8.GetBytes);
}
