using Dapari.Rtc.Mapping;
using Dapari.Rtc.Sockets.Mapping;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Ports that routers are asked for: as long as a socket is bound its port is wanted, and where it is reached is told as a candidate.</summary>
public sealed partial class RtcDriver
{
    private readonly Dictionary<int, IDisposable> _wishOfBase = [];
    private bool _followsMapper;

    /// <summary>A socket was bound.</summary>
    private void WishFor(int number, in Endpoint bound)
    {
        if (_options.Mapper is not { } mapper || _options.Peer.Ice.RelayOnly || System.Net.IPAddress.IsLoopback(bound.ToIPAddress()))
            return;
        if (!_followsMapper)
        {
            _followsMapper = true;
            mapper.Mapped += OnMapped;
            mapper.Lost += OnMapLost;
        }

        if (mapper.Want(bound.IsTcp ? MappingTransport.Tcp : MappingTransport.Udp, bound.Port) is { } wish)
            _wishOfBase[number] = wish;
        // Another peer may have wanted the same before.
        foreach (var port in mapper.Current)
            Mapped(port);
    }

    /// <summary>A socket is gone.</summary>
    private void WishNoMore(int number)
    {
        if (_wishOfBase.Remove(number, out var wish))
            wish.Dispose();
    }

    private void WishNothing()
    {
        if (_followsMapper)
        {
            _options.Mapper!.Mapped -= OnMapped;
            _options.Mapper.Lost -= OnMapLost;
        }

        foreach (var wish in _wishOfBase.Values)
            wish.Dispose();
        _wishOfBase.Clear();
    }

    private void OnMapped(MappedPort port) => Do((_, _) => Mapped(port));

    private void OnMapLost(MappedPort port) => Do((peer, _) =>
    {
        if (BaseOf(port) is { } number)
            peer.RemoveMapped(number, port.External);
    });

    private void Mapped(MappedPort port)
    {
        if (BaseOf(port) is { } number)
            _peer.AddMapped(number, port.External, NowUs);
    }

    private int? BaseOf(MappedPort port) =>
        BaseAt(port.Internal.ToIPAddress(), port.Transport) is { } number && _portOfBase.GetValueOrDefault(number) == port.Internal.Port ? number : null;

    private int? BaseAt(System.Net.IPAddress address, MappingTransport transport) => transport == MappingTransport.Udp
        ? _bound.TryGetValue(address, out var known) ? known.Base : null
        : _tcpOfAddress.GetValueOrDefault(address)?.Passive;
}
