using Dapari.Rtc;

namespace Dapari.Relay.Peers;

/// <summary>Never an open relay: judges the addresses that clients want to reach.</summary>
/// <remarks>
/// Only global unicast addresses that carry no other address in them are allowed, and none of this machine's own. Configured ranges allow more
/// (a home network's, a test's), and an address that carries an IPv4 one is then judged by that one too, so that allowing NAT64's prefix does not
/// open the way to 127.0.0.1. An IPv4-mapped address is never allowed: who means IPv4 writes IPv4. Immutable; may be used from any thread.
/// </remarks>
public sealed class PeerAddressPolicy
{
    // https://www.iana.org/assignments/iana-ipv4-special-registry: everything in it that is not globally reachable.
    private static readonly (IpRange Range, PeerVerdict Verdict)[] V4 =
    [
        Row("0.0.0.0/8", PeerVerdict.Unspecified),
        Row("10.0.0.0/8", PeerVerdict.Private),
        Row("100.64.0.0/10", PeerVerdict.CarrierNat),
        Row("127.0.0.0/8", PeerVerdict.Loopback),
        Row("169.254.0.0/16", PeerVerdict.LinkLocal),
        Row("172.16.0.0/12", PeerVerdict.Private),
        Row("192.0.0.0/24", PeerVerdict.Special),
        Row("192.0.2.0/24", PeerVerdict.Special),
        Row("192.31.196.0/24", PeerVerdict.Special),
        Row("192.52.193.0/24", PeerVerdict.Special),
        Row("192.88.99.0/24", PeerVerdict.Special),
        Row("192.168.0.0/16", PeerVerdict.Private),
        Row("192.175.48.0/24", PeerVerdict.Special),
        Row("198.18.0.0/15", PeerVerdict.Special),
        Row("198.51.100.0/24", PeerVerdict.Special),
        Row("203.0.113.0/24", PeerVerdict.Special),
        Row("224.0.0.0/4", PeerVerdict.Multicast),
        Row("240.0.0.0/4", PeerVerdict.Reserved),
    ];

    // https://www.iana.org/assignments/iana-ipv6-special-registry; the first that fits counts.
    private static readonly (IpRange Range, PeerVerdict Verdict)[] V6 =
    [
        Row("::/128", PeerVerdict.Unspecified),
        Row("::1/128", PeerVerdict.Loopback),
        Row("::/96", PeerVerdict.Translated),
        (IpRange.Mapped, PeerVerdict.Translated),
        Row("::ffff:0:0:0/96", PeerVerdict.Translated),
        Row("64:ff9b::/96", PeerVerdict.Translated),
        Row("64:ff9b:1::/48", PeerVerdict.Translated),
        Row("100::/64", PeerVerdict.Special),
        Row("2001::/32", PeerVerdict.Translated),
        Row("2001::/23", PeerVerdict.Special),
        Row("2001:db8::/32", PeerVerdict.Special),
        Row("2002::/16", PeerVerdict.Translated),
        Row("2620:4f:8000::/48", PeerVerdict.Special),
        Row("3fff::/20", PeerVerdict.Special),
        Row("3ffe::/16", PeerVerdict.Special),
        Row("5f00::/16", PeerVerdict.Special),
        Row("fc00::/7", PeerVerdict.Private),
        Row("fe80::/10", PeerVerdict.LinkLocal),
        Row("fec0::/10", PeerVerdict.Private),
        Row("ff00::/8", PeerVerdict.Multicast),
    ];

    private static readonly IpRange Global = IpRange.Parse("2000::/3");
    private static readonly IpRange Nat64 = IpRange.Parse("64:ff9b::/96");
    private static readonly IpRange LocalNat64 = IpRange.Parse("64:ff9b:1::/48");
    private static readonly IpRange SixToFour = IpRange.Parse("2002::/16");
    private static readonly IpRange Teredo = IpRange.Parse("2001::/32");
    private static readonly IpRange Compatible = IpRange.Parse("::/96");
    private static readonly IpRange Translated = IpRange.Parse("::ffff:0:0:0/96");

    private readonly IpRange[] _allowed;
    private readonly IpRange[] _refused;
    private readonly Endpoint[] _own;

