namespace Dapari.Rtc.Ice;

/// <summary>Addresses under which bases are seen from outside: told by STUN servers, or by a router that was asked for them.</summary>
public sealed partial class IceAgent
{
    /// <summary>Of a base, as routers map them.</summary>
    public const int MaxMapped = 4;

    /// <summary>A router lets others reach a base under an address (PCP, NAT-PMP, UPnP): told as a server-reflexive candidate, after restarts too.</summary>
    /// <returns>False: no such base of a socket's, another family, not sendable, known, or too many.</returns>
    public bool AddMapped(Endpoint address, Endpoint external, long now)
    {
        external = address.IsTcp ? external.AsTcp() : external;
        if (State is IceState.Closed || !IsSendable(external) || _bases.Find(known => known.Address == address && known.Type == CandidateType.Host) is not { } local
            || external.Family != address.Family || local.Tcp == IceTcpType.Active || local.Routed.Contains(external) || local.Routed.Count >= MaxMapped)
            return false;
        local.Routed.Add(external);
        if (!local.Mapped.Contains(external))
        {
            local.Mapped.Add(external);
            TellMapped(local, external, default);
        }

        Go(now);
        return true;
    }

    /// <summary>It no longer does; what was told cannot be taken back, and is not told again.</summary>
    public void RemoveMapped(Endpoint address, Endpoint external) => _bases.Find(known => known.Address == address)?.Routed.Remove(address.IsTcp ? external.AsTcp() : external);

    private void TellRouted(IceBase local)
    {
        foreach (var external in local.Routed)
        {
            local.Mapped.Add(external);
            TellMapped(local, external, default);
        }
    }

    private void TellMapped(IceBase local, Endpoint seen, Endpoint by)
    {
        // RFC 8445 §5.1.3: without a NAT it is the base itself.
        if (seen == local.Address)
            return;
        _events.Enqueue(new IceEvent.CandidateFound(new IceCandidate(
            FoundationOf(CandidateType.ServerReflexive, local.Address, by), CandidatePriority.Of(CandidateType.ServerReflexive, local.Preference, local.Tcp), seen, CandidateType.ServerReflexive)
        {
            Related = local.Address,
            Tcp = local.Tcp,
            Fragment = Local.Fragment,
        }));
    }
}
