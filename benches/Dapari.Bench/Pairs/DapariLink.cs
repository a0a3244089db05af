using System.Buffers.Binary;
using System.Net;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Bench.Pairs;

/// <summary>A peer of ours: the receiver owns a mailbox and acknowledges what each read brought; the sender posts to it and takes the answers.</summary>
/// <param name="before">An earlier connection, whose mailbox this one is to open; null: it makes one of its own.</param>
internal sealed class DapariLink(DapariLink? before = null) : WebSocketLink, IOfflineLink
{
    private readonly byte[] _seed = before?._seed ?? RandomSource.System.Bytes(32);
    private readonly byte[] _key = new byte[32];
    private readonly MailboxId _mailbox = before?._mailbox ?? MailboxId.Random(RandomSource.System);
    private readonly List<ulong> _delivered = [];
    private readonly Acknowledge _acknowledge = new();
    private string _host = "";
    private byte[] _challenge = [];
    private ulong _request;
    private byte[] _post = [];
    private int _idAt, _stampAt;

    /// <summary>Posts, or openings and acknowledgements, that were answered.</summary>
    public long Answered { get; private set; }

    /// <summary>Openings and acknowledgements that were sent.</summary>
    public long Asked { get; private set; }

    public override async Task ConnectAsync(IPEndPoint server, int pair, bool isSender)
    {
        _host = server.ToString();
        Ed25519.GeneratePublicKey(_seed, 0, _key, 0);
        await Socket.ConnectAsync(server);
        await UpgradeAsync(server, "/ws");
        _challenge = (await AskAsync(new ClientFrame { Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = "bench" } })).Welcome.Challenge.ToByteArray();
        _acknowledge.MailboxId = _mailbox.ToByteString();
        if (isSender || before is not null)
            return;
        var key = ByteString.CopyFrom(_key);
        await AskAsync(new ClientFrame
        {
            CreateMailbox = new CreateMailbox
            {
                MailboxId = _mailbox.ToByteString(), OwnerKey = key, SenderKey = key, Signature = Sign(ProofMessage.MailboxOwner(_host, _challenge, _mailbox)),
            },
        });
    }

    public async Task BeginAsync()
    {
        var frame = new ClientFrame
        {
            Request = ++_request,
            OpenMailbox = new OpenMailbox { MailboxId = _mailbox.ToByteString(), Signature = Sign(ProofMessage.MailboxOwner(_host, _challenge, _mailbox)) },
        };
        frame.WriteTo(QueueFrame(frame.CalculateSize()));
        Asked++;
        await FlushAsync();
    }

    public override async Task PairAsync(PairLink receiver)
    {
        var to = (DapariLink)receiver;
        await AskAsync(new ClientFrame
        {
            OpenSender = new OpenSender { MailboxId = to._mailbox.ToByteString(), Signature = to.Sign(ProofMessage.MailboxSender(_host, _challenge, to._mailbox)) },
        });
        // One post as it goes over the wire; of the next ones only id, number and time differ.
        var id = RandomSource.System.Bytes(16);
        var content = RandomSource.System.Bytes(Payload);
        _post = new ClientFrame
        {
            Request = ulong.MaxValue >> 1,
            Post = new Post { MailboxId = to._mailbox.ToByteString(), EnvelopeId = ByteString.CopyFrom(id), Envelope = ByteString.CopyFrom(content) },
        }.ToByteArray();
        _idAt = _post.AsSpan().IndexOf(id);
        _stampAt = _post.AsSpan().IndexOf(content);
    }

    public override void Write(long stamp)
    {
        var frame = QueueFrame(_post.Length);
        _post.CopyTo(frame);
        BinaryPrimitives.WriteInt64LittleEndian(frame[_idAt..], (long)++_request);
        BinaryPrimitives.WriteInt64LittleEndian(frame[_stampAt..], stamp);
    }

    protected override void Content(ReadOnlySpan<byte> content, List<long> stamps)
    {
        // A Deliver begins with field 7, or with the request's number, which is left out when it is 0.
        if (content[0] != 0x3a)
        {
            Answered++;
            return;
        }

        var frame = ServerFrame.Parser.ParseFrom(content);
        stamps.Add(BinaryPrimitives.ReadInt64LittleEndian(frame.Deliver.Envelope.Span));
        _delivered.Add(frame.Deliver.Sequence);
    }

    protected override void Taken()
    {
        if (_delivered.Count == 0)
            return;
        _acknowledge.Sequences.Clear();
        _acknowledge.Sequences.AddRange(_delivered);
        _delivered.Clear();
        var frame = new ClientFrame { Request = ++_request, Acknowledge = _acknowledge };
        frame.WriteTo(QueueFrame(frame.CalculateSize()));
        Asked++;
    }

    private async Task<ServerFrame> AskAsync(ClientFrame frame)
    {
        frame.Request = ++_request;
        var answer = ServerFrame.Parser.ParseFrom(await AskFrameAsync(frame.ToByteArray()));
        return answer.KindCase != ServerFrame.KindOneofCase.Refused ? answer : throw new InvalidOperationException($"refused: {answer}");
    }

    private ByteString Sign(byte[] message)
    {
        var signature = new byte[64];
        Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
        return ByteString.CopyFrom(signature);
    }
}
