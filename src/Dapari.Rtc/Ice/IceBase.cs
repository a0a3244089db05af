namespace Dapari.Rtc.Ice;

/// <summary>What is sent from: a socket of the device, or a relayed address (RFC 8445 §4, "base").</summary>
internal sealed class IceBase(Endpoint address, CandidateType type, ushort preference, string foundation, IceTcpType tcp)
{
    public Endpoint Address { get; } = address;

    public CandidateType Type { get; } = type;

    public ushort Preference { get; } = preference;

    public IceTcpType Tcp { get; } = tcp;

    public string Foundation { get; } = foundation;

    public uint Priority => CandidatePriority.Of(Type, Preference, Tcp);

    /// <summary>Of the candidate that the other end may learn from a check (RFC 8445 §7.1.1).</summary>
    public uint ReflexivePriority => CandidatePriority.Of(CandidateType.PeerReflexive, Preference, Tcp);

    /// <summary>As STUN servers and other ends saw it.</summary>
    public List<Endpoint> Mapped { get; } = [];

    /// <summary>As routers that were asked let it be reached.</summary>
    public List<Endpoint> Routed { get; } = [];
}
