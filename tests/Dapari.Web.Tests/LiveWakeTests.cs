using Dapari.Peer.Local;
using Dapari.Web.Platform;
using Dapari.Web.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;
using Kind = Dapari.Peer.Local.Command.KindOneofCase;

namespace Dapari.Web.Tests;

/// <summary>Being woken: between the person, the browser's subscription and what the server is told.</summary>
public sealed class LiveWakeTests : IDisposable
{
    private static readonly ByteString Key = ByteString.CopyFrom([4, .. new byte[64]]);
    private readonly PaperPeer _peer = new();
    private readonly PaperBrowser _browser = new();
    private AppState? _app;

    private PaperWake Wake => (PaperWake)_browser.Wake;

    [Fact]
    public async Task It_is_off_until_it_is_turned_on_and_survives_a_start()
    {
        var app = Start(Key);
        Assert.False(app.Wake.IsOn);
        Assert.Null(Assert.Single(Said()));
        await app.Wake.SetAsync(true);
        Assert.True(app.Wake.IsOn);
        Assert.Equal(PaperWake.Subscription("new"), Said()[^1]);
        Assert.Equal("Dapari: Something new is waiting for you.", Wake.Words);

        // The browser renewed it while the app was closed: the next start tells the server.
        Wake.Present = PaperWake.Subscription("renewed");
        app = Start(Key);
        Assert.True(app.Wake.IsOn);
        Assert.Equal(PaperWake.Subscription("renewed"), Said()[^1]);

        await app.Wake.SetAsync(false);
        Assert.False(app.Wake.IsOn);
        Assert.Null(Said()[^1]);
        Assert.Null(Wake.Present);
        Assert.False(Start(Key).Wake.IsOn);
    }

    [Fact]
    public void A_server_is_told_once_for_each_key_it_says()
    {
        var app = Start(ByteString.Empty);
        Assert.False(app.Wake.IsOffered);
        _peer.Tell();
        Assert.Empty(Said());
        _peer.Snapshot.Servers[0].PushKey = Key;
        _peer.Tell();
        _peer.Tell();
        Assert.True(app.Wake.IsOffered);
        Assert.Single(Said());
        _peer.Snapshot.Servers[0].State = ServerState.Offline;
        Assert.Null(app.Wake.IsOffered);
    }

    [Theory]
    [InlineData(WakeFault.Denied)]
    [InlineData(WakeFault.Failed)]
    public async Task What_the_browser_refuses_stays_off_and_is_said(WakeFault fault)
    {
        var app = Start(Key);
        Wake.Fault = fault;
        await app.Wake.SetAsync(true);
        Assert.Equal((false, fault, false), (app.Wake.IsOn, app.Wake.Fault, app.Wake.IsBusy));
        Assert.Null(Assert.Single(Said()));
        Wake.Fault = WakeFault.None;
        await app.Wake.SetAsync(true);
        Assert.Equal((true, WakeFault.None), (app.Wake.IsOn, app.Wake.Fault));
    }

    [Fact]
    public async Task What_the_peer_refuses_stays_off()
    {
        var app = Start(Key);
        _peer.Refusal = CommandRefusal.PeerFailed;
        await app.Wake.SetAsync(true);
        Assert.False(app.Wake.IsOn);
    }

    [Fact]
    public void A_browser_that_cannot_is_asked_nothing()
    {
        Wake.IsSupported = false;
        Assert.False(Start(Key).Wake.IsSupported);
        Assert.Empty(Said());
    }

    [Fact]
    public async Task The_words_follow_the_language()
    {
        var app = Start(Key);
        await app.Wake.SetAsync(true);
        _browser.SetLanguage("it");
        Assert.Equal("Dapari: C'è qualcosa di nuovo per te.", Wake.Words);
    }

    public void Dispose()
    {
        _app?.Dispose();
        _browser.Dispose();
    }

    private AppState Start(ByteString key)
    {
        _app?.Dispose();
        _peer.Snapshot.Servers[0].PushKey = key;
        return _app = new AppState(_peer, _browser, new Navigation(), RandomSource.System);
    }

    private List<WakeSubscription?> Said() => [.. _peer.Commands.Where(c => c.KindCase == Kind.SetWakeUp).Select(c => (WakeSubscription?)c.SetWakeUp.Subscription)];
}
