namespace Dapari.Web.Platform;

/// <summary>
/// Microphone, camera, screen, speakers and pictures of calls, in this tab. Legs are named as the engine names them; leg 0 is this device.
/// What carries calls is loaded when it is first needed.
/// </summary>
public interface IBrowserMedia
{
    /// <summary>Whether this browser can call at all.</summary>
    bool IsSupported { get; }

    /// <summary>A device that was in use is gone, or another took its place.</summary>
    event Action<MediaKind, MediaLoss>? Lost;

    /// <summary>Devices were plugged in or out.</summary>
    event Action? DevicesChanged;

    /// <summary>The browser plays no sound before the person taps (see <see cref="PlayAll"/>), or now does.</summary>
    event Action<bool>? SoundRefused;

    /// <summary>How a leg goes, about once a second.</summary>
    event Action<ulong, LegQuality>? Measured;

    /// <summary>Loads what carries calls, so that a tap need not wait for it.</summary>
    void Prepare();

    /// <summary>Whether the microphone opens without the browser asking.</summary>
    Task<bool> IsAllowedAsync();

    /// <summary>Opens a device, if it is not open yet. Screens must be opened from a click.</summary>
    Task<MediaRefusal> OpenAsync(MediaKind kind);

    /// <summary>Closes a device.</summary>
    void Close(MediaKind kind);

    /// <summary>Closes all of them.</summary>
    void CloseAll();

    /// <summary>Whether the microphone, which stays open, is heard.</summary>
    void Hear(bool on);

    /// <summary>The other camera.</summary>
    Task<MediaRefusal> SwitchCameraAsync();

    /// <summary>Microphones, cameras and speakers; without names until the person has allowed one.</summary>
    Task<IReadOnlyList<MediaDevice>> ListAsync();

    /// <summary>Uses another device of a kind, at once if one is in use.</summary>
    Task<MediaRefusal> ChooseAsync(MediaKind kind, string id);

    /// <summary>Shows the camera or screen of a leg in a video element, now and whenever it changes.</summary>
    void Show(string videoId, ulong leg, MediaKind kind);

    /// <summary>Shows the microphone's loudness as --level (0 to 1) of an element, while it is there.</summary>
    void Meter(string elementId);

    /// <summary>Lets an element be moved to the corners of its parent.</summary>
    void LetDrag(string elementId);

    /// <summary>Whether a picture can float above other windows.</summary>
    bool CanFloat { get; }

    /// <summary>Whether this device can show its screen to others.</summary>
    bool CanShowScreen { get; }

    /// <summary>Lets a picture float, or takes it back. Must be called from a click.</summary>
    Task<bool> FloatAsync(string videoId);

    /// <summary>What a picture shows that may be floating: it goes on with the new leg of somebody who came back.</summary>
    void Follow(string videoId, ulong leg, MediaKind kind);

    /// <summary>The call is over: nothing floats any more.</summary>
    void EndFloat();

    /// <summary>Keeps the screen from going dark, while the page is seen.</summary>
    void StayAwake(bool on);

    /// <summary>Makes a sound of calls.</summary>
    void Sound(CallSound sound);

    /// <summary>Plays a short sound, to try the speaker.</summary>
    void TrySpeaker();

    /// <summary>Plays what the browser refused to play by itself. Must be called from a click.</summary>
    void PlayAll();
}

/// <summary>A device of a call.</summary>
public enum MediaKind
{
    /// <summary>Microphone.</summary>
    Microphone,

    /// <summary>Camera.</summary>
    Camera,

    /// <summary>The screen, shown to the others.</summary>
    Screen,

    /// <summary>Where sound comes out.</summary>
    Speaker,
}

/// <summary>Why a device was not opened.</summary>
public enum MediaRefusal
{
    /// <summary>It is open.</summary>
    None,

    /// <summary>The person or the browser's settings said no.</summary>
    Denied,

    /// <summary>There is none.</summary>
    Missing,

    /// <summary>Another program holds it.</summary>
    Busy,

    /// <summary>The browser, or the page without HTTPS, has no such thing.</summary>
    Unsupported,

    /// <summary>The person changed their mind: nothing needs to be said.</summary>
    Closed,

    /// <summary>It failed in another way.</summary>
    Failed,
}

/// <summary>What happened to a device in use.</summary>
public enum MediaLoss
{
    /// <summary>Unplugged or taken away; there is no other.</summary>
    Gone,

    /// <summary>Unplugged or taken away; another is used now.</summary>
    Changed,

    /// <summary>Ended by the person in the browser's own bar.</summary>
    Ended,
}

/// <summary>Sounds of calls.</summary>
public enum CallSound
{
    /// <summary>No more.</summary>
    None,

    /// <summary>It rings here.</summary>
    Ring,

    /// <summary>It rings at the other's.</summary>
    RingBack,

    /// <summary>A call ended.</summary>
    Over,
}

/// <summary>A device that can be chosen.</summary>
/// <param name="Kind">Microphone, camera or speaker.</param>
/// <param name="Id">The browser's id.</param>
/// <param name="Label">Its name; empty until a device was allowed.</param>
/// <param name="InUse">Whether it is the one in use.</param>
public sealed record MediaDevice(MediaKind Kind, string Id, string Label, bool InUse);
