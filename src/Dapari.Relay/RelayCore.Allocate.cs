using System.Text;
using Dapari.Relay.Driving;
using Dapari.Relay.Limits;
using Dapari.Relay.State;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay;

// RFC 8656 §7.2.
public sealed partial class RelayCore
{
    private const byte Udp = 17;

    /// <summary>Ports that are tried before 508.</summary>
    private const int MostTries = 64;

    /// <summary>What an Allocate request asks for.</summary>
    private readonly record struct Wish(bool V4, bool V6, bool Even, bool KeepNext, ulong? Token);

    private int Allocate(in Proven request)
    {
        if (Find(request.Client) is { } existing)
        {
            // A repetition of the request that made it gets the same answer; anything else has come to a 5-tuple in use.
            return existing.TransactionId.AsSpan().SequenceEqual(request.Message.TransactionId) ? Allocated(request, existing) : Refuse(request, 437);
        }

        // It has expired, and the clock was not told before: its place is free.
        if (_clients.Find(request.Client) is { } stale)
            Delete(stale);
        var fault = ReadWish(request.Message, out var wish);
        return fault != 0 ? Refuse(request, fault) : Allocate(request, wish);
    }

    private static int ReadWish(in StunMessage message, out Wish wish)
    {
        wish = default;
        if (!RequestedTransport.TryRead(message, out var protocol))
            return 400;
        if (protocol != Udp)
            return 442;
        bool hasEven = message.Has(EvenPort.Type), hasToken = message.Has(ReservationToken.Type);
        bool hasFamily = message.Has(RequestedAddressFamily.Type), hasAdditional = message.Has(AdditionalAddressFamily.Type);
        if ((hasToken && (hasEven || hasFamily || hasAdditional)) || (hasFamily && hasAdditional))
            return 400;
        var keepNext = false;
        if (hasEven && (!EvenPort.TryRead(message, out keepNext) || (keepNext && hasAdditional)))
            return 400;
        ulong token = 0;
        if (hasToken && !ReservationToken.TryRead(message, out token))
            return 400;
        var family = RequestedFamily.V4;
        if (hasFamily && !RequestedAddressFamily.TryRead(message, out family))
            return 400;
        if (family is not (RequestedFamily.V4 or RequestedFamily.V6))
            return 440;
        if (hasAdditional && (!AdditionalAddressFamily.TryRead(message, out var additional) || additional != RequestedFamily.V6))
            return 400;
        wish = new Wish(hasAdditional || family == RequestedFamily.V4, hasAdditional || family == RequestedFamily.V6, hasEven, keepNext, hasToken ? token : null);
        return 0;
    }

    private int Allocate(in Proven request, in Wish wish)
    {
        var side = Side(request.Client.Local);
        if (wish.Token is { } token)
        {
            if (!_shared.Relayed.TryTakeUp(token, request.Username, out var kept) || kept is null)
                return Refuse(request, 508);

            // It is counted already.
            if (TryOpen(kept.Local, kept.Advertised) is { } socket)
                return Allocated(request, Make(request, side, kept.Account, kept.Local.IsV4 ? socket : null, kept.Local.IsV4 ? null : socket, 0));
            _shared.Ledger.Return(kept.Account, 1);
            return Refuse(request, 508);
        }

        var id = Encoding.ASCII.GetString(request.Id);
        var wanted = (wish.V4 ? 1 : 0) + (wish.V6 ? 1 : 0) + (wish.KeepNext ? 1 : 0);
        switch (_shared.Ledger.TryCharge(id, wanted, out var account))
        {
            case Charge.CredentialFull:
                return Refuse(request, 486);
            case Charge.AllFull:
                return Refuse(request, 508);
        }

        RelayedSocket? v4 = null, v6 = null;
        var fault4 = wish.V4 ? TryOpenAny(side, 4, wish, out v4) : 0;
        var fault6 = wish.V6 ? TryOpenAny(side, 6, wish, out v6) : 0;
        var opened = (v4 is null ? 0 : 1) + (v6 is null ? 0 : 1);
        var reservation = wish.KeepNext && opened == 1 ? Keep(request, account!, (v4 ?? v6)!) : null;
        if (opened == 0 || (wish.KeepNext && reservation is null))
        {
            if ((v4 ?? v6) is { } useless)
                CloseUnowned(useless);
            _shared.Ledger.Return(account!, wanted);
            return Refuse(request, wish.KeepNext ? 508 : fault4 != 0 ? fault4 : fault6);
        }

        if (wish.V4 && wish.V6 && opened == 1)
            _shared.Ledger.Return(account!, 1);
        var allocation = Make(request, side, account!, v4, v6, wish.V4 && wish.V6 ? fault4 + fault6 : 0);
        allocation.Token = reservation?.Token ?? 0;
        return Allocated(request, allocation);
    }

