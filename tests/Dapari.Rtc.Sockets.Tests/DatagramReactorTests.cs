using System.Net.Sockets;
using Xunit;

namespace Dapari.Rtc.Sockets.Tests;

/// <summary>The same of every reactor: what is sent arrives whole, in order, from whom it came, and nothing else.</summary>
public sealed class DatagramReactorTests : IDisposable
{
    private static readonly Endpoint V4 = Endpoint.V4(0x7F00_0001, 0);
    private static readonly Endpoint V6 = Endpoint.V6(0, 1, 0);
    private readonly List<DatagramReactor> _reactors = [];

    public static TheoryData<bool, bool> Kinds => new() { { false, true }, { false, false }, { true, false } };

    public void Dispose() => _reactors.ForEach(reactor => reactor.Dispose());

    private DatagramReactor Make(bool portable, bool segmentation, int batch = 32, int sockets = 16)
    {
        var reactor = DatagramReactor.Create(new ReactorOptions { Portable = portable, Segmentation = segmentation, Batch = batch, Sockets = sockets });
        _reactors.Add(reactor);
        return reactor;
    }

    private static (int Socket, Endpoint Address) Open(DatagramReactor reactor, Endpoint local)
    {
        Assert.Equal(SocketError.Success, reactor.Open(local, shared: false, out var socket, out var bound));
        return (socket, bound);
    }

    /// <summary>Receives until so many have come; a datagram on loopback is there when its send has returned.</summary>
    private static List<(Endpoint From, byte[] Bytes, bool Truncated)> Receive(DatagramReactor reactor, int socket, int wanted)
    {
        var got = new List<(Endpoint, byte[], bool)>();
        Span<int> ready = stackalloc int[8];
        while (got.Count < wanted)
        {
            Assert.True(reactor.Wait(ready, 10_000) > 0, $"{got.Count} of {wanted} came");
            for (var count = reactor.Receive(socket); count > 0; count = reactor.Receive(socket))
            {
                for (var slot = 0; slot < count; slot++)
                    got.Add((reactor[slot].From, reactor.Slot(slot).Slice(reactor.Options.HeadRoom, reactor[slot].Length).ToArray(), reactor[slot].Truncated));
            }
        }

        return got;
    }

