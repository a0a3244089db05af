namespace Dapari.Web.Platform;

/// <summary>The one player of voice notes: what is begun ends what was played before.</summary>
public interface IBrowserPlayer
{
    /// <summary>A few times a second while it plays, and when it begins, pauses or ends: seconds, of how many (0: not known), whether it plays.</summary>
    event Action<double, double, bool>? Told;

    /// <summary>Plays a URL from a second on; false: the browser cannot. Must be called from a click.</summary>
    Task<bool> PlayAsync(string url, double from, double speed);

    /// <summary>Pauses.</summary>
    void Pause();

    /// <summary>Goes to a second.</summary>
    void Seek(double second);

    /// <summary>Plays at another speed, at the same pitch.</summary>
    void SetSpeed(double speed);
}