    private Allocation Make(in Proven request, LocalSide side, Account account, RelayedSocket? v4, RelayedSocket? v6, int additionalError)
    {
        var lifetime = LifetimeFor(request);
        var allocation = new Allocation
        {
            Client = request.Client,
            IsStream = side.Transport == RelayTransport.Stream,
            Account = account,
            Username = request.Username.ToArray(),
            Key = request.Key.ToArray(),
            Algorithm = request.Algorithm,
            TransactionId = request.Message.TransactionId.ToArray(),
            Peers = new PeerTable(_options.PermissionsPerAllocation, _options.ChannelsPerAllocation),
            Serial = ++_serial,
            V4 = v4,
            V6 = v6,
            AdditionalError = additionalError,
            LifetimeSeconds = lifetime,
            ExpiresMs = _now.MonotonicMs + (1000L * lifetime),
        };
        if (v4 is not null)
            v4.Owner = allocation;
        if (v6 is not null)
            v6.Owner = allocation;
        if (side.Transport == RelayTransport.Stream)
            side.Allocation = allocation;
        _clients.Add(allocation.Client, allocation);
        _deadlines.Add(new Deadline(allocation.ExpiresMs, allocation.Serial, allocation));
        Count(RelayCount.Allocated);
        return allocation;
    }

    private int Allocated(in Proven request, Allocation allocation)
    {
        var writer = Begin(request.Message, StunClass.Success);
        if (allocation.V4 is { } v4)
            XorRelayedAddress.Write(ref writer, v4.Advertised);
        if (allocation.V6 is { } v6)
            XorRelayedAddress.Write(ref writer, v6.Advertised);
        if (allocation.AdditionalError != 0)
            AddressErrorCode.Write(ref writer, allocation.V4 is null ? RequestedFamily.V4 : RequestedFamily.V6, allocation.AdditionalError, default);
        Lifetime.Write(ref writer, allocation.LifetimeSeconds);
        if (allocation.Token != 0)
            ReservationToken.Write(ref writer, allocation.Token);
        XorMappedAddress.Write(ref writer, request.Client.Remote);
        return Succeed(request, ref writer);
    }

    // RFC 8656 §7.2: between the usual and the longest; and no longer than the credential.
    private uint LifetimeFor(in Proven request)
    {
        var usual = (uint)_options.Lifetime.TotalSeconds;
        var lifetime = Lifetime.TryRead(request.Message, out var wanted) ? Math.Clamp(wanted, usual, (uint)_options.LongestLifetime.TotalSeconds) : usual;
        return (uint)Math.Min(lifetime, request.ExpiryUnixSeconds - (_now.UnixMs / 1000));
    }

    private int TryOpenAny(LocalSide side, int family, in Wish wish, out RelayedSocket? socket)
    {
        socket = null;
        var bind = BindAddress(side, family);
        if (bind.IsNone)
            return 440;
        var external = family == 4 ? _options.ExternalV4 : _options.ExternalV6;
        var count = _options.PortHigh - _options.PortLow + 1;
        var start = (int)(_entropy.Next() % (uint)count);
        for (int step = 0, tries = 0; step < count && tries < MostTries; step++)
        {
            // The first places are drawn; in a range that is nearly used up the search goes on one by one.
            var place = step < MostTries / 4 ? (int)(_entropy.Next() % (uint)count) : (start + step) % count;
            var port = (ushort)(_options.PortLow + place);
            var local = bind.WithPort(port);
            if ((wish.Even && (port & 1) != 0) || _shared.Relayed.IsTaken(local)
                || (wish.KeepNext && (port == _options.PortHigh || _shared.Relayed.IsTaken(bind.WithPort((ushort)(port + 1))))))
                continue;
            tries++;
            socket = TryOpen(local, (external ?? bind).WithPort(port));
            if (socket is not null)
                return 0;
        }

        return 508;
    }

    private Endpoint BindAddress(LocalSide side, int family) =>
        side.Address.Family == family && !IsUnspecified(side.Address) ? side.Address : (family == 4 ? _options.BindV4 : _options.BindV6) ?? default;

    private RelayedSocket? TryOpen(in Endpoint local, in Endpoint advertised)
    {
        if (!_freePorts.TryPop(out var port))
        {
            port = _sockets.Count;
            _sockets.Add(null);
        }

        if (!_driver.TryOpen(port, local))
        {
            _freePorts.Push(port);
            return null;
        }

        var socket = new RelayedSocket { Port = port, Local = local, Advertised = advertised };
        _sockets[port] = socket;
        _socketsByLocal[local] = socket;
        _shared.Relayed.Add(advertised, local);
        return socket;
    }

    // Opened within this request, and then the rest of it could not be had.
    private void CloseUnowned(RelayedSocket socket)
    {
        _driver.Close(socket.Port);
        _shared.Relayed.Remove(socket.Advertised, socket.Local);
        _socketsByLocal.Remove(socket.Local);
        _sockets[socket.Port] = null;
        _freePorts.Push(socket.Port);
    }

    /// <summary>Keeps the port behind <paramref name="even"/>, if nobody has it.</summary>
    private Reservation? Keep(in Proven request, Account account, RelayedSocket even)
    {
        var port = (ushort)(even.Local.Port + 1);
        var reservation = new Reservation(_entropy.Next() | 1, even.Local.WithPort(port), even.Advertised.WithPort(port), request.Username.ToArray(), account);
        if (TryOpen(reservation.Local, reservation.Advertised) is not { } probe)
            return null;
        CloseUnowned(probe);
        if (!_shared.Relayed.TryKeep(reservation))
            return null;
        _deadlines.Add(new Deadline(_now.MonotonicMs + Reservation.KeptMs, ++_serial, reservation));
        return reservation;
    }
}
