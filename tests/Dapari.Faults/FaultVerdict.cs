namespace Dapari.Faults;

/// <summary>What was found wrong, as counts; and how much there was.</summary>
/// <param name="Answered">Posts that the server answered as not to be lost any more.</param>
/// <param name="Refused">Posts that it refused: for want of room, or while its disk failed.</param>
/// <param name="Repeats">Came again because the owner did not hear that they were removed, or the sender that they were posted: the device's store recognized them by their id.</param>
/// <param name="Lost">Answered, and not in the owner's store at the end.</param>
/// <param name="Doubled">Came again under another sequence although they were sent only once (by a cluster: although they had been answered before they first came).</param>
/// <param name="CameBack">Came again although their acknowledgement had been answered.</param>
/// <param name="OutOfOrder">Came first after a later one of the same sender.</param>
/// <param name="Strange">Are not what was posted.</param>
public readonly record struct FaultVerdict(long Answered, long Refused, long Repeats, long Lost, long Doubled, long CameBack, long OutOfOrder, long Strange)
{
    /// <summary>Nothing was wrong.</summary>
    public bool IsClean => Lost + Doubled + CameBack + OutOfOrder + Strange == 0;
}
