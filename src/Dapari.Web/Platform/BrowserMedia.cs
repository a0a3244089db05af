using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Devices and pictures of calls, by call-media.js, call-screen.js and call-sound.js.</summary>
internal sealed partial class BrowserMedia : IBrowserMedia
{
    private readonly MediaLink _legs;
    private readonly Dictionary<string, (ulong Leg, MediaKind Kind)> _shown = [];

    public BrowserMedia(MediaLink legs)
    {
        _legs = legs;
        legs.Measured += (leg, quality) => Measured?.Invoke(leg, quality);
        legs.Numbered += (leg, number) =>
        {
            if (number < 0) return;
            foreach (var (video, what) in _shown)
            {
                if (what.Leg == leg) Js.Show(video, number, Name(what.Kind));
            }
        };
        CallEvents.OnLost = (kind, reason) => Lost?.Invoke(
            kind switch { "camera" => MediaKind.Camera, "screen" => MediaKind.Screen, _ => MediaKind.Microphone },
            reason switch { "changed" => MediaLoss.Changed, "ended" => MediaLoss.Ended, _ => MediaLoss.Gone });
        CallEvents.OnDevicesChanged = () => DevicesChanged?.Invoke();
        CallEvents.OnSilent = on => SoundRefused?.Invoke(on);
    }

    private string? _floating;
    private int _followed = -1;

    public event Action<MediaKind, MediaLoss>? Lost;

    public event Action? DevicesChanged;

    public event Action<bool>? SoundRefused;

    public event Action<ulong, LegQuality>? Measured;

    public bool IsSupported => _legs.IsSupported;

    public bool CanFloat { get; private set; }

    public bool CanShowScreen { get; private set; }

    public void Prepare() => CallModules.Run(() => (CanFloat, CanShowScreen) = (Js.CanFloat(), Js.CanShowScreen()));

    public async Task<bool> IsAllowedAsync()
    {
        await CallModules.LoadAsync();
        return await Js.IsAllowed();
    }

    public async Task<MediaRefusal> OpenAsync(MediaKind kind)
    {
        await CallModules.LoadAsync();
        Prepare();
        Js.AllowSound();
        return RefusalOf(await Js.Open(Name(kind)));
    }

    public void Close(MediaKind kind) => CallModules.Run(() => Js.Close(Name(kind)));

    public void CloseAll()
    {
        _shown.Clear();
        CallModules.Run(Js.CloseAll);
    }

    public void Hear(bool on) => CallModules.Run(() => Js.Hear(on));

    public async Task<MediaRefusal> SwitchCameraAsync()
    {
        await CallModules.LoadAsync();
        return RefusalOf(await Js.SwitchCamera());
    }

    public async Task<IReadOnlyList<MediaDevice>> ListAsync()
    {
        await CallModules.LoadAsync();
        List<MediaDevice> devices = [];
        foreach (var line in (await Js.Devices()).Split('\n'))
        {
            if (line.Split('|') is [var kind, var id, var label, var inUse])
                devices.Add(new MediaDevice(kind switch { "camera" => MediaKind.Camera, "speaker" => MediaKind.Speaker, _ => MediaKind.Microphone }, id, label, inUse == "1"));
        }

        return devices;
    }

    public async Task<MediaRefusal> ChooseAsync(MediaKind kind, string id)
    {
        await CallModules.LoadAsync();
        var refusal = RefusalOf(await Js.Choose(Name(kind), id));
        if (kind == MediaKind.Speaker) Js.DirectAll();
        return refusal;
    }

    public void Show(string videoId, ulong leg, MediaKind kind)
    {
        _shown[videoId] = (leg, kind);
        var number = leg == 0 ? 0 : _legs.NumberOf(leg);
        if (number >= 0) CallModules.Run(() => Js.Show(videoId, number, Name(kind)));
    }

    public void Meter(string elementId) => CallModules.Run(() => Js.Meter(elementId));

    public void LetDrag(string elementId) => CallModules.Run(() => Js.Drag(elementId));