    private static void Put(DatagramReactor reactor, int socket, Endpoint to, int slot, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(reactor.Slot(slot)[100..]);
        reactor.Send(socket, to, slot, 100, bytes.Length);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Waking_and_closing_what_is_closed_touches_no_file_that_was_opened_since(bool portable, bool segmentation)
    {
        var folder = Directory.CreateTempSubdirectory("dapari-reactor-");
        var reactor = Make(portable, segmentation);
        reactor.Dispose();
        // The lowest free number is the next one's (POSIX open): these have the reactor's.
        var files = Enumerable.Range(0, 64).Select(i => new FileStream(Path.Combine(folder.FullName, $"{i}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 0)).ToList();
        try
        {
            reactor.Wake();
            Assert.All(files, file => Assert.Equal(0, file.Length));
            reactor.Dispose();
            foreach (var file in files)
                file.WriteByte(1);
        }
        finally
        {
            files.ForEach(file => file.Dispose());
            folder.Delete(recursive: true);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Datagrams_of_any_lengths_to_several_peers_arrive_whole_and_in_order(bool portable, bool segmentation)
    {
        var random = new Random(7);
        var sender = Make(portable, segmentation);
        var receiver = Make(portable, segmentation);
        var from = Open(sender, V4);
        var peers = Enumerable.Range(0, 3).Select(_ => Open(receiver, V4)).ToArray();
        var sent = peers.Select(_ => new List<byte[]>()).ToArray();
        // Runs of equal lengths, shorter ones, longer ones, empty ones: every way that neighbours may and may not leave together.
        int[] lengths = [1200, 1200, 1200, 700, 1200, 0, 0, 5, 5, 1400, 1200, 1200, 1, 1];
        for (var round = 0; round < 20; round++)
        {
            for (var slot = 0; slot < 64; slot++)
            {
                var peer = random.Next(peers.Length);
                var bytes = new byte[lengths[random.Next(lengths.Length)]];
                random.NextBytes(bytes);
                sent[peer].Add(bytes);
                Put(sender, from.Socket, peers[peer].Address, slot, bytes);
            }

            sender.Flush();
        }

        for (var peer = 0; peer < peers.Length; peer++)
        {
            var got = Receive(receiver, peers[peer].Socket, sent[peer].Count);
            Assert.Equal(sent[peer], got.Select(one => one.Bytes));
            Assert.All(got, one => Assert.Equal((from.Address, false), (one.From, one.Truncated)));
        }

        Assert.Equal(0, sender.Lost);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void IPv6_works_alike(bool portable, bool segmentation)
    {
        var reactor = Make(portable, segmentation);
        var (left, leftAddress) = Open(reactor, V6);
        var (right, rightAddress) = Open(reactor, V6);
        for (var slot = 0; slot < 8; slot++)
            Put(reactor, left, rightAddress, slot, [1, 2, 3, (byte)slot]);
        reactor.Flush();
        var got = Receive(reactor, right, 8);
        Assert.All(got, one => Assert.Equal(leftAddress, one.From));
        Assert.Equal(Enumerable.Range(0, 8), got.Select(one => (int)one.Bytes[3]));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void What_does_not_fit_a_slot_says_that_it_is_cut(bool portable, bool segmentation)
    {
        var sender = DatagramReactor.Create(new ReactorOptions { Portable = portable, Segmentation = segmentation, SlotBytes = 8192 });
        _reactors.Add(sender);
        var receiver = Make(portable, segmentation);
        var (from, _) = Open(sender, V4);
        var (at, address) = Open(receiver, V4);
        Put(sender, from, address, 0, new byte[5000]);
        Put(sender, from, address, 1, [9]);
        sender.Flush();
        var got = Receive(receiver, at, 2);
        Assert.Equal([true, false], got.Select(one => one.Truncated));
        Assert.Equal([9], got[1].Bytes);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_closed_socket_sends_nothing_more_and_its_number_is_used_again(bool portable, bool segmentation)
    {
        var reactor = Make(portable, segmentation);
        var (gone, _) = Open(reactor, V4);
        var (stays, staysAddress) = Open(reactor, V4);
        var (at, address) = Open(reactor, V4);
        Put(reactor, gone, address, 0, [1]);
        Put(reactor, stays, address, 1, [2]);
        reactor.Close(gone);
        Assert.Equal(gone, Open(reactor, V4).Socket);
        reactor.Flush();
        var got = Assert.Single(Receive(reactor, at, 1));
        Assert.Equal((staysAddress, (byte)2), (got.From, got.Bytes[0]));
        Assert.Equal(0, reactor.Receive(at));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_taken_address_and_one_too_many_are_refused_in_words(bool portable, bool segmentation)
    {
        var reactor = Make(portable, segmentation, sockets: 2);
        var (_, address) = Open(reactor, V4);
        Assert.Equal(SocketError.AddressAlreadyInUse, reactor.Open(address, shared: false, out var socket, out _));
        Assert.Equal(-1, socket);
        Assert.Equal(SocketError.AddressNotAvailable, reactor.Open(Endpoint.V4(0xC000_0201, 0), shared: false, out _, out _));
        Open(reactor, V4);
        Assert.Equal(SocketError.TooManyOpenSockets, reactor.Open(V4, shared: false, out _, out _));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_port_that_refuses_is_no_error_of_the_socket(bool portable, bool segmentation)
    {
        var reactor = Make(portable, segmentation);
        var (from, _) = Open(reactor, V4);
        var (closed, nobody) = Open(reactor, V4);
        reactor.Close(closed);
        var (at, address) = Open(reactor, V4);
        for (var round = 0; round < 3; round++)
        {
            Put(reactor, from, nobody, 0, [1]);
            reactor.Flush();
            Put(reactor, from, address, 0, [2]);
            reactor.Flush();
            Assert.Equal([2], Assert.Single(Receive(reactor, at, 1)).Bytes);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Waking_ends_a_wait_and_is_not_lost_when_it_comes_before(bool portable, bool segmentation)
    {
        var reactor = Make(portable, segmentation);
        Open(reactor, V4);
        reactor.Wake();
        Assert.Equal(0, reactor.Wait(new int[4], -1));
        var waiting = Task.Run(() => reactor.Wait(new int[4], -1), TestContext.Current.CancellationToken);
        reactor.Wake();
        Assert.Equal(0, await waiting);
    }

    [Fact]
    public void More_than_two_batches_between_flushes_is_a_bug_and_says_so()
    {
        var reactor = Make(portable: false, segmentation: true, batch: 2);
        var (from, address) = Open(reactor, V4);
        for (var slot = 0; slot < 4; slot++)
            reactor.Send(from, address, slot, 100, 1);
        Assert.Throws<InvalidOperationException>(() => reactor.Send(from, address, 0, 100, 1));
    }

    [Fact]
    public void Sending_and_receiving_allocate_nothing()
    {
        var reactor = Make(portable: false, segmentation: true);
        var (from, _) = Open(reactor, V4);
        var (at, address) = Open(reactor, V4);
        var ready = new int[4];
        long Round()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var slot = 0; slot < 32; slot++)
                reactor.Send(from, address, slot, 100, 1200);
            reactor.Flush();
            reactor.Wait(ready, 1000);
            while (reactor.Receive(at) > 0)
            {
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Round();
        Assert.Equal(0, Enumerable.Range(0, 50).Select(_ => Round()).Last());
    }
}
