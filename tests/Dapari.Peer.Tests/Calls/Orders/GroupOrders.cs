using Dapari.Peer.Local;
using Dapari.Testing;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>
/// Calls of several: every order, to a depth, of what three people do and of their signals arriving, being lost or coming twice, carried ones among them;
/// and long random stories of three to five who know each other, do not, or have blocked each other. A failing seed or order is named.
/// </summary>
public sealed class GroupOrders
{
    private const int Arrives = 14;

    private static readonly string[] _names =
    [
        "0 gathers", "1 answers", "2 answers", "0 ends", "1 ends", "2 ends", "0 restarts", "1 restarts", "2 restarts", "0's minute", "1's minute", "2's minute", "0 calls 1", "0 adds 2", "all arrives", "a while",
    ];

    [Theory]
    [InlineData("strangers, ring and answer", false, 5, 1, 1, "0 gathers|all arrives", "1 answers", "2 answers", "all arrives")]
    [InlineData("strangers, meeting", false, 4, 1, 1, "0 gathers|all arrives|1 answers|2 answers", "all arrives", "1 ends")]
    [InlineData("strangers, leaving", false, 4, 1, 0, "0 gathers|all arrives|1 answers|2 answers|all arrives|a while|all arrives", "0 ends", "1 ends", "2 ends", "all arrives", "a while")]
    [InlineData("strangers, restarts", false, 4, 1, 0, "0 gathers|all arrives|1 answers|2 answers|all arrives|a while|all arrives", "0 restarts", "1 restarts", "2 restarts", "all arrives", "2's minute")]
    [InlineData("contacts, ring and answer", true, 5, 1, 1, "0 gathers|all arrives", "1 answers", "2 answers", "all arrives")]
    [InlineData("contacts, leaving and restarts", true, 4, 1, 0, "0 gathers|all arrives|1 answers|2 answers|all arrives|a while|all arrives", "0 ends", "1 ends", "2 restarts", "all arrives")]
    [InlineData("growing", false, 5, 1, 0, "0 calls 1|all arrives|1 answers|all arrives", "0 adds 2", "2 answers", "1 ends", "0 restarts", "all arrives")]
    public void Agree(string name, bool acquainted, int depth, int losses, int repeats, string before, params string[] doings)
    {
        var prefix = before.Split('|').Select(Act).ToList();
        var acts = doings.Select(doing => Act(doing).Index).ToArray();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<List<Choice>>();
        open.Push([]);
        while (open.TryPop(out var path))
        {
            var line = Replay(acquainted, prefix, path);
            var left = $"{path.Count(choice => choice.Kind == ChoiceKind.Lose)} {path.Count(choice => choice.Kind == ChoiceKind.Repeat)} "
                + string.Join(',', path.Where(choice => choice.Kind == ChoiceKind.Act && choice.Index != Arrives).Select(choice => choice.Index).Order());
            var flying = line.Flying;
            if (!seen.Add(left + line.Fingerprint()))
                continue;
            Named(acquainted, path, () => ComeToAgree(line, lasting: false));
            if (path.Count >= depth)
                continue;
            foreach (var act in acts.Where(act => act == Arrives ? flying > 1 : !path.Contains(new Choice(ChoiceKind.Act, act))))
                open.Push([.. path, new Choice(ChoiceKind.Act, act)]);
            for (var i = 0; i < flying; i++)
            {
                open.Push([.. path, new Choice(ChoiceKind.Deliver, i)]);
                if (path.Count(choice => choice.Kind == ChoiceKind.Lose) < losses)
                    open.Push([.. path, new Choice(ChoiceKind.Lose, i)]);
                if (path.Count(choice => choice.Kind == ChoiceKind.Repeat) < repeats)
                    open.Push([.. path, new Choice(ChoiceKind.Repeat, i)]);
            }
        }

        Assert.True(seen.Count > 100, $"{name}: only {seen.Count} states");
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {seen.Count} states");
    }

