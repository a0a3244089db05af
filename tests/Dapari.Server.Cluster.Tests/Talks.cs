using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>Several pairs; sender and owner of each begin at different machines.</summary>
internal sealed class Talks(List<Talk> talks) : IAsyncDisposable
{
    private const int Pairs = 4;

    public static async Task<Talks> BeginAsync(Uri[] machines)
    {
        var talks = Enumerable.Range(0, Pairs).Select(i => new Talk(Ways(machines, i), Ways(machines, i + i / machines.Length + 1))).ToList();
        foreach (var talk in talks)
            await talk.BeginAsync();
        return new Talks(talks);
    }

    /// <summary>Machines have come and gone: where people connect from the next time on.</summary>
    public void Connect(params Uri[] machines)
    {
        for (var i = 0; i < talks.Count; i++)
            talks[i].Connect(Ways(machines, i), Ways(machines, i + i / machines.Length + 1));
    }

    public Task MoreAsync(int posts) => Task.WhenAll(talks.Select(t => t.MoreAsync(posts)));

    /// <summary>How often owners were told that somebody else had their mailboxes.</summary>
    public int Taken => talks.Sum(t => t.Taken);

    public async Task EndAsync() => Assert.All(await Task.WhenAll(talks.Select(t => t.EndAsync())), Assert.Null);

    public async ValueTask DisposeAsync()
    {
        foreach (var talk in talks)
            await talk.DisposeAsync();
    }

    private static Uri[] Ways(Uri[] machines, int first) => [.. Enumerable.Range(0, machines.Length).Select(i => machines[(first + i) % machines.Length])];
}
