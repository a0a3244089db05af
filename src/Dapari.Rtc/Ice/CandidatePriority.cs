namespace Dapari.Rtc.Ice;

/// <summary>The order of candidates and of pairs.</summary>
public static class CandidatePriority
{
    /// <summary>Of a candidate of component 1 (RFC 8445 §5.1.2.1).</summary>
    /// <param name="type">Its type.</param>
    /// <param name="localPreference">Among those of its type: 65535 is the best.</param>
    /// <param name="tcp">Of TCP: which end.</param>
    public static uint Of(CandidateType type, ushort localPreference, IceTcpType tcp = IceTcpType.None) => tcp switch
    {
        IceTcpType.None => Of(Preference(type), localPreference),
        // RFC 6544 §4.2: the direction in the highest three bits, 6 for active and 4 for passive.
        IceTcpType.Active => Of(TcpPreference(type), (ushort)((6 << 13) | (localPreference >> 3))),
        _ => Of(TcpPreference(type), (ushort)((4 << 13) | (localPreference >> 3))),
    };

    /// <summary>Of a pair (RFC 8445 §6.1.2.3), from the controlling end's candidate and the controlled one's.</summary>
    public static ulong OfPair(uint controlling, uint controlled)
    {
        var (low, high) = controlling < controlled ? (controlling, controlled) : (controlled, controlling);
        // 2^32 × low + 2 × high + 1 cannot overflow while priorities are below 2^31; foreign ones may be more, and then only the order between them suffers.
        return unchecked(((ulong)low << 32) + (2UL * high) + (controlling > controlled ? 1UL : 0));
    }

    private static uint Of(uint typePreference, ushort localPreference) => (typePreference << 24) | ((uint)localPreference << 8) | (256 - 1);

    // RFC 6544 §4.2 leaves the values open: TCP comes after all direct ways of UDP and before any relay, in libwebrtc's order.
    private static uint TcpPreference(CandidateType type) => type switch
    {
        CandidateType.Host => 90,
        CandidateType.PeerReflexive => 80,
        CandidateType.ServerReflexive => 70,
        _ => 0,
    };

    // RFC 8445 §5.1.2.2: the recommended values.
    private static uint Preference(CandidateType type) => type switch
    {
        CandidateType.Host => 126,
        CandidateType.PeerReflexive => 110,
        CandidateType.ServerReflexive => 100,
        _ => 0,
    };
}