    /// <summary>A policy.</summary>
    /// <param name="allowed">Ranges that are allowed although the rules refuse them.</param>
    /// <param name="refused">Ranges that are refused whatever else is said.</param>
    /// <param name="own">This machine's addresses (ports do not matter).</param>
    public PeerAddressPolicy(IEnumerable<IpRange> allowed, IEnumerable<IpRange> refused, IEnumerable<Endpoint> own)
    {
        _allowed = [.. allowed];
        _refused = [.. refused];
        _own = [.. own.Select(address => address.Unmap().WithPort(0)).Distinct()];
    }

    /// <summary>The same policy with one more address of this machine.</summary>
    public PeerAddressPolicy WithOwn(in Endpoint address)
    {
        var added = address.Unmap().WithPort(0);
        return _own.Contains(added) ? this : new PeerAddressPolicy(_allowed, _refused, [.. _own, added]);
    }

    /// <summary>Whether a configured range allows this address, and none refuses it.</summary>
    public bool IsConfigured(in Endpoint peer) => IsIn(_allowed, peer) && !IsIn(_refused, peer);

    /// <summary>Judges an address; the port does not matter.</summary>
    public PeerVerdict Judge(in Endpoint peer)
    {
        if (peer.IsNone)
            return PeerVerdict.None;
        var unmapped = peer.Unmap();
        if (unmapped.Family != peer.Family)
            return PeerVerdict.Translated;
        var verdict = JudgeOne(peer);
        if (verdict != PeerVerdict.Allowed)
            return verdict;

        // What was allowed although it carries an IPv4 address is judged by that as well.
        return !peer.IsV4 && TryCarried(peer, out var carried) ? JudgeOne(carried) : PeerVerdict.Allowed;
    }

    private PeerVerdict JudgeOne(in Endpoint peer)
    {
        if (IsIn(_refused, peer))
            return PeerVerdict.Configured;
        if (IsIn(_allowed, peer))
            return PeerVerdict.Allowed;
        foreach (ref readonly var own in _own.AsSpan())
        {
            if (own.HasSameAddress(peer))
                return PeerVerdict.Own;
        }

        foreach (var (range, verdict) in peer.IsV4 ? V4 : V6)
        {
            if (range.Contains(peer))
                return verdict;
        }

        if (peer.IsV4)
            return PeerVerdict.Allowed;
        if (!Global.Contains(peer))
            return PeerVerdict.Reserved;
        return IsIsatap(peer) ? PeerVerdict.Translated : PeerVerdict.Allowed;
    }

    // RFC 5214 §6.1: an interface identifier of 0000:5efe or 0200:5efe and an IPv4 address.
    private static bool IsIsatap(in Endpoint peer) => (peer.Low >> 32 & 0xFDFF_FFFF) == 0x0000_5EFE;

    private static bool TryCarried(in Endpoint peer, out Endpoint carried)
    {
        uint? bits = null;
        if (Nat64.Contains(peer) || (Compatible.Contains(peer) && unchecked((uint)peer.Low) > 1) || Translated.Contains(peer) || IsIsatap(peer))
            bits = unchecked((uint)peer.Low);
        else if (LocalNat64.Contains(peer))
            // RFC 6052 §2.2, a prefix of 48 bits: two bytes, the byte u, two bytes.
            bits = unchecked((uint)((peer.High & 0xFFFF) << 16) | (uint)(peer.Low >> 40 & 0xFFFF));
        else if (SixToFour.Contains(peer))
            bits = unchecked((uint)(peer.High >> 16));
        else if (Teredo.Contains(peer))
            // RFC 4380 §4: the client's address with all bits turned.
            bits = unchecked((uint)~peer.Low);
        carried = bits is { } address ? Endpoint.V4(address, peer.Port) : default;
        return bits is not null;
    }

    private static bool IsIn(IpRange[] ranges, in Endpoint peer)
    {
        foreach (ref readonly var range in ranges.AsSpan())
        {
            if (range.Contains(peer))
                return true;
        }

        return false;
    }

    private static (IpRange Range, PeerVerdict Verdict) Row(string range, PeerVerdict verdict) => (IpRange.Parse(range), verdict);
}
