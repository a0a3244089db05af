using Dapari.Peer.Local;
using Dapari.Web.Platform;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>
/// Being woken by the home server while the app is closed: off until the person turns it on. At each start the server's knowledge is brought up to the browser's, which may have renewed or
/// dropped the subscription meanwhile.
/// </summary>
public sealed class LiveWake(AppState app)
{
    private const string Setting = "dapari.wake";

    /// <summary>The notification that a wake-up shows.</summary>
    public const string Tag = "wake";

    private ByteString _saidFor = ByteString.Empty;

    /// <summary>Whether this browser can.</summary>
    public bool IsSupported => app.Browser.Wake.IsSupported;

    /// <summary>Whether the home server does; null: it was not reached yet.</summary>
    public bool? IsOffered => app.Home is { State: ServerState.Online } home ? !home.PushKey.IsEmpty : null;

    /// <summary>Whether the person wants it and there is a subscription, as far as known.</summary>
    public bool IsOn { get; private set; } = app.Browser.ReadSetting(Setting) == "on";

    /// <summary>A change is under way.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Why it could not be turned on; None: nothing went wrong.</summary>
    public WakeFault Fault { get; private set; }

    /// <summary>After each news of the peer: once for each key that the home server says.</summary>
    public void Follow()
    {
        if (!IsSupported || app.Snapshot.Self is null || app.Home is not { PushKey: { IsEmpty: false } key } || key == _saidFor) return;
        _saidFor = key;
        _ = SayAsync(key);
    }

    /// <summary>Turns it on or off; on only from a click.</summary>
    public async Task SetAsync(bool on)
    {
        if (IsBusy) return;
        IsBusy = true;
        Fault = WakeFault.None;
        try
        {
            if (!on)
            {
                await StopAsync();
                await app.TryAsync(new Command { SetWakeUp = new SetWakeUp() });
                return;
            }

            if (app.Home is not { PushKey: { IsEmpty: false } key }) return;
            (var subscription, Fault) = await app.Browser.Wake.SubscribeAsync(key.Memory);
            if (subscription is null || !await app.DoAsync(new Command { SetWakeUp = new SetWakeUp { Subscription = subscription } })) return;
            IsOn = true;
            app.Browser.WriteSetting(Setting, "on");
            await KeepWordsAsync();
        }
        finally
        {
            IsBusy = false;
        }
    }

    /// <summary>Takes the subscription back, without a word to the server: the identity goes, and its mailboxes with it.</summary>
    public async Task StopAsync()
    {
        IsOn = false;
        app.Browser.WriteSetting(Setting, null);
        if (IsSupported) await app.Browser.Wake.UnsubscribeAsync();
    }

    /// <summary>The language may have changed.</summary>
    public Task KeepWordsAsync() => IsOn ? app.Browser.Wake.KeepWordsAsync("Dapari", app.T.Settings.WakeBody) : Task.CompletedTask;

    private async Task SayAsync(ByteString key)
    {
        var subscription = IsOn ? await app.Browser.Wake.ReadAsync(key.Memory) : null;
        // What the person wanted and the browser took back (its settings, cleared data) stays wanted: it may come again.
        await app.TryAsync(new Command { SetWakeUp = new SetWakeUp { Subscription = subscription } });
        await KeepWordsAsync();
        app.Browser.Unnotify(Tag);
    }
}
