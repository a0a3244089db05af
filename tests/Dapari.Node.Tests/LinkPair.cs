using Dapari.Peer.Hosting;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>Two ends whose signals go to each other.</summary>
internal sealed class LinkPair : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public LinkPair(Func<IPathLink> one, Func<IPathLink> other)
    {
        (One, Other) = (new LinkEnd(one()), new LinkEnd(other()));
        One.Link.SignalMade += (path, signal) => Carry(Other, path, signal);
        Other.Link.SignalMade += (path, signal) => Carry(One, path, signal);
    }

    public LinkEnd One { get; }

    public LinkEnd Other { get; }

    public IReadOnlyList<IceServer> Servers { get; set; } = [];

    public Action<Signal>? Swap { get; set; }

    /// <summary>Sees each signal and whether the first end made it; false: it is lost.</summary>
    public Func<bool, Signal, bool>? Route { get; set; }

    public void Begin()
    {
        Other.Link.Open(1, offerer: false, polite: true, Servers);
        One.Link.Open(1, offerer: true, polite: false, Servers);
        One.Begin();
        Other.Begin();
    }

    public async Task OpenAsync()
    {
        Begin();
        await OpenedAsync();
    }

    public async Task OpenedAsync()
    {
        await One.Opened.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await Other.Opened.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)One.Link).DisposeAsync();
        await ((IAsyncDisposable)Other.Link).DisposeAsync();
    }

    private void Carry(LinkEnd to, ulong path, Signal signal)
    {
        var copy = signal.Clone();
        Swap?.Invoke(copy);
        if (Route?.Invoke(to == Other, copy) == false)
            return;
        // As a server would: later, and on another thread; in order.
        to.Take(path, copy);
    }
}

/// <summary>One of them, and what it was told.</summary>
internal sealed class LinkEnd
{
    private readonly System.Threading.Channels.Channel<byte[]> _received = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
    private readonly System.Threading.Channels.Channel<(ulong Path, Signal Signal)> _signals = System.Threading.Channels.Channel.CreateUnbounded<(ulong, Signal)>();
    private int _descriptions;

    public LinkEnd(IPathLink link)
    {
        Link = link;
        link.Opened += (_, facts) => Opened.TrySetResult(facts);
        link.Closed += _ => Closed.TrySetResult();
        link.SignalMade += (_, signal) =>
        {
            if (signal.PartCase is Signal.PartOneofCase.OfferSdp or Signal.PartOneofCase.AnswerSdp)
                Interlocked.Increment(ref _descriptions);
        };
        link.Received += (_, message) =>
        {
            Blocked?.Wait();
            _received.Writer.TryWrite(message);
        };
    }

    public IPathLink Link { get; }

    public int Descriptions => Volatile.Read(ref _descriptions);

    public TaskCompletionSource<PathFacts> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ManualResetEventSlim? Blocked { get; set; }

    /// <summary>Both ends know the path: the engine opens it at the second one before it hands signals on.</summary>
    public void Begin() => _ = DeliverAsync();

    public void Take(ulong path, Signal signal) => _signals.Writer.TryWrite((path, signal));

    public async Task<byte[]> ReceiveAsync() => await _received.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(LinkPair.Patience);

    private async Task DeliverAsync()
    {
        await foreach (var (path, signal) in _signals.Reader.ReadAllAsync())
            Link.Accept(path, signal);
    }
}
