using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using static Dapari.Peer.Tests.Harness.Senders;

namespace Dapari.Peer.Tests.Files.Desk;

/// <summary>
/// Two engines with everything that can go wrong, by seed: deaths at any commit, dead paths, a dead server, lost and spoiled drop-offs, full and emptied
/// disks, pauses, changes of mind. Healed, every file is there bit for bit, and both conversations say the same of it.
/// </summary>
public sealed class DeskStormTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Files_arrive_and_both_ends_agree_through_everything(int seed)
    {
        var random = new Random(seed);
        var world = new World();
        var (alice, bob) = world.Sending();
        Person[] people = [alice, bob];
        var sent = new List<(Person From, Person To, TransferId Id)>();
        var lies = 0;
        world.Line.Passing = message =>
        {
            if (lies == 0 || message[0] != (byte)FileMessageKind.Piece)
                return;
            lies--;
            message[^1] ^= 0x10;
        };
        for (var act = 0; act < 60; act++)
        {
            var who = people[random.Next(2)];
            var other = who == alice ? bob : alice;
            world.Line.Pieces = random.Next(3) == 0 ? int.MaxValue : random.Next(40);
            who.Files.Chunks = random.Next(3) == 0 ? int.MaxValue : random.Next(8);
            if (random.Next(3) == 0 && !who.IsDown)
                sent.Add(Send(random, who, other));
            else
                Trouble(world, random, who, sent, ref lies);
            world.Pass(random.Next(4) == 0 ? random.Next(50) : random.Next(15_000));
            foreach (var one in people.Where(one => one.IsDown && random.Next(2) == 0))
                one.Restart();
        }

        Heal(world, people);
        for (var round = 0; round < 20; round++)
        {
            foreach (var (from, to, id) in sent)
            {
                foreach (var one in new[] { from, to })
                {
                    one.Say(new Command { RetryFiles = new RetryFiles { TransferId = id.ToByteString() } });
                    one.Say(new Command { WantFiles = new WantFiles { TransferId = id.ToByteString() } });
                }
            }

            world.Pass(60_000);
        }

        foreach (var (from, to, id) in sent.Where(one => one.From.Store.Messages(one.To.Id).Any(message => message.File?.TransferId == one.Id.ToByteString())))
        {
            var end = from.EndOf(to, id);
            Assert.True(end is not null, $"seed {seed}: {from.Name}'s {id} has no end: {from.Snapshot.Transfers.FirstOrDefault(view => view.TransferId == id.ToByteString())} / {to.Snapshot.Transfers.FirstOrDefault(view => view.TransferId == id.ToByteString())}");
            if (end.Outcome == FileOutcome.Arrived)
                Arrived(from, to, id);
            else
                Agreed(from, to, id, end.Outcome);
            // Only those who cancelled, and who lied more than a bug could, come to another end.
            Assert.True(end.Outcome is FileOutcome.Arrived or FileOutcome.Cancelled or FileOutcome.Refused, $"seed {seed}: {end}");
        }
    }

    private static (Person From, Person To, TransferId Id) Send(Random random, Person from, Person to)
    {
        var files = Enumerable.Range(1, 1 + random.Next(3)).Select(at => ($"{at}", from.Bytes(random.Next(4 * Chunk)))).ToList();
        var command = from.Prepare(to, files, manifest: random.Next(3) == 0);
        command.Leave = random.Next(2) == 0;
        command.Way = random.Next(6) == 0 ? Policy.ServerOnly : Policy.Unspecified;
        from.Say(new Command { SendFiles = command });
        Assert.True(TransferId.TryRead(command.TransferId, out var id));
        return (from, to, id);
    }

    private static void Trouble(World world, Random random, Person who, List<(Person From, Person To, TransferId Id)> sent, ref int lies)
    {
        var id = sent.Count == 0 ? default : sent[random.Next(sent.Count)].Id;
        var act = random.Next(14);
        if (who.IsDown && act is not (>= 3 and <= 6))
            return;
        switch (act)
        {
            case 0 or 1:
                who.CrashAfterCommits = random.Next(8);
                break;
            case 2:
                who.Restart();
                break;
            case 3:
                world.BreakPaths();
                break;
            case 4:
                world.StopServer();
                break;
            case 5:
                world.StartServer();
                break;
            case 6:
                world.PathsBlocked = !world.PathsBlocked;
                break;
            case 7:
                who.Say(new Command { PauseFiles = new PauseFiles { TransferId = id.ToByteString(), Paused = random.Next(2) == 0 } });
                break;
            case 8:
                who.Say(new Command { LeaveFiles = new LeaveFiles { TransferId = id.ToByteString(), Leave = random.Next(2) == 0 } });
                break;
            case 9 when random.Next(3) == 0:
                world.Server.LoseBlobs();
                break;
            case 10 when random.Next(3) == 0:
                world.Server.SpoilBlobs(random.Next(3 * Chunk));
                break;
            case 11:
                who.Files.FullDisks = 1;
                break;
            case 12 when random.Next(3) == 0:
                who.Say(new Command { CancelFiles = new CancelFiles { TransferId = id.ToByteString() } });
                break;
            case 13 when lies == 0 && random.Next(4) == 0:
                lies = 1;
                break;
        }
    }

    private static void Heal(World world, Person[] people)
    {
        world.StartServer();
        world.PathsBlocked = false;
        world.Line.Pieces = int.MaxValue;
        foreach (var one in people)
        {
            one.CrashAfterCommits = -1;
            one.Files.Chunks = int.MaxValue;
            one.Files.FullDisks = 0;
            if (one.IsDown)
                one.Restart();
        }
    }
}
