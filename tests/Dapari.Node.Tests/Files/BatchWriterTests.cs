using Dapari.Node.Files.Lines;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>A disk that does not answer holds back those who fill batches, when there are no empty ones any more.</summary>
public sealed class BatchWriterTests
{
    [Fact]
    public async Task There_are_so_many_batches_and_no_more()
    {
        var writer = new BatchWriter(spares: 2);
        ChunkBatch[] lanes = [new(), new(), new()];
        // Nobody writes yet: each lane hands over what it has, and two get a spare.
        ChunkBatch[] given = [await writer.ExchangeAsync(lanes[0]), await writer.ExchangeAsync(lanes[1])];
        var third = writer.ExchangeAsync(lanes[2]).AsTask();
        Assert.False(third.IsCompleted);
        Assert.Empty(given.Intersect(lanes));
        var fourth = writer.ExchangeAsync(given[0]).AsTask();
        Assert.False(fourth.IsCompleted);

        var writing = writer.RunAsync();
        // Those that were written come back, the oldest first; none is made.
        Assert.Same(lanes[0], await third.WaitAsync(LinkPair.Patience, TestContext.Current.CancellationToken));
        Assert.Same(lanes[1], await fourth.WaitAsync(LinkPair.Patience, TestContext.Current.CancellationToken));
        writer.Add(given[1]);
        writer.Complete();
        await writing.WaitAsync(LinkPair.Patience, TestContext.Current.CancellationToken);
    }
}
