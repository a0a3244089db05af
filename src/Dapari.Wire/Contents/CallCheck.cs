using Dapari.Wire.V1;

namespace Dapari.Wire;

/// <summary>Lengths and counts of what is said of calls.</summary>
internal static class CallCheck
{
    /// <summary>A signal of the live lane.</summary>
    public static ContentFault Check(CallSignal signal)
    {
        if (signal.CallId.Length != Shape.Id || signal.Revision == 0 || Check(signal.State) is not ContentFault.None)
            return ContentFault.FieldLength;
        if (signal.Steps.Count > WireLimits.CallStepsPerSignal || (signal.Steps.Count > 0 && signal.State.Leg is null))
            return ContentFault.TooMany;
        foreach (var step in signal.Steps)
        {
            if (step.Number == 0 || step.Signal is not { AttemptId.IsEmpty: true })
                return ContentFault.FieldLength;
            if (ContentCodec.CheckPart(step.Signal) is var fault and not ContentFault.None)
                return fault;
        }

        return ContentFault.None;
    }

    /// <summary>A note of the durable lane: only an end is noted.</summary>
    public static ContentFault Check(CallNote note) =>
        note.CallId.Length == Shape.Id && note.State is { Phase: CallPhase.Ended } ? Check(note.State) : ContentFault.FieldLength;

    private static ContentFault Check(CallState? state)
    {
        if (state is null || state.Phase == CallPhase.Unspecified || (state.Leg is { } leg && (leg.Id == 0 || leg.Epoch == 0)))
            return ContentFault.FieldLength;
        if (state.Group.Length is not (0 or Shape.Id) || state.People.Count > WireLimits.CallPeople
            || state.People.Any(person => person.IdentityKey.Length != Shape.Key || !Shape.IsName(person.Name)))
            return ContentFault.FieldLength;
        return state.End is { } end && end.Shares.Count > WireLimits.CallShares ? ContentFault.TooMany : ContentFault.None;
    }
}
