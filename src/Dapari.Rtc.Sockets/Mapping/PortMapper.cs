using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>
/// Asks this machine's routers to let others reach some of its ports (docs/protocol/mapping.md): PCP, else NAT-PMP, else UPnP IGD; kept as long as it is wanted,
/// given back at the end. Follows routers as networks come and go. Safe for threads; events come from any thread, one after the other.
/// </summary>
public sealed class PortMapper : IAsyncDisposable
{
    /// <summary>Ports wanted at a time.</summary>
    public const int MostWishes = 64;

    // Anybody on the network can say that the router began anew: it is asked again at most so often.
    private static readonly TimeSpan _heedEvery = TimeSpan.FromSeconds(30);
    private readonly Entropy _entropy;
    private readonly TimeProvider _time;
    private readonly Func<IReadOnlyList<Gateway>> _find;
    private readonly IReadOnlyList<MappingProtocol> _order;
    private readonly Lock _lock = new();
    private readonly Lock _telling = new();
    private readonly Dictionary<Gateway, RouterMapper> _routers = [];
    private readonly Dictionary<(MappingTransport Transport, ushort Port), int> _wishes = [];
    private readonly HashSet<MappedPort> _mapped = [];
    private readonly List<Task> _leaving = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _hearing;
    private long? _heeded;
    private bool _over;

    /// <param name="entropy">For nonces and ports.</param>
    /// <param name="time">For renewing.</param>
    /// <param name="find">The routers; null: <see cref="Gateway.All"/>. Asked again whenever addresses change.</param>
    /// <param name="order">The ways to ask, the first that works is used; null: all, as <see cref="MappingProtocol"/> has them.</param>
    public PortMapper(Entropy entropy, TimeProvider time, Func<IReadOnlyList<Gateway>>? find = null, IReadOnlyList<MappingProtocol>? order = null)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        ArgumentNullException.ThrowIfNull(time);
        (_entropy, _time, _find, _order) = (entropy, time, find ?? Gateway.All, order ?? [MappingProtocol.Pcp, MappingProtocol.NatPmp, MappingProtocol.Igd]);
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
        _hearing = HearAsync();
    }

    /// <summary>A port is reached from outside.</summary>
    public event Action<MappedPort>? Mapped;

    /// <summary>It no longer is, or elsewhere: then <see cref="Mapped"/> follows.</summary>
    public event Action<MappedPort>? Lost;

    /// <summary>What is reached from outside now.</summary>
    public IReadOnlyList<MappedPort> Current
    {
        get
        {
            lock (_telling)
                return [.. _mapped];
        }
    }

    /// <summary>What is known of the routers; nothing is asked of them before a port is wanted.</summary>
    public IReadOnlyList<RouterFacts> Routers
    {
        get
        {
            lock (_lock)
                return [.. _routers.Values.Select(router => router.Facts)];
        }
    }

    /// <summary>Wants a port of this machine to be reached, until what is returned is disposed; several may want the same.</summary>
    /// <returns>Null: too many are wanted, or this has ended.</returns>
    public IDisposable? Want(MappingTransport transport, ushort port)
    {
        ArgumentOutOfRangeException.ThrowIfZero(port);
        lock (_lock)
        {
            var key = (transport, port);
            var count = _wishes.GetValueOrDefault(key);
            if (_over || (count == 0 && _wishes.Count >= MostWishes))
                return null;
            _wishes[key] = count + 1;
            Follow();
            return new Wish(this, key);
        }
    }

    /// <summary>Gives back all ports, within a few seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        Task[] leaving;
        lock (_lock)
        {
            if (_over)
                return;
            _over = true;
            leaving = [.. _routers.Values.Select(router => router.DisposeAsync().AsTask()), .. _leaving];
            _routers.Clear();
        }

        await Task.WhenAll(leaving);
        await _stopping.CancelAsync();
        await _hearing;
        _stopping.Dispose();
    }

    private void OnAddressChanged(object? sender, EventArgs change)
    {
        lock (_lock)
            Follow();
    }

    /// <summary>Routers as they are now, each told to look.</summary>
    private void Follow()
    {
        if (_over || (_wishes.Count == 0 && _routers.Count == 0))
            return;
        var found = _find();
        foreach (var gone in _routers.Keys.Where(gateway => !found.Contains(gateway)).ToList())
        {
            _routers.Remove(gone, out var router);
            _leaving.RemoveAll(task => task.IsCompletedSuccessfully);
            _leaving.Add(LeaveAsync(router!));
        }

        foreach (var gateway in found.Take(Gateway.Most))
        {
            if (_routers.TryGetValue(gateway, out var router))
                router.Look();
            else
                _routers.Add(gateway, new RouterMapper(gateway, _order, Wishes, _entropy, _time, Told));
        }
    }

    private async Task LeaveAsync(RouterMapper router)
    {
        await router.DisposeAsync();
        foreach (var gone in Current.Where(port => port.Internal.ToIPAddress().Equals(router.Gateway.Local)))
            Told(gone, false);
    }

    private IReadOnlyCollection<(MappingTransport Transport, ushort Port)> Wishes()
    {
        lock (_lock)
            return [.. _wishes.Keys];
    }

    private void Told(MappedPort port, bool stands)
    {
        lock (_telling)
        {
            if (stands ? _mapped.Add(port) : _mapped.Remove(port))
                (stands ? Mapped : Lost)?.Invoke(port);
        }
    }

    private void Drop((MappingTransport Transport, ushort Port) key)
    {
        lock (_lock)
        {
            if (!_wishes.TryGetValue(key, out var count))
                return;
            if (count > 1)
                _wishes[key] = count - 1;
            else
                _wishes.Remove(key);
            foreach (var router in _routers.Values)
                router.Look();
        }
    }

    /// <summary>Routers that begin anew say so to everybody (RFC 6886 §3.2.1, RFC 6887 §14.1).</summary>
    private async Task HearAsync()
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(IPAddress.Any, NatPmpRequest.AnnouncementPort));
            var buffer = new byte[2_048];
            while (true)
            {
                var got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                var message = buffer.AsSpan(0, got.ReceivedBytes);
                if ((NatPmpResponse.TryRead(message, out var told) && told.Transport is null) || PcpMapResponse.TryReadAnnouncement(message, out _))
                    Heed(((IPEndPoint)got.RemoteEndPoint).Address);
            }
        }
        catch (Exception over) when (over is SocketException or OperationCanceledException)
        {
            // The port is somebody else's, or this ends: renewing finds out too, only later.
        }
    }

    private void Heed(IPAddress from)
    {
        lock (_lock)
        {
            if (_over || (_heeded is { } before && _time.GetElapsedTime(before) < _heedEvery))
                return;
            foreach (var router in _routers.Values.Where(router => router.Gateway.Address.Equals(from)))
            {
                _heeded = _time.GetTimestamp();
                router.RenewAll();
            }
        }
    }

    private sealed class Wish(PortMapper mapper, (MappingTransport Transport, ushort Port) key) : IDisposable
    {
        private int _dropped;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _dropped, 1) == 0)
                mapper.Drop(key);
        }
    }
}
