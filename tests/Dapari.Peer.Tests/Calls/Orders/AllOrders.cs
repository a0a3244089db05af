using Dapari.Peer.Local;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Calls.Orders;

/// <summary>
/// Every order, to a depth, of what two people do, of their clocks, and of their signals arriving, being lost or coming twice. In each state
/// that can be reached, what must never be is checked; and from each, once the network is good again, both ends come to agree.
/// </summary>
public sealed class AllOrders
{
    private static readonly string[] _names = ["0 calls", "1 calls", "0 answers", "1 answers", "0 ends", "1 ends", "0's minute", "1's minute", "0 restarts", "1 restarts", "0 mutes", "1 mutes"];

    [Theory]
    [InlineData("one call", 7, 1, 1, "0 calls", "1 answers", "0 ends", "1 ends")]
    [InlineData("one call, losses", 8, 2, 0, "0 calls", "1 answers", "0 ends", "1 ends")]
    [InlineData("clocks", 8, 1, 0, "0 calls", "1 answers", "0 ends", "0's minute", "1's minute")]
    [InlineData("both call", 7, 1, 0, "0 calls", "1 calls", "0 answers", "1 answers", "0 ends", "1 ends")]
    [InlineData("both call, twice", 7, 0, 1, "0 calls", "1 calls", "0 ends", "1 ends")]
    [InlineData("restarts", 7, 1, 0, "0 calls", "1 answers", "1 ends", "0 restarts", "1 restarts")]
    [InlineData("mutes", 8, 1, 1, "0 calls", "1 answers", "0 mutes", "1 mutes")]
    [InlineData("both call, and one restarts", 7, 0, 0, "0 calls", "1 calls", "0 ends", "0 restarts", "1 restarts")]
    public void Agree(string name, int depth, int losses, int repeats, params string[] doings)
    {
        var acts = doings.Select(doing => Array.IndexOf(_names, doing)).ToArray();
        Assert.DoesNotContain(-1, acts);
        var states = 0;
        foreach (var salt in new[] { 1, 2 })
            states += Explore(salt, depth, losses, repeats, acts);
        Assert.True(states > 100, $"{name}: only {states} states");
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {states} states");
    }

    private static int Explore(int salt, int depth, int losses, int repeats, int[] acts)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<List<Choice>>();
        open.Push([]);
        while (open.TryPop(out var path))
        {
            var line = Replay(salt, path);
            // How much may still go wrong belongs to the state too.
            var left = $"{path.Count(choice => choice.Kind == ChoiceKind.Lose)} {path.Count(choice => choice.Kind == ChoiceKind.Repeat)} "
                + string.Join(',', path.Where(choice => choice.Kind == ChoiceKind.Act).Select(choice => choice.Index).Order());
            if (!seen.Add(left + line.Fingerprint()))
                continue;
            var flying = line.Flying;
            Check(salt, path);
            if (path.Count >= depth)
                continue;
            foreach (var act in acts)
            {
                if (!path.Contains(new Choice(ChoiceKind.Act, act)))
                    open.Push([.. path, new Choice(ChoiceKind.Act, act)]);
            }

            for (var i = 0; i < flying; i++)
            {
                open.Push([.. path, new Choice(ChoiceKind.Deliver, i)]);
                if (path.Count(choice => choice.Kind == ChoiceKind.Lose) < losses)
                    open.Push([.. path, new Choice(ChoiceKind.Lose, i)]);
                if (path.Count(choice => choice.Kind == ChoiceKind.Repeat) < repeats)
                    open.Push([.. path, new Choice(ChoiceKind.Repeat, i)]);
            }
        }

        return seen.Count;
    }

    /// <summary>From here on all is well: nothing stays open that nobody holds open, and both keep the same of every call.</summary>
    private static void Check(int salt, List<Choice> path)
    {
        var line = Replay(salt, path);
        try
        {
            ComeToAgree(line);
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"salt {salt}: {string.Join(", ", path)}: {fault.Message}", fault);
        }
    }

    internal static void ComeToAgree(Line line)
    {
        line.Heal(8_000);
        foreach (var peer in line.Peers)
        {
            var going = peer.Board.Calls.SingleOrDefault(call => call.IsEngaging);
            var other = line.Peers[1 - Array.IndexOf(line.Peers, peer)];
            if (going is { Phase: CallPhase.Joined })
                Assert.Contains(other.Board.Calls, call => call.Id == going.Id && call.Phase == CallPhase.Joined && call.Leg.Id == going.Leg.Id
                    && going.Media.Equals(call.Theirs?.Media));
        }

        line.Heal(80_000);
        foreach (var call in line.Peers[0].Board.Calls.Where(call => !call.IsEnded).ToList())
            line.Peers[0].Board.HangUp(line.Peers[0], call);
        line.Peers[0].Drain();
        line.Settle();
        line.Heal(200_000);
        foreach (var peer in line.Peers)
        {
            Assert.Empty(peer.Board.Calls);
            Assert.Empty(peer.Rows);
            Assert.Equal(0, peer.OpenLegs);
        }

        Assert.Equal(line.Peers[0].Entries.Keys.Order(), line.Peers[1].Entries.Keys.Order());
        foreach (var (id, (ending, record)) in line.Peers[0].Entries)
        {
            Assert.Equal(ending, line.Peers[1].Entries[id].Ending);
            Assert.Equal(record.TalkedMs, line.Peers[1].Entries[id].Record.TalkedMs);
            Assert.Equal(record.Way, line.Peers[1].Entries[id].Record.Way);
        }
    }

    private static Line Replay(int salt, List<Choice> path)
    {
        var line = new Line(salt);
        try
        {
            foreach (var choice in path)
            {
                switch (choice.Kind)
                {
                    case ChoiceKind.Deliver or ChoiceKind.Repeat:
                        line.Deliver(choice.Index, keep: choice.Kind == ChoiceKind.Repeat);
                        break;
                    case ChoiceKind.Lose:
                        line.Lose(choice.Index);
                        break;
                    default:
                        Act(line, choice.Index);
                        break;
                }
            }
        }
        catch (Exception fault)
        {
            throw new InvalidOperationException($"salt {salt}: {string.Join(", ", path)}: {fault.Message}", fault);
        }

        return line;
    }

    internal static void Act(Line line, int act)
    {
        var peer = line.Peers[act % 2];
        switch (act / 2)
        {
            case 0 when peer.Board.Engaged is null:
                // Both call: each consents to the other.
                line.Accepted |= line.Peers[1 - (act % 2)].Board.Calls.Any(call => call.Outgoing);
                peer.Board.Start(peer, peer.Other, video: false, Store.Policy.Automatic);
                break;
            case 1 when peer.Board.Calls.FirstOrDefault(call => call is { IsRingingHere: true, Hidden: false }) is { } ringing:
                line.Accepted = true;
                Assert.Contains(peer.Board.Answer(peer, ringing, video: false, Store.Policy.Automatic), new[] { CommandRefusal.Unspecified, CommandRefusal.InCall });
                break;
            case 2 when peer.Board.Calls.FirstOrDefault(call => call is { IsEnded: false, Hidden: false }) is { } call:
                peer.Board.HangUp(peer, call);
                break;
            case 3:
                peer.Time += 60_000;
                peer.Tick();
                break;
            case 4:
                peer.Restart();
                break;
            case 5 when peer.Board.Engaged is { } muted:
                peer.Board.SetMedia(peer, muted, new CallMedia());
                break;
        }

        peer.Drain();
        line.Settle();
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
