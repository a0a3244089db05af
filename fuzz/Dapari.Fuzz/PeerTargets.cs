using System.Globalization;
using System.Text;
using Dapari.Peer.Calls;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What a peer makes of others' texts and of a hostile server.</summary>
internal static class PeerTargets
{
    private const string Server = "https://example.org";

    private static readonly Moment Now = new(1_000, 1_800_000_000_000);
    private static readonly IReadOnlyList<StateRow> Rows = Begin();

    public static IEnumerable<Target> All =>
    [
        new("name", Samples.Names, Names),
        new("search-words", Samples.Names, Words),
        new("sdp", Samples.Descriptions, Descriptions),
        new("call-forward", Samples.CallForwards, Forwards),
        new("peer-server-frame", Samples.ServerFrames, ServerFrames),
    ];

    private static string Names(byte[] input)
    {
        // As UTF-16 units too, where lone surrogates may stand.
        Check(Encoding.UTF8.GetString(input));
        return Check(new string([.. input.Chunk(2).Select(pair => (char)(pair[0] | ((pair.Length > 1 ? pair[1] : 0) << 8)))]));

        static string Check(string text)
        {
            var name = NameText.Clean(text);
            Require(name.Length <= WireLimits.NameLength, "a name's length");
            Require(NameText.Clean(name) == name, "a clean name stays as it is");
            foreach (var rune in name.EnumerateRunes())
            {
                var category = Rune.GetUnicodeCategory(rune);
                Require(
                    category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate) && rune != Rune.ReplacementChar,
                    "nothing invisible in a name");
            }

            var message = MessageText.Normalize(text);
            Require(MessageText.Normalize(message) == message, "a normalized text stays as it is");
            Require(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(message)) == message, "a text survives UTF-8");
            return name.Length == 0 ? "empty" : name == text ? "clean" : "cleaned";
        }
    }

    private static string Descriptions(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input);
        var good = SdpCheck.TryRead(text, out var fingerprint, out var fault);
        Require(good == (fingerprint is { Length: 32 }) && good == (fault == SdpFault.None), "result and fault agree");
        var hidden = CandidateRules.Outgoing(new Signal { OfferSdp = text }, Policy.ServerOnly)!.OfferSdp;
        foreach (var line in hidden.Split("\r\n").Where(line => line.StartsWith("a=candidate:", StringComparison.Ordinal)))
            Require(!good || (IceCandidate.TryRead(line[2..], out var candidate) && candidate.IsRelayed), "no candidate but a relay's leaves");
        if (!good)
            return fault.ToString();
        Require(SdpCheck.TryRead(hidden, out var again, out _) && again.AsSpan().SequenceEqual(fingerprint), "what leaves names the same certificate");
        return "read";
    }

    /// <summary>What somebody carries between two: only what the one signed for the other is believed, and only as it was signed.</summary>
    private static string Forwards(byte[] input)
    {
        if (!Protobuf.TryParse(input, CallForward.Parser, out var forward))
            return "unread";
        if (!CallForwardCodec.TryRead(forward, out var said, out var fault))
        {
            Require(fault != ContentFault.None && said is null, "a refusal names its reason");
            return fault.ToString();
        }

        Require(fault == ContentFault.None && said.Signal.State.Fellow && said.Group == said.Signal.State.Group, "what is read is of the group that it names");
        Require(forward.Statement.Length <= WireLimits.CallForwardBytes && new Content { CallForward = forward }.CalculateSize() <= WireLimits.ContentBytes, "it can be carried");
        if (!Crypto.IdentityPublicKey.TryRead(said.From, out var from) || !Crypto.CallForwards.Verify(forward, from, out var device))
            return "not theirs";
        Require(device is not null && device.Identity == from, "whoever signed it is whom it names");
        Require(Samples.CallForwards().Any(made => CallForward.Parser.ParseFrom(made).Statement == forward.Statement), "what nobody signed is not believed");
        return said.Signal.State.Phase.ToString();
    }

    private static string Words(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        var words = SearchWords.Of(text);
        Require(words.All(word => word.Length > 0), "words are not empty");
        Require(words.Count == 0 || SearchWords.Matches(words, words), "a text matches itself");
        return words.Count == 0 ? "none" : "words";
    }

    private static string ServerFrames(byte[] input)
    {
        var first = Connected();
        first.Handle(new PeerInput.ServerSent(Server, input), Now);

        var engine = Connected();
        var welcome = new ServerFrame
        {
            Request = 1,
            Welcome = new Welcome { Version = 1, Challenge = ByteString.CopyFrom(new byte[32]), Limits = new Limits { EnvelopeBytes = WireLimits.EnvelopeBytes, MailboxesPerConnection = 100 } },
        };
        var welcomed = engine.Handle(new PeerInput.ServerSent(Server, FrameCodec.Write(welcome)), Now);
        Require(welcomed.Effects.OfType<PeerEffect.SendToServer>().Any(), "a peer that was welcomed asks for something");
        var step = engine.Handle(new PeerInput.ServerSent(Server, input), Now);
        engine.Handle(new PeerInput.PathReceived(1, input), Now);
        engine.Handle(new PeerInput.Drained(), Now);
        return string.Join('+', step.Effects.Select(effect => effect.GetType().Name).Distinct().Order(StringComparer.Ordinal));
    }

    private static PeerEngine Connected()
    {
        var engine = PeerEngine.Load(Rows, new SeededRandom(5), true, Now);
        engine.Handle(new PeerInput.Start(), Now);
        engine.Handle(new PeerInput.ServerConnected(Server), Now);
        return engine;
    }

    private static List<StateRow> Begin()
    {
        var engine = PeerEngine.Load([], new SeededRandom(4), true, Now);
        var rows = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var input in new PeerInput[]
        {
            new PeerInput.Start(),
            new PeerInput.Said(1, new Command { CreateIdentity = new CreateIdentity { Name = "Alice", HomeServer = Server } }),
            new PeerInput.Said(2, new Command { MakeInvite = new MakeInvite { Reusable = true } }),
        })
        {
            foreach (var (key, value) in engine.Handle(input, Now).Batch.State)
            {
                if (value is null)
                    rows.Remove(key);
                else
                    rows[key] = value;
            }
        }

        Require(rows.Count > 0, "the peer has an identity");
        return [.. rows.Select(row => new StateRow(row.Key, row.Value))];
    }
}
