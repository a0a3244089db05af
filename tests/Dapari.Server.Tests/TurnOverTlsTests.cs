using System.IO.Pipelines;
using System.Text;
using Dapari.Server.Relays;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What the first bytes on the HTTPS port are taken for.</summary>
public sealed class TurnOverTlsTests
{
    private static readonly byte[] Binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

    [Fact]
    public async Task A_STUN_message_is_known_by_its_cookie_however_it_is_split()
    {
        var pipe = new Pipe();
        var verdict = TurnOverTls.IsStunAsync(pipe.Reader, new FakeTimeProvider());
        foreach (var value in Binding[..8])
        {
            Assert.False(verdict.IsCompleted);
            await pipe.Writer.WriteAsync(new[] { value }, TestContext.Current.CancellationToken);
        }

        Assert.True(await verdict.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await AssertAllThereAsync(pipe, Binding[..8]);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n")]
    [InlineData("\r\nGET / HTTP/1.1\r\n")]
    [InlineData("G")]
    [InlineData("\u0000\u0001\u0000\u0000\u0021\u0012\u0000\u0042")]
    [InlineData("\u0040\u0000\u0000\u0004\u0021\u0012\u0024\u0042")]
    public async Task Everything_else_is_HTTPs_with_all_its_bytes(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(bytes, TestContext.Current.CancellationToken);
        Assert.False(await TurnOverTls.IsStunAsync(pipe.Reader, new FakeTimeProvider()).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await AssertAllThereAsync(pipe, bytes);
    }

    [Fact]
    public async Task Who_says_nothing_or_leaves_is_HTTPs_whose_deadlines_hold()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Binding.AsMemory(0, 3), TestContext.Current.CancellationToken);
        var silent = TurnOverTls.IsStunAsync(pipe.Reader, time);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(silent.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await silent.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        await AssertAllThereAsync(pipe, Binding[..3]);
        var gone = new Pipe();
        await gone.Writer.CompleteAsync(new IOException("reset"));
        Assert.False(await TurnOverTls.IsStunAsync(gone.Reader, time));
    }

    private static async Task AssertAllThereAsync(Pipe pipe, byte[] bytes)
    {
        await pipe.Writer.CompleteAsync();
        var read = await pipe.Reader.ReadAtLeastAsync(bytes.Length, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, System.Buffers.BuffersExtensions.ToArray(read.Buffer));
    }
}