    [Theory]
    [InlineData(1, 1_200)]
    [InlineData(50_000, 1_200)]
    public void Random_stories_agree(int firstSeed, int seeds)
    {
        for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            try
            {
                Play(seed);
            }
            catch (Exception fault)
            {
                throw new InvalidOperationException($"seed {seed}: {fault.Message}", fault);
            }
        }
    }

    private static void Play(int seed)
    {
        var random = new SeededRandom((ulong)seed);
        var (people, acquaintances, enmities) = (3 + (random.Bytes(1)[0] % 3), random.Bytes(25), random.Bytes(25));
        var line = new GroupLine(people, seed % 7,
            (one, other) => acquaintances[(one * 5) + other] % 2 == 0, (one, other) => enmities[(one * 5) + other] % 12 == 0);
        var cut = -1;
        for (var steps = 0; steps < 90; steps++)
        {
            var dice = random.Bytes(4);
            var who = dice[2] % people;
            var flying = line.Flying > 0 ? dice[1] % line.Flying : -1;
            switch (dice[0] % 32)
            {
                case < 6:
                    Do(line, who, dice[3] % 12, dice[1] % people);
                    break;
                case < 20 when flying >= 0:
                    line.Deliver(flying, keep: dice[0] % 32 == 19);
                    break;
                case < 22 when flying >= 0:
                    line.Lose(flying);
                    break;
                case < 26:
                    line.Arrive();
                    break;
                case 26:
                    // Somebody is cut off for a while.
                    cut = cut < 0 ? who : -1;
                    break;
                default:
                    // A while passes for one of them only: clocks run apart.
                    line.Peers[who].Time += dice[3] * 20;
                    line.Peers[who].Tick();
                    line.Settle();
                    break;
            }

            if (cut >= 0)
                line.Cut(cut);
        }

        ComeToAgree(line, lasting: true);
    }

    private static void Do(GroupLine line, int who, int what, int other)
    {
        var peer = line.Peers[who];
        var call = peer.Board.Engaged;
        switch (what)
        {
            case < 3 when line.Peers[0].Board.Engaged is null:
                Gather(line, Math.Max(1, other));
                return;
            case < 7:
                Answer(peer);
                break;
            case 7 when call is not null:
                peer.Board.HangUpAll(peer, call);
                break;
            case 8:
                peer.Restart();
                break;
            case 9 when call is { Outgoing: true, Fellow: false } && other != 0:
                line.Peers[0].Board.Add(line.Peers[0], call, GroupPeer.Id(other));
                break;
            case 10 when call is not null:
                peer.Board.SetMedia(peer, call, new CallMedia { Camera = other % 2 == 0 });
                break;
        }

        peer.Drain();
        line.Settle();
    }

    private static void Gather(GroupLine line, int first)
    {
        var (peer, people) = (line.Peers[0], line.Peers.Length);
        peer.Consented = true;
        var invited = Enumerable.Range(1, people - 1).Where(one => one >= first || one == 1).Select(GroupPeer.Id).ToList();
        if (invited.Count == 1)
            peer.Board.Start(peer, invited[0], video: false, Store.Policy.Automatic);
        else
            peer.Board.StartGroup(peer, invited, video: false, Store.Policy.Automatic);
        peer.Drain();
        line.Settle();
    }

    private static void Answer(GroupPeer peer)
    {
        if (peer.Board.Engaged is not null || peer.Board.Calls.FirstOrDefault(call => call is { IsRingingHere: true, Hidden: false }) is not { } ringing)
            return;
        peer.Consented = true;
        Assert.Equal(CommandRefusal.Unspecified, peer.Board.Answer(peer, ringing, video: false, Store.Policy.Automatic));
    }

    /// <summary>From here on all is well: who is in it hears all the others who are, each keeps the same of every call, and nothing stays.</summary>
    private static void ComeToAgree(GroupLine line, bool lasting)
    {
        line.Heal(45_000);
        var begun = line.Peers[0].Board.Calls.Where(call => call is { Outgoing: true, Phase: CallPhase.Joined }).ToList();
        foreach (var one in begun.Select(call => line.IndexOf(call.With)))
        {
            AssertConnected(line, 0, one);
            foreach (var other in begun.Select(call => line.IndexOf(call.With)).Where(other => other > one && !line.Blocks(one, other) && !line.Blocks(other, one)))
                AssertConnected(line, one, other);
        }

        foreach (var peer in line.Peers)
        {
            foreach (var call in peer.Board.Calls.Where(call => call is { IsEnded: false, Fellow: true } && !line.Blocks(line.IndexOf(call.With), peer.Index)))
                Assert.True(line.Peers[line.IndexOf(call.With)].Board.Calls.Any(theirs => theirs.Id == call.Id && theirs.Via == call.Via && theirs.Phase == CallPhase.Joined), $"{peer.Index} is alone with {line.IndexOf(call.With)}:\n{line}");
        }

        if (lasting)
            line.Heal(80_000);
        foreach (var peer in line.Peers)
        {
            if (peer.Board.Calls.FirstOrDefault(call => !call.IsEnded) is { } call)
                peer.Board.HangUpAll(peer, call);
            peer.Drain();
            line.Settle();
            line.Heal(1_000);
        }

        line.Heal(140_000);
        foreach (var peer in line.Peers)
        {
            Assert.Empty(peer.Board.Calls);
            Assert.Empty(peer.Rows);
            Assert.Empty(peer.OpenLegs);
        }

        // Each entry is at both its ends, and says the same.
        var all = line.Peers.SelectMany(peer => peer.Entries).GroupBy(entry => entry.Key, entry => entry.Value).ToList();
        Assert.All(all, ends =>
        {
            var (one, other) = (ends.First(), ends.Last());
            Assert.Equal(2, ends.Count());
            Assert.Equal(one.Ending, other.Ending);
            Assert.Equal(one.Record, other.Record);
        });
    }

    private static void AssertConnected(GroupLine line, int one, int other)
    {
        foreach (var (here, there) in new[] { (one, other), (other, one) })
        {
            Assert.True(line.Peers[here].Board.Calls.Any(call => line.IndexOf(call.With) == there && call is { Phase: CallPhase.Joined, Leg.IsConnected: true }), $"{here} does not hear {there}:\n{line}");
        }
    }

    private static GroupLine Replay(bool acquainted, List<Choice> prefix, List<Choice> path)
    {
        var line = new GroupLine(3, 1, (_, _) => acquainted, (_, _) => false);
        Named(acquainted, path, () =>
        {
            foreach (var choice in prefix.Concat(path))
            {
                if (choice.Kind == ChoiceKind.Act)
                    Do(line, choice.Index);
                else if (choice.Kind == ChoiceKind.Lose)
                    line.Lose(choice.Index);
                else
                    line.Deliver(choice.Index, keep: choice.Kind == ChoiceKind.Repeat);
            }
        });
        return line;
    }

    private static void Do(GroupLine line, int act)
    {
        var peer = line.Peers[act % 3];
        switch (act)
        {
            case 0 or 12 when peer.Board.Engaged is null:
                line.Peers[0].Consented = true;
                if (act == 0)
                    Gather(line, 1);
                else
                    line.Peers[0].Board.Start(line.Peers[0], GroupPeer.Id(1), video: false, Store.Policy.Automatic);
                break;
            case 1 or 2:
                Answer(peer);
                break;
            case 3 or 4 or 5 when peer.Board.Calls.FirstOrDefault(call => call is { IsEnded: false, Hidden: false }) is { } call:
                peer.Board.HangUpAll(peer, call);
                break;
            case 6 or 7 or 8:
                peer.Restart();
                break;
            case 9 or 10 or 11:
                peer.Time += 60_000;
                peer.Tick();
                break;
            case 13 when line.Peers[0].Board.Engaged is { } growing:
                peer = line.Peers[0];
                peer.Board.Add(peer, growing, GroupPeer.Id(2));
                break;
            case Arrives:
                line.Arrive();
                break;
            case 15:
                foreach (var one in line.Peers)
                {
                    one.Time += 3_500;
                    one.Tick();
                }

                break;
        }

        peer.Drain();
        line.Settle();
    }

    private static Choice Act(string name)
    {
        var index = Array.IndexOf(_names, name);
        Assert.True(index >= 0, name);
        return new Choice(ChoiceKind.Act, index);
    }

    private static void Named(bool acquainted, List<Choice> path, Action act)
    {
        try
        {
            act();
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"{(acquainted ? "contacts" : "strangers")}: {string.Join(", ", path)}: {fault.Message}", fault);
        }
    }

    private enum ChoiceKind
    {
        Act,
        Deliver,
        Lose,
        Repeat,
    }

    private readonly record struct Choice(ChoiceKind Kind, int Index)
    {
        public override string ToString() => Kind == ChoiceKind.Act ? _names[Index] : $"{Kind} {Index}".ToLowerInvariant();
    }
}
