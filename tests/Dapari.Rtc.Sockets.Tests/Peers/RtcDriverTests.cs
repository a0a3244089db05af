using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sockets.Peers;
using Xunit;

namespace Dapari.Rtc.Sockets.Tests.Peers;

/// <summary>Two peers over real sockets of loopback.</summary>
public sealed class RtcDriverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly DtlsCertificate _certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());

    public static TheoryData<bool, string> Kinds => new() { { false, "127.0.0.1" }, { true, "127.0.0.1" }, { false, "::1" } };

    public void Dispose() => _certificate.Dispose();

    [Theory, MemberData(nameof(Kinds))]
    public async Task Messages_of_any_size_arrive_bit_for_bit_and_in_order(bool portable, string address)
    {
        await using var pair = await PairAsync(portable, address);
        var channel = await pair.OpenAsync();
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(7);
        var (count, bytes) = (0, 0L);
        var reading = ReadAsync(pair.Second, received);
        for (; count < 600; count++)
        {
            var message = new byte[count % 7 == 0 ? 1 + random.Next(40) : 1 + random.Next(64 * 1024)];
            random.NextBytes(message);
            sent.AppendData(message);
            bytes += message.Length;
            Assert.Equal(SendResult.Accepted, await pair.First.Driver.SendAsync(channel, message, text: false).Soon());
        }

        await reading.Soon();
        Assert.True(bytes > 10_000_000);
        Assert.Equal(sent.GetHashAndReset(), received.GetHashAndReset());
    }

    [Fact]
    public async Task A_reader_that_does_not_read_makes_the_sender_wait_and_nothing_is_lost()
    {
        await using var pair = await PairAsync(false, "127.0.0.1");
        var channel = await pair.OpenAsync();
        using var stands = new ManualResetEventSlim();
        pair.Second.Stand(stands);
        var message = new byte[64 * 1024];
        var sends = Enumerable.Range(0, 60).Select(_ => pair.First.Driver.SendAsync(channel, message, text: false)).ToList();
        // Buffers end somewhere.
        await pair.First.AskAsync((_, _) => 0);
        Assert.Contains(sends, send => !send.IsCompleted);
        stands.Set();
        for (var i = 0; i < 60; i++)
            Assert.Equal(message.Length, (await pair.Second.NextAsync()).Bytes.Length);
        foreach (var send in sends)
            Assert.Equal(SendResult.Accepted, await send.Soon());
    }

    [Fact]
    public async Task When_one_ends_the_other_is_told_and_what_waits_is_answered()
    {
        await using var pair = await PairAsync(false, "127.0.0.1");
        var channel = await pair.OpenAsync();
        await pair.Second.Driver.DisposeAsync();
        await pair.First.UntilAsync(RtcEventKind.Closed);
        Assert.Equal(SendResult.NotOpen, await pair.First.Driver.SendAsync(channel, new byte[8], text: true).Soon());
        Assert.Equal(SendResult.NotOpen, await pair.Second.Driver.SendAsync(channel, new byte[8], text: true).Soon());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pair.Second.AskAsync((_, _) => 1));
    }

    [Fact]
    public async Task An_error_of_the_listener_ends_the_driver_and_is_told()
    {
        await using var pair = await PairAsync(false, "127.0.0.1");
        pair.First.Driver.Do((_, _) => throw new InvalidOperationException("a bug"));
        await pair.First.Driver.Ended.Soon();
        Assert.Equal("a bug", (await pair.First.Fault.Task.Soon()).Message);
    }

    [Theory]
    [InlineData(false, "127.0.0.1", true)]
    [InlineData(true, "127.0.0.1", false)]
    [InlineData(false, "::1", true)]
    public async Task Where_no_udp_goes_through_they_meet_by_tcp(bool portable, string address, bool firstListens)
    {
        // What is told is TCP alone, and one end of it: as between networks that let nothing else through.
        await using var pair = await PairAsync(portable, address, (first, candidate) => candidate.Tcp == (first == firstListens ? IceTcpType.Passive : IceTcpType.Active));
        var channel = await pair.OpenAsync();
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var reading = ReadAsync(pair.Second, received);
        for (var i = 0; i < 600; i++)
        {
            var message = RandomNumberGenerator.GetBytes(1 + (i * 53));
            sent.AppendData(message);
            Assert.Equal(SendResult.Accepted, await pair.First.Driver.SendAsync(channel, message, text: false).Soon());
        }

        await reading.Soon();
        Assert.Equal(sent.GetHashAndReset(), received.GetHashAndReset());
        var selected = pair.First.Selected!.Value;
        Assert.True(selected is { Local.IsTcp: true, Remote.IsTcp: true });
        await pair.First.Driver.DisposeAsync();
        await pair.Second.UntilAsync(RtcEventKind.Closed);
    }

    [Fact]
    public async Task Strangers_who_connect_are_closed_on_and_keep_nobody_out()
    {
        using var strangers = new Strangers();
        await using var pair = await PairAsync(false, "127.0.0.1", (first, candidate) =>
        {
            if (first && candidate.Tcp == IceTcpType.Passive)
                strangers.Come(candidate.Address.Port); // Before the other end does.
            return candidate.Tcp == (first ? IceTcpType.Passive : IceTcpType.Active);
        });
        var channel = await pair.OpenAsync();
        Assert.Equal(SendResult.Accepted, await pair.First.Driver.SendAsync(channel, "still here"u8.ToArray(), text: true).Soon());
        Assert.Equal("still here"u8.ToArray(), (await pair.Second.NextAsync()).Bytes);
        await strangers.AreClosedOnAsync();
    }

    /// <summary>More than are let in at a time: some say nothing, some a frame that no check is as long as, some that after one that is none.</summary>
    private sealed class Strangers : IDisposable
    {
        private readonly List<System.Net.Sockets.Socket> _sockets = [];

        public void Come(int port)
        {
            for (var i = 0; i < 24; i++)
            {
                var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
                socket.Connect(IPAddress.Loopback, port);
                _sockets.Add(socket);
                // Those who are silent come first: the others push them out.
                if (i >= 8)
                    socket.Send(i % 2 == 1 ? [0xFF, 0xFF, 1, 2, 3] : [0, 3, 1, 2, 3, 0xFF, 0xFF]);
            }
        }

        public async Task AreClosedOnAsync()
        {
            foreach (var socket in _sockets)
            {
                try
                {
                    Assert.Equal(0, await socket.ReceiveAsync(new byte[1], System.Net.Sockets.SocketFlags.None, TestContext.Current.CancellationToken).AsTask().Soon());
                }
                catch (System.Net.Sockets.SocketException)
                {
                    // Closed on at once, with what it had said unread.
                }
            }
        }

        public void Dispose() => _sockets.ForEach(socket => socket.Dispose());
    }

    private static async Task ReadAsync(End end, IncrementalHash hash)
    {
        for (var i = 0; i < 600; i++)
            hash.AppendData((await end.NextAsync()).Bytes);
    }

    private async Task<Pair> PairAsync(bool portable, string address, Func<bool, IceCandidate, bool>? tells = null)
    {
        var (first, second) = (new End(_certificate, true, portable, address), new End(_certificate, false, portable, address));
        (first.Other, second.Other) = (second, first);
        first.Tells = candidate => tells is null || tells(true, candidate);
        second.Tells = candidate => tells is null || tells(false, candidate);
        first.Driver.Start();
        second.Driver.Start();
        var offer = await first.AskAsync((peer, _) => peer.LocalDescription);
        Assert.True(await second.AskAsync((peer, now) => peer.SetRemote(offer, now)));
        var answer = await second.AskAsync((peer, _) => peer.LocalDescription);
        Assert.True(await first.AskAsync((peer, now) => peer.SetRemote(answer, now)));
        first.Tell();
        second.Tell();
        await first.UntilAsync(RtcEventKind.Connected);
        await second.UntilAsync(RtcEventKind.Connected);
        return new Pair(first, second);
    }

    private sealed record Pair(End First, End Second) : IAsyncDisposable
    {
        public async Task<RtcChannel> OpenAsync()
        {
            var channel = await First.AskAsync((peer, _) => peer.OpenChannel("test", "", ChannelReliability.Reliable, ordered: true));
            await First.UntilAsync(RtcEventKind.ChannelOpened);
            return channel;
        }

        public async ValueTask DisposeAsync()
        {
            await First.Driver.DisposeAsync();
            await Second.Driver.DisposeAsync();
        }
    }

    /// <summary>One end; candidates reach the other when <see cref="Tell"/> was called.</summary>
    private sealed class End : IRtcListener
    {
        private readonly Channel<RtcEventKind> _events = Channel.CreateUnbounded<RtcEventKind>();
        private readonly Channel<(bool Text, byte[] Bytes)> _messages = Channel.CreateUnbounded<(bool, byte[])>();
        private readonly TaskCompletionSource _tells = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public End(DtlsCertificate certificate, bool offerer, bool portable, string address) => Driver = new RtcDriver(
            new RtcDriverOptions { Peer = new RtcPeerOptions { Offerer = offerer, Certificate = certificate, Sctp = new() { MaxPacket = 1_180, SendBuffer = 512 * 1024 } }, Addresses = [IPAddress.Parse(address)], Portable = portable },
            this, Entropy.System);

        public RtcDriver Driver { get; }

        public End Other { get; set; } = null!;

        /// <summary>Which candidates the other is told.</summary>
        public Func<IceCandidate, bool> Tells { get; set; } = _ => true;

        public SelectedPair? Selected { get; private set; }

        public TaskCompletionSource<Exception> Fault { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<TAnswer> AskAsync<TAnswer>(Func<RtcPeer, long, TAnswer> ask) => Driver.AskAsync(ask).Soon();

        /// <summary>Its thread does nothing until the event is set.</summary>
        public void Stand(ManualResetEventSlim until) => Driver.Do((_, _) => until.Wait(Patience));

        public void Tell() => _tells.TrySetResult();

        public ValueTask<(bool Text, byte[] Bytes)> NextAsync() => _messages.Reader.ReadAsync(new CancellationTokenSource(Patience).Token);

        public async Task UntilAsync(RtcEventKind kind)
        {
            using var over = new CancellationTokenSource(Patience);
            while (await _events.Reader.ReadAsync(over.Token) != kind)
            {
            }
        }

        public void Happened(RtcPeer peer, in RtcEvent told, long nowUs)
        {
            if (told.Kind == RtcEventKind.PairSelected)
                Selected = told.Pair;
            if (told.Candidate is { } candidate && told.Kind == RtcEventKind.CandidateFound && Tells(candidate))
                _ = TellAsync(candidate);
            _events.Writer.TryWrite(told.Kind);
        }

        public void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs) => _messages.Writer.TryWrite((text, message.ToArray()));

        public void Failed(Exception fault) => Fault.TrySetResult(fault);

        private async Task TellAsync(IceCandidate candidate)
        {
            await _tells.Task;
            Other.Driver.Do((peer, now) => peer.AddRemoteCandidate(candidate, now));
        }
    }
}

internal static class Soonness
{
    /// <summary>With a limit that a machine ten times slower keeps.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(TimeSpan.FromSeconds(90));

    public static Task Soon(this Task task) => task.WaitAsync(TimeSpan.FromSeconds(90));
}
