using System.Collections.Concurrent;
using Dapari.Rtc;

namespace Dapari.Relay.State;

/// <summary>The relayed ports that are lent out by any core, so that two clients of this relay can reach each other through it.</summary>
/// <remarks>May be used from any thread. Asked only for datagrams whose other end is one of the relay's own addresses.</remarks>
internal sealed class RelayedPorts
{
    private readonly ConcurrentDictionary<Endpoint, Endpoint> _localByAdvertised = new();
    private readonly ConcurrentDictionary<Endpoint, Endpoint> _advertisedByLocal = new();
    private readonly ConcurrentDictionary<ulong, Reservation> _kept = new();
    private readonly ConcurrentDictionary<Endpoint, ulong> _keptByLocal = new();
    private readonly Lock _lock = new();
    private Endpoint[] _advertisedAddresses = [];
    private Endpoint[] _localAddresses = [];

    public int Count => _localByAdvertised.Count;

    public void Add(in Endpoint advertised, in Endpoint local)
    {
        _localByAdvertised[advertised] = local;
        _advertisedByLocal[local] = advertised;
        Remember(ref _advertisedAddresses, advertised);
        Remember(ref _localAddresses, local);
    }

    public void Remove(in Endpoint advertised, in Endpoint local)
    {
        _localByAdvertised.TryRemove(advertised, out _);
        _advertisedByLocal.TryRemove(local, out _);
    }

    /// <summary>Whether a port is lent out or kept.</summary>
    public bool IsTaken(in Endpoint local) => _advertisedByLocal.ContainsKey(local) || _keptByLocal.ContainsKey(local);

    /// <summary>Keeps a port; false when another core was faster.</summary>
    public bool TryKeep(Reservation reservation)
    {
        if (!_keptByLocal.TryAdd(reservation.Local, reservation.Token))
            return false;
        _kept[reservation.Token] = reservation;
        return true;
    }

    /// <summary>A kept port, for the user name that it is kept for.</summary>
    public bool TryTakeUp(ulong token, ReadOnlySpan<byte> username, out Reservation? reservation) =>
        _kept.TryGetValue(token, out reservation) && username.SequenceEqual(reservation.Username) && Release(reservation);

    /// <summary>Keeps it no longer; false when it was not kept any more.</summary>
    public bool Release(Reservation reservation)
    {
        if (!_kept.TryRemove(reservation.Token, out _))
            return false;
        _keptByLocal.TryRemove(reservation.Local, out _);
        return true;
    }

    /// <summary>Whether relayed ports are or were lent out as ones of this address.</summary>
    public bool IsAdvertised(in Endpoint peer) => Contains(ref _advertisedAddresses, peer);

    /// <summary>Whether relayed ports are or were bound to this address.</summary>
    public bool IsLocal(in Endpoint peer) => Contains(ref _localAddresses, peer);

    /// <summary>Where a port that is lent out as <paramref name="advertised"/> is bound.</summary>
    public bool TryFindLocal(in Endpoint advertised, out Endpoint local) => _localByAdvertised.TryGetValue(advertised, out local);

    /// <summary>What the port that is bound at <paramref name="local"/> is lent out as.</summary>
    public bool TryFindAdvertised(in Endpoint local, out Endpoint advertised) => _advertisedByLocal.TryGetValue(local, out advertised);

    private static bool Contains(ref Endpoint[] addresses, in Endpoint peer)
    {
        foreach (ref readonly var address in Volatile.Read(ref addresses).AsSpan())
        {
            if (address.HasSameAddress(peer))
                return true;
        }

        return false;
    }

    // This machine has few addresses; they are kept for good.
    private void Remember(ref Endpoint[] addresses, in Endpoint endpoint)
    {
        if (Contains(ref addresses, endpoint))
            return;
        lock (_lock)
        {
            if (!Contains(ref addresses, endpoint))
                Volatile.Write(ref addresses, [.. addresses, endpoint.WithPort(0)]);
        }
    }
}
