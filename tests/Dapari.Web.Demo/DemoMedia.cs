using Dapari.Web.Platform;

namespace Dapari.Web.Demo;

/// <summary>Devices that are not there, and pictures that are painted.</summary>
internal sealed class DemoMedia : IBrowserMedia
{
    public bool IsSupported => true;
    public bool CanFloat => true;
    public bool CanShowScreen => true;
    public MediaRefusal Refusal { get; set; }
    public event Action<MediaKind, MediaLoss>? Lost { add { } remove { } }
    public event Action? DevicesChanged { add { } remove { } }
    public event Action<bool>? SoundRefused { add { } remove { } }
    public event Action<ulong, LegQuality>? Measured;
    public void Prepare() { }
    public Task<bool> IsAllowedAsync() => Task.FromResult(Refusal == MediaRefusal.None);
    public Task<MediaRefusal> OpenAsync(MediaKind kind) => Task.FromResult(Refusal);
    public void Close(MediaKind kind) { }
    public void CloseAll() { }
    public void Hear(bool on) { }
    public Task<MediaRefusal> SwitchCameraAsync() => Task.FromResult(MediaRefusal.None);
    public Task<IReadOnlyList<MediaDevice>> ListAsync() => Task.FromResult<IReadOnlyList<MediaDevice>>(
    [
        new(MediaKind.Microphone, "m1", "Microfono interno", true), new(MediaKind.Microphone, "m2", "Cuffie USB", false),
        new(MediaKind.Speaker, "s1", "Altoparlanti", true), new(MediaKind.Camera, "c1", "Videocamera frontale", true), new(MediaKind.Camera, "c2", "Videocamera posteriore", false),
    ]);
    public Task<MediaRefusal> ChooseAsync(MediaKind kind, string id) => Task.FromResult(MediaRefusal.None);
    public void Show(string videoId, ulong leg, MediaKind kind) => DemoBrowser.Paint(videoId, kind == MediaKind.Screen ? "screen" : "camera");
    public void Meter(string elementId) => DemoBrowser.Level(elementId);
    public void LetDrag(string elementId) { }
    public Task<bool> FloatAsync(string videoId) => Task.FromResult(true);

    public void Follow(string videoId, ulong leg, MediaKind kind)
    {
    }

    public void EndFloat()
    {
    }
    public void StayAwake(bool on) { }
    public void Sound(CallSound sound) { }
    public void TrySpeaker() { }
    public void PlayAll() { }
    public void Tell(ulong leg, LegQuality quality) => Measured?.Invoke(leg, quality);
}
