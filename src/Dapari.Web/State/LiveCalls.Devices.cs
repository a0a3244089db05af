using Dapari.Peer.Local;
using Dapari.Web.Platform;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>What this side sends: microphone, camera, screen.</summary>
public sealed partial class LiveCalls
{
    /// <summary>Heard or muted.</summary>
    public async Task SetMicrophoneAsync(bool on)
    {
        Microphone = on;
        if (on && !Took(MediaKind.Microphone, await Media.OpenAsync(MediaKind.Microphone))) Microphone = false;
        Media.Hear(Microphone);
        await TellMediaAsync();
    }

    /// <summary>Seen or not.</summary>
    public async Task SetCameraAsync(bool on)
    {
        Camera = on;
        if (!on) Media.Close(MediaKind.Camera);
        else if (!Took(MediaKind.Camera, await Media.OpenAsync(MediaKind.Camera))) Camera = false;
        await TellMediaAsync();
    }

    /// <summary>The screen shown or not. Must come from a click.</summary>
    public async Task SetScreenAsync(bool on)
    {
        Screen = on;
        if (!on) Media.Close(MediaKind.Screen);
        else if (!Took(MediaKind.Screen, await Media.OpenAsync(MediaKind.Screen))) Screen = false;
        await TellMediaAsync();
    }

    /// <summary>The other camera.</summary>
    public async Task SwitchCameraAsync()
    {
        if (!Took(MediaKind.Camera, await Media.SwitchCameraAsync())) Camera = false;
        await TellMediaAsync();
    }

    /// <summary>Another device of a kind.</summary>
    public async Task ChooseAsync(MediaKind kind, string id)
    {
        var taken = Took(kind, await Media.ChooseAsync(kind, id));
        if (!taken && kind == MediaKind.Camera) Camera = false;
        if (!taken && kind == MediaKind.Microphone) Microphone = false;
        await TellMediaAsync();
    }

    /// <summary>Tries a device again that gave trouble.</summary>
    public Task RetryAsync() => Trouble?.Kind switch
    {
        MediaKind.Microphone => SetMicrophoneAsync(true),
        MediaKind.Camera => SetCameraAsync(true),
        MediaKind.Screen => SetScreenAsync(true),
        _ => Task.CompletedTask,
    };

    /// <summary>The person knows.</summary>
    public void ForgetTrouble()
    {
        Trouble = null;
        _app.Redraw();
    }

    /// <summary>After a tap: plays what the browser held back.</summary>
    public void PlayAll()
    {
        IsSilent = false;
        Media.PlayAll();
        _app.Redraw();
    }

    // Microphone and, where wanted, camera; true when the person will be heard.
    private async Task<bool> OpenAsync(bool video)
    {
        var camera = video ? Media.OpenAsync(MediaKind.Camera) : null;
        var heard = Took(MediaKind.Microphone, await Media.OpenAsync(MediaKind.Microphone));
        if (!heard) Microphone = false;
        if (camera is not null)
        {
            var trouble = Trouble;
            if (!Took(MediaKind.Camera, await camera)) Camera = false;
            // Not being heard weighs more than not being seen.
            Trouble = trouble ?? Trouble;
        }

        return heard;
    }

    private bool Took(MediaKind kind, MediaRefusal refusal)
    {
        if (refusal == MediaRefusal.None)
        {
            if (Trouble?.Kind == kind) Trouble = null;
            return true;
        }

        if (refusal != MediaRefusal.Closed) Trouble = new CallTrouble(kind, _app.T.Call.Refused(kind, refusal), refusal != MediaRefusal.Unsupported);
        return false;
    }

    private Task TellMediaAsync() => TellMediaAsync(Call?.CallId ?? ByteString.Empty);

    private async Task TellMediaAsync(ByteString callId)
    {
        _app.Redraw();
        if (callId.IsEmpty) return;
        StayAwake();
        var media = new CallMedia { Microphone = Microphone, Camera = Camera, Screen = Screen };

        // The call may have ended meanwhile: then there is nobody to tell.
        await _app.Peer.ExecuteAsync(new Command { SetCallMedia = new SetCallMedia { CallId = callId, Media = media } }, CancellationToken.None);
    }

    private void OnLost(MediaKind kind, MediaLoss loss)
    {
        if (kind == MediaKind.Screen) Screen = false;
        else if (kind == MediaKind.Camera) Camera = false;
        else if (loss == MediaLoss.Gone) Microphone = false;
        else Media.Hear(Microphone);
        var text = _app.T.Call.Lost(kind, loss);
        if (loss == MediaLoss.Gone) Trouble = new CallTrouble(kind, text, CanRetry: true);
        else _app.Toasts.Say(text);
        _app.Announce(text);
        _ = TellMediaAsync();
    }

    private void OnSoundRefused(bool refused)
    {
        IsSilent = refused;
        _app.Redraw();
    }

    private void OnMeasured(ulong leg, LegQuality quality)
    {
        if (!_quality.TryGetValue(leg, out var kept)) _quality[leg] = kept = [];
        if (kept.Count == Kept) kept.RemoveAt(0);
        kept.Add(quality);
        Measured?.Invoke();
    }
}
