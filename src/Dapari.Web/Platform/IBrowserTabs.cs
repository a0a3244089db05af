namespace Dapari.Web.Platform;

/// <summary>
/// Which of a profile's tabs runs the engine. Microphone, camera and connections of a call live in that tab; another one that calls or answers
/// takes the engine over first. A peer without tabs does not have this.
/// </summary>
public interface IBrowserTabs
{
    /// <summary>Whether the engine runs in this tab.</summary>
    bool IsHere { get; }

    /// <summary>Takes the engine over, if it is elsewhere; false when a call is in the tab that has it.</summary>
    Task<bool> TakeAsync();
}
