using System.Net.WebSockets;
using Dapari.Server.Connections;
using Xunit;

namespace Dapari.Server.Tests;

public sealed class JoiningStreamTests
{
    [Fact]
    public async Task What_has_more_coming_leaves_with_the_next_write_as_one()
    {
        using var wire = new Wire();
        await using var stream = new JoiningStream(wire);
        await WriteAsync(stream, more: true, 1, 2);
        await WriteAsync(stream, more: true, 3);
        await stream.FlushAsync(TestContext.Current.CancellationToken);
        Assert.Empty(wire.Writes);
        await WriteAsync(stream, more: false, 4);
        Assert.Equal([1, 2, 3, 4], Assert.Single(wire.Writes));
        await WriteAsync(stream, more: false, 5); // Alone it passes through.
        Assert.Equal([5], wire.Writes[1]);
    }

    [Theory]
    [InlineData(16 * 1024 - 1, 1, 1)]
    [InlineData(16 * 1024, 1, 2)]
    [InlineData(1, 16 * 1024, 2)]
    [InlineData(0, 40_000, 1)]
    public async Task What_does_not_fit_goes_behind_what_is_kept(int kept, int next, int writes)
    {
        using var wire = new Wire();
        await using var stream = new JoiningStream(wire);
        var bytes = new byte[kept + next];
        new Random(7).NextBytes(bytes);
        if (kept > 0)
            await WriteAsync(stream, more: true, bytes[..kept]);
        await WriteAsync(stream, more: false, bytes[kept..]);
        Assert.Equal(writes, wire.Writes.Count);
        Assert.Equal(bytes, wire.Writes.SelectMany(w => w));
    }

    [Fact]
    public async Task Whatever_is_written_arrives_in_order_and_nothing_stays()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            using var wire = new Wire();
            await using var stream = new JoiningStream(wire);
            var sent = new List<byte>();
            for (var i = 0; i < 50; i++)
            {
                var bytes = new byte[random.Next(random.Next(8) == 0 ? 40_000 : 3_000)];
                random.NextBytes(bytes);
                sent.AddRange(bytes);
                var more = i < 49 && random.Next(4) != 0;
                await WriteAsync(stream, more, bytes);
                if (!more)
                    Assert.True(sent.Count == wire.Writes.Sum(w => w.Length), $"seed {seed}");
            }

            Assert.True(sent.SequenceEqual(wire.Writes.SelectMany(w => w)), $"seed {seed}");
        }
    }

    [Fact]
    public async Task A_write_that_fails_keeps_nothing_for_later()
    {
        using var wire = new Wire { Broken = true };
        await using var stream = new JoiningStream(wire);
        await WriteAsync(stream, more: true, 1);
        await Assert.ThrowsAsync<IOException>(() => WriteAsync(stream, more: false, 2));
        wire.Broken = false;
        await WriteAsync(stream, more: false, 3);
        Assert.Equal([3], Assert.Single(wire.Writes));
    }

    [Fact]
    public async Task The_frames_of_a_websocket_over_it_leave_in_one_write()
    {
        using var wire = new Wire();
        await using var stream = new JoiningStream(wire);
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        for (byte i = 0; i < 10; i++)
        {
            stream.IsMoreComing = i < 9;
            await socket.SendAsync(new[] { i }, WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);
        }

        // RFC 6455 §5.2: 0x82 final binary, then the length, unmasked from a server.
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(i => new byte[] { 0x82, 1, (byte)i }), Assert.Single(wire.Writes));
    }

    private static async Task WriteAsync(JoiningStream stream, bool more, params byte[] bytes)
    {
        stream.IsMoreComing = more;
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
    }

    /// <summary>A transport that notes each write by itself.</summary>
    private sealed class Wire : MemoryStream
    {
        public List<byte[]> Writes { get; } = [];

        public bool Broken { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Broken)
                throw new IOException();
            Writes.Add(buffer.ToArray());
            return ValueTask.CompletedTask;
        }
    }
}
