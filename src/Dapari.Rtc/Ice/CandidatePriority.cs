namespace Dapari.Rtc.Ice;

/// <summary>The order of candidates and of pairs.</summary>
public static class CandidatePriority
{
    /// <summary>Of a candidate of component 1 (RFC 8445 §5.1.2.1).</summary>
    /// <param name="type">Its type.</param>
    /// <param name="localPreference">Among those of its type: 65535 is the best.</param>
    public static uint Of(CandidateType type, ushort localPreference) => (Preference(type) << 24) | ((uint)localPreference << 8) | (256 - 1);

    /// <summary>Of a pair (RFC 8445 §6.1.2.3), from the controlling end's candidate and the controlled one's.</summary>
    public static ulong OfPair(uint controlling, uint controlled)
    {
        var (low, high) = controlling < controlled ? (controlling, controlled) : (controlled, controlling);
        // 2^32 × low + 2 × high + 1 cannot overflow while priorities are below 2^31; foreign ones may be more, and then only the order between them suffers.
        return unchecked(((ulong)low << 32) + (2UL * high) + (controlling > controlled ? 1UL : 0));
    }

    // RFC 8445 §5.1.2.2: the recommended values.
    private static uint Preference(CandidateType type) => type switch
    {
        CandidateType.Host => 126,
        CandidateType.PeerReflexive => 110,
        CandidateType.ServerReflexive => 100,
        _ => 0,
    };
}
