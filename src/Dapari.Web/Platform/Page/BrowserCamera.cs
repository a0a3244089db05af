using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/camera.js.</summary>
internal static partial class CameraModule
{
    public const string Name = "dapari/camera";

    [JSImport("isSupported", Name)]
    public static partial bool IsSupported();

    [JSImport("start", Name)]
    public static partial Task<int> StartAsync(string videoId);

    [JSImport("stop", Name)]
    public static partial void Stop();
}

/// <summary>What the camera tells.</summary>
internal static partial class CameraEvents
{
    public static BrowserCamera? Listener { get; set; }

    [JSExport]
    internal static void Found(string text) => Listener?.OnFound(text);
}

/// <summary>Reads QR codes.</summary>
internal sealed class BrowserCamera : IBrowserCamera
{
    private Action<string>? _found;

    public BrowserCamera() => CameraEvents.Listener = this;

    /// <inheritdoc/>
    public bool IsSupported => CameraModule.IsSupported();

    /// <inheritdoc/>
    public async Task<CameraStart> StartAsync(string videoId, Action<string> found)
    {
        _found = found;
        return await CameraModule.StartAsync(videoId) switch
        {
            0 => CameraStart.Running,
            1 => CameraStart.None,
            2 => CameraStart.Denied,
            _ => CameraStart.Failed,
        };
    }

    /// <inheritdoc/>
    public void Stop()
    {
        _found = null;
        CameraModule.Stop();
    }

    public void OnFound(string text) => _found?.Invoke(text);
}
