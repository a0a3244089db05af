namespace Dapari.Server.Hosting;

/// <summary>The end of a machine that the others of its cluster have declared dead.</summary>
internal static class LastWords
{
    /// <summary>What it still asks the others may not be answered for a minute; its mailboxes are theirs already.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <summary>It says goodbye, and waits for no more than <see cref="Patience"/>; a goodbye that fails is one.</summary>
    public static async Task SayAsync(IAsyncDisposable host, TimeProvider time)
    {
        var goodbye = host.DisposeAsync().AsTask();
        await goodbye.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
