using CsCheck;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class FrameCodecTests
{
    private static readonly ByteString Id = Bytes(16);
    private static readonly ByteString Key = Bytes(32);
    private static readonly ByteString Signature = Bytes(64);

    public static TheoryData<string> ClientKinds => [.. ClientFrame.Descriptor.Oneofs[0].Fields.Select(kind => kind.Name)];

    public static TheoryData<string> ServerKinds => [.. ServerFrame.Descriptor.Oneofs[0].Fields.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(ClientKinds))]
    public void Each_client_frame_reads_back(string kind)
    {
        var frame = Client(kind);
        Assert.True(FrameCodec.TryRead(FrameCodec.Write(frame), out ClientFrame? read, out var fault), kind + " " + fault);
        Assert.Equal(frame, read);
        Assert.NotEqual(ClientFrame.KindOneofCase.None, read.KindCase);
    }

    [Theory]
    [MemberData(nameof(ServerKinds))]
    public void Each_server_frame_reads_back(string kind)
    {
        var frame = Server(kind);
        Assert.True(FrameCodec.TryRead(FrameCodec.Write(frame), out ServerFrame? read, out var fault), kind + " " + fault);
        Assert.Equal(frame, read);
        Assert.NotEqual(ServerFrame.KindOneofCase.None, read.KindCase);
    }

    /// <summary>Each bytes field that has a fixed length is refused with one byte less and one more.</summary>
    [Theory]
    [MemberData(nameof(ClientKinds))]
    public void Each_fixed_length_is_held(string kind)
    {
        var frame = Client(kind);
        var message = (IMessage)ClientFrame.Descriptor.FindFieldByName(kind).Accessor.GetValue(frame);
        foreach (var field in message.Descriptor.Fields.InDeclarationOrder())
        {
            if (field.FieldType != Google.Protobuf.Reflection.FieldType.Bytes || field.Name is "envelope" or "blob")
                continue;
            var right = (ByteString)field.Accessor.GetValue(message);
            foreach (var length in new[] { right.Length - 1, right.Length + 1, 0 })
            {
                field.Accessor.SetValue(message, Bytes(length));
                Assert.False(FrameCodec.TryRead(frame.ToByteArray(), out ClientFrame? _, out var fault), field.FullName);
                Assert.Equal(FrameFault.FieldLength, fault);
            }

            field.Accessor.SetValue(message, right);
        }
    }

    [Fact]
    public void Caps_hold_at_the_limit_and_one_beyond()
    {
        Holds(n => new ClientFrame { Request = 1, Post = new Post { MailboxId = Id, EnvelopeId = Id, Envelope = Bytes(n) } }, WireLimits.EnvelopeBytes, FrameFault.FieldLength);
        Holds(n => new ClientFrame { Request = 1, Live = new Live { MailboxId = Id, Envelope = Bytes(n) } }, WireLimits.EnvelopeBytes, FrameFault.FieldLength);
        Holds(
            n => new ClientFrame { Request = 1, PutInvite = new PutInvite { BlobId = Id, OwnerKey = Key, Signature = Signature, Blob = Bytes(n) } },
            WireLimits.InviteBlobBytes, FrameFault.FieldLength);
        Holds(
            n => new ClientFrame { Request = 1, Hello = new Hello { LowestVersion = 1, HighestVersion = 1, Agent = new string('a', n) } },
            WireLimits.AgentBytes, FrameFault.FieldLength);
        Holds(
            n => new ClientFrame { Request = 1, Acknowledge = new Acknowledge { MailboxId = Id, Sequences = { Enumerable.Repeat(ulong.MaxValue, n) } } },
            WireLimits.AcknowledgementsPerFrame, FrameFault.TooMany);
        Holds(n => Put(n, 1), WireLimits.PrekeysPerUpload, FrameFault.TooMany);
        Holds(n => Put(1, n), WireLimits.PrekeysPerUpload, FrameFault.TooMany);
        HoldsOnClient(n => Welcome(n, 1, 1), WireLimits.IceServers, FrameFault.TooMany);
        HoldsOnClient(n => Welcome(1, n, 1), WireLimits.UrlsPerIceServer, FrameFault.TooMany);
        HoldsOnClient(n => Welcome(1, 1, n), WireLimits.IceServerTextBytes, FrameFault.FieldLength);
        HoldsOnClient(n => Access(n, 1, 1), WireLimits.UrlsPerIceServer, FrameFault.TooMany);
        HoldsOnClient(n => Access(1, n, 1), WireLimits.IceServerTextBytes, FrameFault.FieldLength);
        HoldsOnClient(n => Access(1, 1, n), (int)WireLimits.RelayLifetimeSeconds, FrameFault.FieldLength);
        HoldsOnClient(n => new ServerFrame { Deliver = new Deliver { MailboxId = Id, Sequence = 1, Envelope = Bytes(n) } }, WireLimits.EnvelopeBytes, FrameFault.FieldLength);
        HoldsOnClient(n => new ServerFrame { Invite = new Invite { Blob = Bytes(n) } }, WireLimits.InviteBlobBytes, FrameFault.FieldLength);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, 1, 0)]
    public void Access_to_a_relay_that_is_of_no_use_is_malformed(int urls, int letters, int seconds)
    {
        Assert.False(FrameCodec.TryRead(Access(urls, letters, seconds).ToByteArray(), out ServerFrame? _, out var fault));
        Assert.Equal(FrameFault.FieldLength, fault);
    }

    [Fact]
    public void A_frame_at_the_cap_is_read_and_one_byte_more_is_not()
    {
        var frame = new ClientFrame { Request = 1, Ping = new Ping() };
        byte[] At(int length)
        {
            // An unknown field of bytes fills it up: tag 100 takes two bytes, its length three.
            var head = frame.ToByteArray();
            using var stream = new MemoryStream();
            stream.Write(head);
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteTag(100, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(Bytes(length - head.Length - 5));
            }

            Assert.Equal(length, stream.Length);
            return stream.ToArray();
        }

        Assert.True(FrameCodec.TryRead(At(WireLimits.FrameBytes), out ClientFrame? _, out _));
        Assert.False(FrameCodec.TryRead(At(WireLimits.FrameBytes + 1), out ClientFrame? _, out var fault));
        Assert.Equal(FrameFault.TooLarge, fault);
    }

    [Fact]
    public void Writing_more_than_the_cap_is_a_bug() =>
        Assert.Throws<ArgumentException>(() => FrameCodec.Write(new ServerFrame { Invite = new Invite { Blob = Bytes(WireLimits.FrameBytes) } }));

    [Fact]
    public void Kinds_and_fields_of_the_next_version_are_kept() =>
        Gen.Select(Gen.Int[30, 4000], Gen.Byte.Array[0, 100]).Sample((number, bytes) =>
        {
            using var stream = new MemoryStream();
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteTag(1, WireFormat.WireType.Varint);
                output.WriteUInt64(7);
                output.WriteTag(number, WireFormat.WireType.LengthDelimited);
                output.WriteBytes(ByteString.CopyFrom(bytes));
            }

            var source = stream.ToArray();
            Assert.True(FrameCodec.TryRead(source, out ClientFrame? client, out _));
            Assert.Equal(ClientFrame.KindOneofCase.None, client.KindCase);
            Assert.Equal(source, FrameCodec.Write(client));
            Assert.True(FrameCodec.TryRead(source, out ServerFrame? server, out _));
            Assert.Equal(ServerFrame.KindOneofCase.None, server.KindCase);
            Assert.Equal(source, FrameCodec.Write(server));
        });

    [Fact]
    public void No_bytes_throw() => Gen.Byte.Array[0, 300].Sample(bytes =>
    {
        FrameCodec.TryRead(bytes, out ClientFrame? _, out _);
        FrameCodec.TryRead(bytes, out ServerFrame? _, out _);
    });

    internal static ClientFrame Client(string kind)
    {
        var frame = new ClientFrame { Request = 3 };
        var field = ClientFrame.Descriptor.FindFieldByName(kind);
        field.Accessor.SetValue(frame, kind switch
        {
            "hello" => new Hello { LowestVersion = 1, HighestVersion = 2, Agent = "test" },
            "create_mailbox" => new CreateMailbox { MailboxId = Id, OwnerKey = Key, SenderKey = Key, Signature = Signature },
            "open_mailbox" => new OpenMailbox { MailboxId = Id, Signature = Signature },
            "open_sender" => new OpenSender { MailboxId = Id, Signature = Signature },
            "post" => new Post { MailboxId = Id, EnvelopeId = Id, Envelope = Bytes(200) },
            "live" => new Live { MailboxId = Id, Envelope = Bytes(200) },
            "acknowledge" => new Acknowledge { MailboxId = Id, Sequences = { 1, 2, ulong.MaxValue } },
            "delete_mailbox" => new DeleteMailbox { MailboxId = Id },
            "get_usage" => new GetUsage { MailboxId = Id },
            "put_invite" => new PutInvite { BlobId = Id, Blob = Bytes(300), OwnerKey = Key, Signature = Signature, ExpiresInMs = 5 },
            "get_invite" => new GetInvite { BlobId = Id },
            "delete_invite" => new DeleteInvite { BlobId = Id, Signature = Signature },
            "put_prekeys" => Put(2, 2).PutPrekeys,
            "take_prekeys" => new TakePrekeys { StoreId = Id },
            "ping" => new Ping(),
            "close_mailbox" => new CloseMailbox { MailboxId = Id },
            "take_relay_access" => new TakeRelayAccess(),
            "begin_blob" => new BeginBlob { MailboxId = Id, BlobId = Id, Size = 1UL << 50, ReadTokenHash = Key, OwnerTokenHash = Key, Days = 14 },
            "set_wake" => new SetWake { MailboxId = Id, Subscription = new WakeSubscription { Endpoint = "https://push.example/1", Key = Bytes(65), Secret = Bytes(16) } },
            "get_blob_usage" => new GetBlobUsage { MailboxId = Id },
            _ => throw new ArgumentException("No example of " + kind),
        });
        return frame;
    }

    internal static ServerFrame Server(string kind)
    {
        var frame = new ServerFrame { Request = 3 };
        ServerFrame.Descriptor.FindFieldByName(kind).Accessor.SetValue(frame, kind switch
        {
            "welcome" => Welcome(2, 2, 20).Welcome,
            "refused" => new Refused { Refusal = Refusal.Rate, RetryAfterMs = 9 },
            "done" => new Done(),
            "posted" => new Posted { RecipientConnected = true },
            "live_result" => new LiveResult { RecipientConnected = true },
            "deliver" => new Deliver { MailboxId = Id, Sequence = 4, Envelope = Bytes(100), LayMs = 3 },
            "live_deliver" => new LiveDeliver { MailboxId = Id, Envelope = Bytes(100) },
            "usage" => new Usage { StoredBytes = 1, QuotaBytes = 2 },
            "invite" => new Invite { Blob = Bytes(100) },
            "prekeys" => new Prekeys { Bundle = new PrekeyBundle { Device = Certificate, SignedPrekey = Signed, KemPrekey = Kem(false), OneTimePrekey = OneTime } },
            "pong" => new Pong(),
            "blob_begun" => new BlobBegun { UploadToken = Key, ExpiresInMs = 5, Received = 6, Usage = new BlobUsage { QuotaBytes = 7 } },
            "blob_usage" => new BlobUsage { UsedBytes = 1, QuotaBytes = 2, UsedBlobs = 3, QuotaBlobs = 4, Days = 5, RoomBytes = 6 },
            "mailbox_opened" => new MailboxOpened { WaitingEnvelopes = 1, HighestAcknowledged = 2 },
            "mailbox_taken" => new MailboxTaken { MailboxId = Id },
            "going_away" => new GoingAway { ComeBackAfterMs = 5 },
            "prekey_count" => new PrekeyCount { StoreId = Id, OneTime = 1 },
            "relay_access" => Access(3, 40, 3600).RelayAccess,
            _ => throw new ArgumentException("No example of " + kind),
        });
        return frame;
    }

    private static DeviceCertificate Certificate => new() { Statement = Bytes(140), Signature = Signature };

    private static SignedPrekey Signed => new() { Id = 1, PublicKey = Key, Signature = Signature };

    private static OneTimePrekey OneTime => new() { Id = 2, PublicKey = Key };

    private static KemPrekey Kem(bool lastResort) => new() { Id = 3, PublicKey = Bytes(Shape.KemKey), Signature = Signature, LastResort = lastResort };

    private static ClientFrame Put(int oneTime, int kem) => new()
    {
        Request = 1,
        PutPrekeys = new PutPrekeys
        {
            StoreId = Id,
            OwnerKey = Key,
            Signature = Signature,
            Device = Certificate,
            SignedPrekey = Signed,
            LastResort = Kem(true),
            OneTime = { Enumerable.Repeat(OneTime, oneTime) },
            OneTimeKem = { Enumerable.Repeat(Kem(false), kem) },
        },
    };

    private static ServerFrame Welcome(int servers, int urls, int letters) => new()
    {
        Welcome = new Welcome
        {
            Version = 1,
            Challenge = Key,
            Limits = new Limits { EnvelopeBytes = 5 },
            IceServers = { Enumerable.Repeat(new IceServer { Urls = { Enumerable.Repeat(new string('u', letters), urls) }, Username = "u", Credential = "c" }, servers) },
        },
    };

    private static ServerFrame Access(int urls, int letters, int seconds) => new()
    {
        Request = 1,
        RelayAccess = new RelayAccess
        {
            Urls = { Enumerable.Repeat(new string('u', letters), urls) }, Username = new string('n', letters), Password = new string('p', letters),
            LifetimeSeconds = (uint)seconds,
        },
    };

    private static ByteString Bytes(int length) => ByteString.CopyFrom(Enumerable.Range(0, length).Select(i => (byte)(i % 251)).ToArray());

    private static void Holds(Func<int, ClientFrame> make, int cap, FrameFault beyond)
    {
        Assert.True(FrameCodec.TryRead(make(cap).ToByteArray(), out ClientFrame? _, out var fault), fault.ToString());
        Assert.False(FrameCodec.TryRead(make(cap + 1).ToByteArray(), out ClientFrame? _, out fault));
        Assert.Equal(beyond, fault);
    }

    private static void HoldsOnClient(Func<int, ServerFrame> make, int cap, FrameFault beyond)
    {
        Assert.True(FrameCodec.TryRead(make(cap).ToByteArray(), out ServerFrame? _, out var fault), fault.ToString());
        Assert.False(FrameCodec.TryRead(make(cap + 1).ToByteArray(), out ServerFrame? _, out fault));
        Assert.Equal(beyond, fault);
    }
}
