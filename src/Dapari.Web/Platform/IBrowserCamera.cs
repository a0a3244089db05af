namespace Dapari.Web.Platform;

/// <summary>Reads QR codes with the camera.</summary>
public interface IBrowserCamera
{
    /// <summary>Whether there may be a camera (a secure page in a browser that has them).</summary>
    bool IsSupported { get; }

    /// <summary>
    /// Shows the camera in a video element and tells the text of each code seen (the same text not twice in a row).
    /// The result says whether the camera runs; stop it with <see cref="Stop"/>, also when the element goes away.
    /// </summary>
    Task<CameraStart> StartAsync(string videoId, Action<string> found);

    /// <summary>Stops the camera, if it runs.</summary>
    void Stop();
}

/// <summary>Whether the camera runs.</summary>
public enum CameraStart
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>There is none, or the page may not have one.</summary>
    None,

    /// <summary>The person, or the browser's settings, said no.</summary>
    Denied,

    /// <summary>Another program holds it, or it failed.</summary>
    Failed,
}