    public async Task<bool> FloatAsync(string videoId)
    {
        await CallModules.LoadAsync();
        _floating = videoId;
        return await Js.Float(videoId);
    }

    public void Follow(string videoId, ulong leg, MediaKind kind)
    {
        if (_floating != videoId || _legs.NumberOf(leg) is not (>= 0 and var number) || number == _followed)
            return;
        _followed = number;
        CallModules.Run(() => Js.Follow(number, Name(kind)));
    }

    public void EndFloat()
    {
        if (_floating is null)
            return;
        (_floating, _followed) = (null, -1);
        CallModules.Run(Js.EndFloat);
    }

    public void StayAwake(bool on) => CallModules.Run(() => Js.StayAwake(on));

    public void Sound(CallSound sound) => CallModules.Run(() =>
    {
        switch (sound)
        {
            case CallSound.Ring:
                Js.Ring("ring");
                break;
            case CallSound.RingBack:
                Js.Ring("back");
                break;
            case CallSound.Over:
                Js.Hush();
                Js.Over();
                break;
            default:
                Js.Hush();
                break;
        }
    });

    public void TrySpeaker() => CallModules.Run(() => _ = Js.TryOut(Js.Speaker()));

    public void PlayAll() => CallModules.Run(Js.PlayAll);

    private static string Name(MediaKind kind) => kind switch
    {
        MediaKind.Camera => "camera",
        MediaKind.Screen => "screen",
        MediaKind.Speaker => "speaker",
        _ => "microphone",
    };

    private static MediaRefusal RefusalOf(string reason) => reason switch
    {
        "" => MediaRefusal.None,
        "denied" => MediaRefusal.Denied,
        "missing" => MediaRefusal.Missing,
        "busy" => MediaRefusal.Busy,
        "unsupported" => MediaRefusal.Unsupported,
        "closed" => MediaRefusal.Closed,
        _ => MediaRefusal.Failed,
    };

    private static partial class Js
    {
        [JSImport("isAllowed", "call-media")]
        internal static partial Task<bool> IsAllowed();

        [JSImport("open", "call-media")]
        internal static partial Task<string> Open(string kind);

        [JSImport("close", "call-media")]
        internal static partial void Close(string kind);

        [JSImport("closeAll", "call-media")]
        internal static partial void CloseAll();

        [JSImport("hear", "call-media")]
        internal static partial void Hear(bool on);

        [JSImport("switchCamera", "call-media")]
        internal static partial Task<string> SwitchCamera();

        [JSImport("devices", "call-media")]
        internal static partial Task<string> Devices();

        [JSImport("choose", "call-media")]
        internal static partial Task<string> Choose(string kind, string id);

        [JSImport("speaker", "call-media")]
        internal static partial string Speaker();

        [JSImport("directAll", "call")]
        internal static partial void DirectAll();

        [JSImport("playAll", "call")]
        internal static partial void PlayAll();

        [JSImport("show", "call-screen")]
        internal static partial void Show(string id, int leg, string kind);

        [JSImport("meter", "call-screen")]
        internal static partial void Meter(string id);

        [JSImport("drag", "call-screen")]
        internal static partial void Drag(string id);

        [JSImport("canFloat", "call-screen")]
        internal static partial bool CanFloat();

        [JSImport("canShow", "call-media")]
        internal static partial bool CanShowScreen();

        [JSImport("float", "call-screen")]
        internal static partial Task<bool> Float(string id);

        [JSImport("follow", "call-screen")]
        internal static partial void Follow(int leg, string kind);

        [JSImport("endFloat", "call-screen")]
        internal static partial void EndFloat();

        [JSImport("stayAwake", "call-screen")]
        internal static partial void StayAwake(bool on);

        [JSImport("allow", "call-sound")]
        internal static partial void AllowSound();

        [JSImport("ring", "call-sound")]
        internal static partial void Ring(string which);

        [JSImport("hush", "call-sound")]
        internal static partial void Hush();

        [JSImport("over", "call-sound")]
        internal static partial void Over();

        [JSImport("tryOut", "call-sound")]
        internal static partial Task TryOut(string speaker);
    }
}
