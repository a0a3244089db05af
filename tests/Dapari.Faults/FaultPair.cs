using System.Buffers.Binary;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Dapari.Faults;

/// <summary>A mailbox, one who posts to it and its owner, and what each of them knows. Messages are numbered from 0 and made of their number: what comes can be checked.</summary>
internal sealed class FaultPair
{
    private readonly Lock _gate = new();
    private readonly List<(Answer Answer, int Sendings)> _posts = [];
    private readonly int _index;
    private readonly byte[] _seed = RandomSource.System.Bytes(32);
    private readonly byte[] _key = new byte[32];
    private long _answered;

    public FaultPair(int index)
    {
        _index = index;
        Ed25519.GeneratePublicKey(_seed, 0, _key, 0);
    }

    public MailboxId Mailbox { get; } = MailboxId.Random(RandomSource.System);

    /// <summary>Messages that the owner's store has, by number, and the sequence that each came under.</summary>
    public Dictionary<int, ulong> Kept { get; } = [];

    /// <summary>Messages that came before their sender was answered: a machine between the two may have given them to the mailbox's machine again when that died.</summary>
    public HashSet<int> CameEarly { get; } = [];

    /// <summary>Sequences whose acknowledgement was answered: they never come again.</summary>
    public HashSet<ulong> Acknowledged { get; } = [];

    /// <summary>The highest number in the owner's store; -1: none.</summary>
    public int HighestKept { get; set; } = -1;

    /// <summary>Posts of its sender that were answered so far.</summary>
    public long AnsweredPosts => Interlocked.Read(ref _answered);

    public void CountAnswered() => Interlocked.Increment(ref _answered);

    /// <summary>The number of a new message.</summary>
    public int Next()
    {
        lock (_gate)
        {
            _posts.Add((Answer.None, 0));
            return _posts.Count - 1;
        }
    }

    /// <summary>It is sent now, for the first time or again.</summary>
    public void Sends(int number)
    {
        lock (_gate)
            _posts[number] = (_posts[number].Answer, _posts[number].Sendings + 1);
    }

    public void Answers(int number, Answer answer)
    {
        lock (_gate)
            _posts[number] = (answer, _posts[number].Sendings);
    }

    public bool IsAnswered(int number)
    {
        lock (_gate)
            return _posts[number].Answer != Answer.None;
    }

    /// <summary>Whether it was sent more than once; of what was never posted: false.</summary>
    public bool IsRepeated(int number)
    {
        lock (_gate)
            return number < _posts.Count && _posts[number].Sendings > 1;
    }

    /// <summary>Answered as posted, and not in the owner's store.</summary>
    public int CountLost()
    {
        lock (_gate)
            return _posts.Where((p, i) => p.Answer == Answer.Posted && !Kept.ContainsKey(i)).Count();
    }

    public async Task CreateAsync(FaultLink link, CancellationToken cancellation)
    {
        var key = ByteString.CopyFrom(_key);
        Expect(ServerFrame.KindOneofCase.Done, await link.AskAsync(
            new ClientFrame
            {
                CreateMailbox = new CreateMailbox
                {
                    MailboxId = Mailbox.ToByteString(), OwnerKey = key, SenderKey = key, Signature = Sign(ProofMessage.MailboxOwner(link.Host, link.Challenge, Mailbox)),
                },
            },
            cancellation));
    }

    public async Task OpenSenderAsync(FaultLink link, CancellationToken cancellation) => Expect(ServerFrame.KindOneofCase.Done, await link.AskAsync(
        new ClientFrame { OpenSender = new OpenSender { MailboxId = Mailbox.ToByteString(), Signature = Sign(ProofMessage.MailboxSender(link.Host, link.Challenge, Mailbox)) } }, cancellation));

    public async Task OpenMailboxAsync(FaultLink link, CancellationToken cancellation) => Expect(ServerFrame.KindOneofCase.MailboxOpened, await link.AskAsync(
        new ClientFrame { OpenMailbox = new OpenMailbox { MailboxId = Mailbox.ToByteString(), Signature = Sign(ProofMessage.MailboxOwner(link.Host, link.Challenge, Mailbox)) } }, cancellation));

    /// <summary>The frame that posts a message; the same however often it is sent.</summary>
    public ClientFrame Post(int number) => new()
    {
        Post = new Post { MailboxId = Mailbox.ToByteString(), EnvelopeId = ByteString.CopyFrom(Id(number)), Envelope = ByteString.CopyFrom(Envelope(number)) },
    };

    /// <summary>The number of what was delivered; -1: it is nothing that was posted here.</summary>
    public int Read(Deliver delivery)
    {
        var bytes = delivery.Envelope.Span;
        if (bytes.Length < 8 || BinaryPrimitives.ReadInt32LittleEndian(bytes) != _index)
            return -1;
        var number = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        return number >= 0 && bytes.SequenceEqual(Envelope(number)) ? number : -1;
    }

    private byte[] Id(int number)
    {
        var id = new byte[16];
        Mailbox.ToArray().AsSpan(0, 8).CopyTo(id);
        BinaryPrimitives.WriteInt32LittleEndian(id.AsSpan(8), _index);
        BinaryPrimitives.WriteInt32LittleEndian(id.AsSpan(12), number);
        return id;
    }

    private byte[] Envelope(int number)
    {
        var bytes = new byte[64 + number % 97 * 9];
        for (var i = 8; i < bytes.Length; i++)
            bytes[i] = (byte)((number + i * 7) & 0xFF);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, _index);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), number);
        return bytes;
    }

    private ByteString Sign(byte[] message)
    {
        var signature = new byte[64];
        Ed25519.Sign(_seed, 0, message, 0, message.Length, signature, 0);
        return ByteString.CopyFrom(signature);
    }

    private static void Expect(ServerFrame.KindOneofCase kind, ServerFrame answer)
    {
        if (answer.KindCase != kind)
            throw new LinkLostException($"refused: {answer}");
    }
}

/// <summary>What the server said of a message.</summary>
internal enum Answer
{
    /// <summary>Nothing yet: it is sent again on the next connection.</summary>
    None,

    /// <summary>It will not be lost any more.</summary>
    Posted,

    /// <summary>It is not stored. It is not sent again: its sender was told.</summary>
    Refused,
}
