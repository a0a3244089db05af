using CsCheck;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class ContentCodecTests
{
    private static readonly ByteString Id = ByteString.CopyFrom(new byte[16]);
    private static readonly ByteString Short = ByteString.CopyFrom(new byte[8]);
    private static readonly ByteString Key = ByteString.CopyFrom(new byte[32]);

    public static TheoryData<string> Kinds => [.. Content.Descriptor.Oneofs[0].Fields.Select(kind => kind.Name)];

    private static MailboxAddress Mailbox => new() { Server = "https://example.org", MailboxId = Id, SenderSeed = Key, WrapKey = Key };

    private static PrekeyAddress Prekeys => new() { Server = "https://example.org", StoreId = Id };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_kind_reads_back(string kind)
    {
        var content = Example(kind);
        Assert.True(ContentCodec.TryRead(ContentCodec.Write(content), out var read, out var fault), kind + " " + fault);
        Assert.Equal(content, read);
        Assert.NotEqual(Content.KindOneofCase.None, read.KindCase);
    }

    [Fact]
    public void Caps_hold_at_the_limit_and_one_beyond()
    {
        Holds(n => new Content { Chat = new ChatMessage { MessageId = Id, Text = new string('x', n) } }, WireLimits.TextBytes, ContentFault.TextTooLong);
        Holds(n => Request(content => content.Name = new string('x', n)), WireLimits.NameBytes, ContentFault.TextTooLong);
        Holds(n => new Content { Profile = new ProfileUpdate { Name = new string('x', n) } }, WireLimits.NameBytes, ContentFault.TextTooLong);
        Holds(
            n => new Content { Receipts = new Receipts { Delivered = { Enumerable.Repeat(new Delivered { MessageId = Id }, n) } } },
            WireLimits.ReceiptsPerEnvelope, ContentFault.TooMany);
        Holds(n => new Content { CannotOpen = new CannotOpen { EnvelopeIds = { Enumerable.Repeat(Id, n) } } }, WireLimits.CannotOpenPerEnvelope, ContentFault.TooMany);
        Holds(n => Signal(signal => signal.OfferSdp = new string('x', n)), WireLimits.SdpBytes, ContentFault.TextTooLong);
        Holds(n => Signal(signal => signal.AnswerSdp = new string('x', n)), WireLimits.SdpBytes, ContentFault.TextTooLong);
        Holds(n => Signal(signal => signal.Candidate = new Candidate { Candidate_ = new string('x', n) }), WireLimits.CandidateBytes, ContentFault.TextTooLong);
        Holds(n => Signal(signal => signal.Candidate = new Candidate { SdpMid = new string('x', n) }), WireLimits.SdpMidBytes, ContentFault.TextTooLong);
        Holds(
            n => Signal(signal => signal.Candidate = new Candidate { UsernameFragment = new string('x', n) }),
            WireLimits.UsernameFragmentBytes, ContentFault.TextTooLong);
        Holds(n => Tcp(ways => ways.Addresses.Add(Enumerable.Repeat(new TcpAddress { Ip = ByteString.CopyFrom(new byte[4]), Port = 1 }, n))), WireLimits.TcpAddresses, ContentFault.TooMany);
    }

    [Fact]
    public void Where_tcp_is_taken_has_whole_ids_addresses_and_ports()
    {
        Assert.Equal(ContentFault.None, ContentCodec.Check(Tcp(ways => ways.Addresses.Add(new TcpAddress { Ip = ByteString.CopyFrom(new byte[16]), Port = 65_535 }))));
        Action<TcpWays>[] wrong =
        [
            ways => ways.Token = ByteString.CopyFrom(new byte[15]),
            ways => ways.Fingerprint = ByteString.CopyFrom(new byte[31]),
            ways => ways.Addresses.Add(new TcpAddress { Ip = ByteString.CopyFrom(new byte[5]), Port = 1 }),
            ways => ways.Addresses.Add(new TcpAddress { Ip = ByteString.CopyFrom(new byte[4]) }),
            ways => ways.Addresses.Add(new TcpAddress { Ip = ByteString.CopyFrom(new byte[4]), Port = 65_536 }),
        ];
        Assert.All(wrong, change => Assert.Equal(ContentFault.FieldLength, ContentCodec.Check(Tcp(change))));
    }

    [Fact]
    public void Text_is_counted_in_bytes_of_utf8()
    {
        var fits = new string('€', WireLimits.TextBytes / 3);
        Assert.Equal(ContentFault.None, ContentCodec.Check(new Content { Chat = new ChatMessage { MessageId = Id, Text = fits } }));
        Assert.Equal(ContentFault.TextTooLong, ContentCodec.Check(new Content { Chat = new ChatMessage { MessageId = Id, Text = fits + "€" } }));
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        var short15 = ByteString.CopyFrom(new byte[15]);
        Content[] contents =
        [
            new() { Chat = new ChatMessage { MessageId = short15 } },
            new() { Receipts = new Receipts { Delivered = { new Delivered() } } },
            new() { CannotOpen = new CannotOpen { EnvelopeIds = { Id, short15 } } },
            new() { Presence = new Presence { RunId = Id } },
            new() { Signal = new Signal { OfferSdp = "x" } },
            new() { PathReport = new PathReport() },
            new() { ContactAccept = new ContactAccept { Name = "x" } },
            new() { Address = new ContactAddress { ReplyTo = Mailbox } },
            Request(request => request.InviteProof = Id),
            Request(request => request.InviteId = Key),
            Request(request => request.ReplyTo.SenderSeed = Id),
            Request(request => request.ReplyTo.Server = "https://Example.org"),
            Request(request => request.Prekeys.Server = "http://example.org"),
        ];
        Assert.All(contents, content =>
        {
            Assert.False(ContentCodec.TryRead(content.ToByteArray(), out _, out var fault));
            Assert.Equal(ContentFault.FieldLength, fault);
        });
    }

    [Fact]
    public void More_than_the_cap_is_refused_unread()
    {
        Assert.False(ContentCodec.TryRead(new byte[WireLimits.ContentBytes + 1], out _, out var fault));
        Assert.Equal(ContentFault.TooLarge, fault);
        Assert.Throws<ArgumentException>(() => ContentCodec.Write(new Content { Padding = ByteString.CopyFrom(new byte[WireLimits.ContentBytes]) }));
    }

    [Fact]
    public void Text_that_is_no_utf8_is_refused()
    {
        byte[] bytes = [0x0A, 0x16, 0x0A, 0x10, .. new byte[16], 0x1A, 0x02, 0xC3, 0x28];
        Assert.False(ContentCodec.TryRead(bytes, out _, out var fault));
        Assert.Equal(ContentFault.Malformed, fault);
    }

    [Fact]
    public void Fields_and_kinds_of_the_next_version_are_kept() =>
        Gen.Select(Gen.Int[30, 90], Gen.Int[50, 500], Gen.Byte.Array[0, 60]).Sample((kind, field, bytes) =>
        {
            var future = Field(kind, bytes);
            Assert.True(ContentCodec.TryRead(future, out var content, out _));
            Assert.Equal(Content.KindOneofCase.None, content.KindCase);
            Assert.Equal(future, ContentCodec.Write(content));

            var chat = new ChatMessage { MessageId = Id, Text = "hi" }.ToByteArray();
            var grown = Field(1, [.. chat, .. Field(field, bytes)]);
            Assert.True(ContentCodec.TryRead(grown, out content, out _));
            Assert.Equal("hi", content.Chat.Text);
            Assert.Equal(grown, ContentCodec.Write(content));
        });

    [Fact]
    public void Numbers_of_enumerations_of_the_next_version_are_kept()
    {
        var content = new Content { Chat = new ChatMessage { MessageId = Id, IntendedRoute = (Route)77, IntendedReason = (Reason)99 } };
        Assert.True(ContentCodec.TryRead(ContentCodec.Write(content), out var read, out _));
        Assert.Equal((Route)77, read.Chat.IntendedRoute);
        Assert.Equal((Reason)99, read.Chat.IntendedReason);
    }

    [Fact]
    public void No_bytes_throw() => Gen.Byte.Array[0, 300].Sample(bytes => { ContentCodec.TryRead(bytes, out _, out _); });

    private static byte[] Field(int number, byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(bytes));
        }

        return stream.ToArray();
    }

    [Fact]
    public void Signals_of_calls_out_of_bounds_are_refused()
    {
        Holds(n => Steps(Enumerable.Repeat(new CallStep { Number = 1, Signal = new Signal() }, n)), WireLimits.CallStepsPerSignal, ContentFault.TooMany);
        Holds(n => Steps([new CallStep { Number = 1, Signal = new Signal { OfferSdp = new string('x', n) } }]), WireLimits.SdpBytes, ContentFault.TextTooLong);
        Holds(n => new Content { CallNote = new CallNote { CallId = Id, State = new CallState { Phase = CallPhase.Ended, End = new CallEnd { Shares = { Enumerable.Repeat(new CallShare(), n) } } } } },
            WireLimits.CallShares, ContentFault.TooMany);
        foreach (var change in new Action<CallSignal>[]
        {
            signal => signal.CallId = Short,
            signal => signal.Revision = 0,
            signal => signal.State = null,
            signal => signal.State.Phase = CallPhase.Unspecified,
            signal => signal.State.Leg.Id = 0,
            signal => signal.State.Leg.Epoch = 0,
            signal => signal.State.Group = Short,
            signal => signal.State.People.Add(new CallPerson { IdentityKey = Short }),
            signal => signal.State.People.Add(Enumerable.Repeat(new CallPerson { IdentityKey = Key }, WireLimits.CallPeople + 1)),
            signal => signal.Steps[0].Number = 0,
            signal => signal.Steps[0].Signal = null,
            signal => signal.Steps[0].Signal.AttemptId = Short,
        })
        {
            var signal = Call();
            change(signal);
            Assert.Equal(ContentFault.FieldLength, ContentCodec.Check(new Content { Call = signal }));
        }

        var ring = new CallNote { CallId = Id, State = new CallState { Phase = CallPhase.Ring } };
        Assert.Equal(ContentFault.FieldLength, ContentCodec.Check(new Content { CallNote = ring }));

        static Content Steps(IEnumerable<CallStep> steps)
        {
            var signal = Call();
            signal.Steps.Clear();
            signal.Steps.Add(steps);
            return new Content { Call = signal };
        }
    }

    private static CallSignal Call() => new()
    {
        CallId = Id, Revision = 2, Seen = 1, AnswerWanted = true,
        State = new CallState { Phase = CallPhase.Joined, Leg = new CallLeg { Epoch = 1, Id = 5, Own = true }, Media = new CallMedia { Microphone = true } },
        Steps = { new CallStep { Number = 1, Signal = new Signal { OfferSdp = "v=0" } } },
    };

    private static Content Request(Action<ContactRequest> change)
    {
        var request = new ContactRequest { Name = "Bob", InviteId = Id, InviteProof = Key, ReplyTo = Mailbox, Prekeys = Prekeys };
        change(request);
        return new Content { ContactRequest = request };
    }

    private static Content Tcp(Action<TcpWays> change)
    {
        var ways = new TcpWays { Token = ByteString.CopyFrom(new byte[16]), Fingerprint = ByteString.CopyFrom(new byte[32]) };
        change(ways);
        return Signal(signal => signal.Tcp = ways);
    }

    private static Content Signal(Action<Signal> change)
    {
        var signal = new Signal { AttemptId = Short };
        change(signal);
        return new Content { Signal = signal };
    }

    private static Content Example(string kind) => kind switch
    {
        "chat" => new Content { Chat = new ChatMessage { MessageId = Id, Clock = 5, Text = "ciao 👋", ComposedAtMs = 6, IntendedRoute = Route.Direct } },
        "receipts" => new Content { Receipts = new Receipts { Delivered = { new Delivered { MessageId = Id, Record = new RouteRecord { LayMs = 5 } } }, ReadThroughClock = 9 } },
        "contact_request" => Request(_ => { }),
        "contact_accept" => new Content { ContactAccept = new ContactAccept { Name = "Alice", ReplyTo = Mailbox, Prekeys = Prekeys, HidesAddress = true } },
        "contact_decline" => new Content { ContactDecline = new ContactDecline() },
        "profile" => new Content { Profile = new ProfileUpdate { Name = "A", HidesAddress = true } },
        "cannot_open" => new Content { CannotOpen = new CannotOpen { EnvelopeIds = { Id } } },
        "address" => new Content { Address = new ContactAddress { ReplyTo = Mailbox, Prekeys = Prekeys } },
        "presence" => new Content { Presence = new Presence { AnswerWanted = true, RunId = Short } },
        "typing" => new Content { Typing = new Typing { Active = true } },
        "signal" => Signal(signal => signal.Candidate = new Candidate { Candidate_ = "candidate:1 1 udp 1 192.0.2.1 9 typ host", SdpMid = "0" }),
        "path_report" => new Content { PathReport = new PathReport { AttemptId = Short, Network = Network.Internet, RoundTripMs = 7 } },
        "path_probe" => new Content { PathProbe = new PathProbe { Number = 3, IsAnswer = true } },
        "file" => Files.FileCheckTests.Offer(offer => offer.Items[0].Folder.Add("Trip")),
        "file_update" => Files.FileCheckTests.Dropped(_ => { }),
        "call" => new Content { Call = Call() },
        "call_forward" => new Content { CallForward = CallForwardCodecTests.Forward(_ => { }) },
        "call_note" => new Content { CallNote = new CallNote { CallId = Id, State = new CallState { Phase = CallPhase.Ended, End = new CallEnd { TalkedMs = 5 } } } },
        _ => throw new ArgumentException("No example of " + kind),
    };

    private static void Holds(Func<int, Content> make, int cap, ContentFault beyond)
    {
        Assert.True(ContentCodec.TryRead(make(cap).ToByteArray(), out _, out var fault), fault.ToString());
        Assert.False(ContentCodec.TryRead(make(cap + 1).ToByteArray(), out _, out fault));
        Assert.Equal(beyond, fault);
    }
}
