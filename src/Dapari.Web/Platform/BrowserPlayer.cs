using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>The player of voice notes; its module comes with the first one that is played.</summary>
internal sealed partial class BrowserPlayer : IBrowserPlayer
{
    private Task? _ready;

    public event Action<double, double, bool>? Told;

    public async Task<bool> PlayAsync(string url, double from, double speed)
    {
        await (_ready ??= PrepareAsync());
        return await Js.Play(url, from, speed);
    }

    public void Pause()
    {
        if (_ready is { IsCompletedSuccessfully: true }) Js.Pause();
    }

    public void Seek(double second)
    {
        if (_ready is { IsCompletedSuccessfully: true }) Js.Seek(second);
    }

    public void SetSpeed(double speed)
    {
        if (_ready is { IsCompletedSuccessfully: true }) Js.SetSpeed(speed);
    }

    private async Task PrepareAsync()
    {
        await JSHost.ImportAsync("player", "/js/player.js");
        Js.Listen((at, length, playing) => Told?.Invoke(at, length, playing));
    }

    private static partial class Js
    {
        [JSImport("listen", "player")]
        internal static partial void Listen([JSMarshalAs<JSType.Function<JSType.Number, JSType.Number, JSType.Boolean>>] Action<double, double, bool> told);

        [JSImport("play", "player")]
        internal static partial Task<bool> Play(string url, double from, double speed);

        [JSImport("pause", "player")]
        internal static partial void Pause();

        [JSImport("seek", "player")]
        internal static partial void Seek(double second);

        [JSImport("setSpeed", "player")]
        internal static partial void SetSpeed(double speed);
    }
}
