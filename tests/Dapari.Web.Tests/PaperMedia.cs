using Dapari.Web.Platform;

namespace Dapari.Web.Tests;

/// <summary>Devices that open, or do not, as told, and note what was asked of them.</summary>
internal sealed class PaperMedia : IBrowserMedia
{
    public event Action<MediaKind, MediaLoss>? Lost;

    public event Action? DevicesChanged;

    public event Action<bool>? SoundRefused;

    public event Action<ulong, LegQuality>? Measured;

    public bool IsSupported { get; set; } = true;

    public bool CanFloat => true;

    public bool CanShowScreen => true;

    public bool IsAllowed { get; set; } = true;

    public Dictionary<MediaKind, MediaRefusal> Refusals { get; } = [];

    public HashSet<MediaKind> Open { get; } = [];

    public bool IsHeard { get; private set; } = true;

    public CallSound Playing { get; private set; }

    public int Plays { get; private set; }

    public void Prepare() => CanBePrepared = true;

    public bool CanBePrepared { get; private set; }

    public Task<bool> IsAllowedAsync() => Task.FromResult(IsAllowed);

    public Task<MediaRefusal> OpenAsync(MediaKind kind)
    {
        var refusal = Refusals.GetValueOrDefault(kind);
        if (refusal == MediaRefusal.None) Open.Add(kind);
        return Task.FromResult(refusal);
    }

    public void Close(MediaKind kind) => Open.Remove(kind);

    public void CloseAll() => Open.Clear();

    public void Hear(bool on) => IsHeard = on;

    public Task<MediaRefusal> SwitchCameraAsync() => OpenAsync(MediaKind.Camera);

    public Task<IReadOnlyList<MediaDevice>> ListAsync() => Task.FromResult<IReadOnlyList<MediaDevice>>([new(MediaKind.Microphone, "m", "Desk", true)]);

    public Task<MediaRefusal> ChooseAsync(MediaKind kind, string id) => OpenAsync(kind);

    public void Show(string videoId, ulong leg, MediaKind kind) => Open.Remove(MediaKind.Speaker);

    public void Meter(string elementId) => Open.Remove(MediaKind.Speaker);

    public void LetDrag(string elementId) => Open.Remove(MediaKind.Speaker);

    public Task<bool> FloatAsync(string videoId) => Task.FromResult(true);

    public void Follow(string videoId, ulong leg, MediaKind kind)
    {
    }

    public void EndFloat()
    {
    }

    public bool IsAwake { get; private set; }

    public void StayAwake(bool on) => IsAwake = on;

    public void Sound(CallSound sound) => Playing = sound;

    public void TrySpeaker() => Plays++;

    public void PlayAll() => Plays++;

    public void Lose(MediaKind kind, MediaLoss loss)
    {
        Open.Remove(kind);
        Lost?.Invoke(kind, loss);
    }

    public void RefuseSound() => SoundRefused?.Invoke(true);

    public void Tell(ulong leg, LegQuality quality) => Measured?.Invoke(leg, quality);

    public void Plug() => DevicesChanged?.Invoke();
}
