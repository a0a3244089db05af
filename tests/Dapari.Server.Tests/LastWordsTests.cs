using Dapari.Server.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>A machine that is out of its cluster ends, whatever it still waits for.</summary>
public sealed class LastWordsTests
{
    [Fact]
    public async Task A_goodbye_that_nobody_answers_is_not_waited_for_longer_than_said()
    {
        var time = new FakeTimeProvider();
        var host = new Goodbye();
        var said = LastWords.SayAsync(host, time);
        time.Advance(LastWords.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(said.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await said.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Once_it_is_said_or_failed_nothing_is_waited_for(bool fails)
    {
        var host = new Goodbye();
        var said = LastWords.SayAsync(host, new FakeTimeProvider());
        Assert.False(said.IsCompleted);
        host.End(fails);
        await said.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private sealed class Goodbye : IAsyncDisposable
    {
        private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void End(bool fails)
        {
            if (fails)
                _end.SetException(new InvalidOperationException("The others are gone."));
            else
                _end.SetResult();
        }

        public ValueTask DisposeAsync() => new(_end.Task);
    }
}
