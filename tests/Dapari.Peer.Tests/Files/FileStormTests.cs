using Dapari.Peer.Tests.Files.Simulation;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Files;

public sealed class FileStormTests
{
    private const int Chunk = FileShape.ChunkBytes;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 120)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Files_arrive_bit_for_bit_through_crashes_lies_dead_lines_and_lost_drop_offs(int seed)
    {
        var world = new FileWorld(seed);
        var random = world.Random;
        var sent = new List<(FilePeer From, TransferId Id, IReadOnlyList<byte[]> Files)>();
        for (var i = 0; i < 1 + (seed % 3); i++)
        {
            var many = random.Next(4) == 0;
            var files = many ? FileStory.Files(random, 60, 3_000) : FileStory.Files(random, 1 + random.Next(3), 8 * Chunk);
            var from = random.Next(3) == 0 ? world.Bob : world.Alice;
            sent.Add((from, FileStory.Offer(world, from, files, manifest: many || random.Next(4) == 0), files));
        }

        world.Lies = 2;
        world.Fate = (_, _) => random.Next(400) == 0 ? (Death)random.Next(1, 4) : Death.None;
        for (var trouble = 0; trouble < 60; trouble++)
        {
            Trouble(world, sent);
            world.Run(world.Now + random.Next(1_500));
        }

        // The storm is over: what is under way comes to its end.
        world.Fate = null;
        world.ServerUp = true;
        world.Lies = 0;
        foreach (var (_, id, _) in sent)
        {
            world.Alice.Do((machine, step) => machine.Resume(step, id));
            world.Bob.Do((machine, step) => machine.Resume(step, id));
        }

        for (var i = 0; i < 40; i++)
        {
            world.Open();
            world.IsStalled = false;
            world.Run(world.Now + 10_000);
            foreach (var (_, id, _) in sent)
            {
                world.Alice.Do((machine, step) => machine.Resume(step, id));
                world.Bob.Do((machine, step) => machine.Resume(step, id));
            }
        }

        foreach (var (from, id, files) in sent)
            FileStory.Arrived(world, from, id, files);
    }

    [Theory]
    [InlineData(Death.BeforeCommit)]
    [InlineData(Death.AfterCommit)]
    [InlineData(Death.AmidEffects)]
    public void A_crash_at_each_commit_of_a_transfer_costs_nothing(Death death)
    {
        var commits = Run(-1);
        Assert.InRange(commits, 30, 2_000);
        for (var at = 0; at < commits; at++)
            Run(at);

        int Run(int crashAt)
        {
            var world = new FileWorld(7);
            var files = FileStory.Files(world.Random, 3, 5 * Chunk);
            var id = FileStory.Offer(world, world.Alice, files, manifest: true);
            world.Commits = 0;
            world.Fate = (_, number) => number == crashAt ? death : Death.None;
            // A part by the server, then the channel, which dies once.
            world.Alice.Do((machine, step) => machine.Leave(step, id));
            world.Run(60);
            world.Open();
            world.Run(200);
            world.Close();
            for (var i = 0; i < 30; i++)
            {
                world.Open();
                world.Run(world.Now + 2_000);
            }

            FileStory.Arrived(world, world.Alice, id, files);
            return world.Commits;
        }
    }

    [Fact]
    public void What_is_left_at_a_server_and_what_comes_directly_make_one_file()
    {
        var world = new FileWorld(3);
        byte[] file = new byte[100 * Chunk];
        world.Random.NextBytes(file);
        var id = FileStory.Offer(world, world.Alice, [file], manifest: false);
        world.Alice.Do((machine, step) => machine.Leave(step, id));
        world.Run(100);
        world.Open();
        world.Run(20_000);
        FileStory.Arrived(world, world.Alice, id, [file]);
        var shares = world.Alice.Machine.Find(id)!.Record.End.Shares.ToDictionary(share => share.Route, share => share.Bytes);
        Assert.Equal([Route.Direct, Route.DropOff], shares.Keys.Order());
        // Nothing came twice: what lay at the server came from there.
        Assert.Equal((ulong)world.Server.Values.Single().Count * Chunk, shares[Route.DropOff]);
    }

    [Fact]
    public void A_dead_line_and_a_crash_leave_only_the_missing_chunks_to_the_server()
    {
        var world = new FileWorld(6);
        byte[] file = new byte[200 * Chunk];
        world.Random.NextBytes(file);
        var id = FileStory.Offer(world, world.Alice, [file], manifest: false);
        world.Run(10);
        world.Open();
        world.Run(600);
        // What was verified and not kept yet is lost, and was not said to be here.
        world.Bob.Crash();
        world.Alice.Do((machine, step) => machine.Leave(step, id));
        world.Run(30_000);
        FileStory.Arrived(world, world.Alice, id, [file]);
        var shares = world.Alice.Machine.Find(id)!.Record.End.Shares.ToDictionary(share => share.Route, share => share.Bytes);
        Assert.InRange(shares[Route.Direct], 1UL, 130 * (ulong)Chunk);
        Assert.Equal((ulong)world.Server.Values.Single().Count * Chunk, shares[Route.DropOff]);
    }

    [Fact]
    public void A_file_that_is_left_arrives_without_any_channel()
    {
        var world = new FileWorld(4);
        var files = FileStory.Files(world.Random, 3, 10 * Chunk);
        var id = FileStory.Offer(world, world.Alice, files, manifest: true);
        world.Alice.Do((machine, step) => machine.Leave(step, id));
        world.Run(30_000);
        FileStory.Arrived(world, world.Alice, id, files);
        Assert.Equal(Route.DropOff, Assert.Single(world.Alice.Machine.Find(id)!.Record.End.Shares).Route);
    }

    [Fact]
    public void Two_transfers_share_the_line()
    {
        var world = new FileWorld(5);
        var first = FileStory.Files(new Random(1), 1, 2)[0].Length;
        byte[] Large() => [.. Enumerable.Repeat((byte)first, 100 * Chunk)];
        var one = FileStory.Offer(world, world.Alice, [Large()], manifest: false);
        var two = FileStory.Offer(world, world.Alice, [Large()], manifest: false);
        world.Open();
        world.Run(400);
        var (a, b) = Done();
        world.Run(800);
        var (later, laterToo) = Done();
        Assert.InRange(later - a, 25, 55);
        Assert.InRange(laterToo - b, 25, 55);

        (long One, long Two) Done() => (world.Bob.Machine.Find(one)!.Verified.Count, world.Bob.Machine.Find(two)!.Verified.Count);
    }

    private static void Trouble(FileWorld world, List<(FilePeer From, TransferId Id, IReadOnlyList<byte[]> Files)> sent)
    {
        var random = world.Random;
        var (from, id, _) = sent[random.Next(sent.Count)];
        switch (random.Next(14))
        {
            case 0:
                (random.Next(2) == 0 ? world.Alice : world.Bob).Crash();
                break;
            case 1 or 2:
                world.Close();
                break;
            case 3 or 4 or 5 or 6:
                world.Open();
                break;
            case 7:
                world.IsStalled = true;
                break;
            case 8:
                world.ServerUp = !world.ServerUp;
                break;
            case 9:
                world.Server.Clear();
                break;
            case 10:
                from.Do((machine, step) => machine.Leave(step, id));
                break;
            case 11:
                var pausing = random.Next(2) == 0 ? from : from.Other;
                pausing.Do((machine, step) => machine.Pause(step, id));
                world.After(random.Next(2_000), () => pausing.Do((machine, step) => machine.Resume(step, id)));
                break;
            case 12:
                var inCall = random.Next(2) == 0;
                world.Alice.Do((machine, step) => machine.CallChanged(step, inCall));
                world.After(3_000, () => world.Alice.Do((machine, step) => machine.CallChanged(step, false)));
                break;
            case 13:
                from.Other.Driver.RoomFailures = 1;
                break;
        }
    }
}
