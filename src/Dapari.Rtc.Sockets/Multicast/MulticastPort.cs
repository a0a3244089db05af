using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Dapari.Rtc.Mdns;

namespace Dapari.Rtc.Sockets.Multicast;

/// <summary>
/// The groups of multicast DNS on every network of this machine (RFC 6762): one socket for each family, joined and left as networks come and go. Port 5353 is
/// shared with whatever else speaks there. Safe for threads; events come from any thread, one message after the other for each family.
/// </summary>
/// <remarks>
/// Only what was sent to a group is heard: nobody beyond a router can send to it (RFC 6762 §11 asks for such a check; groups 224.0.0.251 and ff02::fb are
/// never forwarded). Messages over <see cref="MdnsMessage.Longest"/> bytes are left out.
/// </remarks>
public sealed class MulticastPort : IAsyncDisposable
{
    // RFC 6762 §11.
    private const int HopLimit = 255;
    private readonly Func<IReadOnlyList<MulticastLink>> _find;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Socket? _v4;
    private readonly Socket? _v6;
    private readonly Task _hearing;
    private Dictionary<int, MulticastLink> _links = [];
    private bool _over;

    /// <summary>Opens what the system lets it open; with nothing, nothing is ever heard.</summary>
    /// <param name="find">The networks; null: <see cref="MulticastLink.All"/>. Asked again whenever addresses change.</param>
    public MulticastPort(Func<IReadOnlyList<MulticastLink>>? find = null)
    {
        _find = find ?? MulticastLink.All;
        _v4 = Open(MdnsAgent.Group4);
        _v6 = Open(MdnsAgent.Group6);
        Join();
        NetworkChange.NetworkAddressChanged += OnAddressChanged;
        _hearing = Task.WhenAll(HearAsync(_v4), HearAsync(_v6));
    }

    /// <summary>A message came from a network. Its bytes are good until this returns.</summary>
    public event Action<MulticastLink, ReadOnlyMemory<byte>>? Received;

    /// <summary>Networks came or went.</summary>
    public event Action? Changed;

    /// <summary>The networks that are heard now.</summary>
    public IReadOnlyList<MulticastLink> Links
    {
        get
        {
            lock (_lock)
                return [.. _links.Values];
        }
    }

    /// <summary>Sends a message to a network's groups; what cannot be sent is lost, as on a wire.</summary>
    public void Send(MulticastLink link, ReadOnlySpan<byte> message)
    {
        ArgumentNullException.ThrowIfNull(link);
        lock (_lock)
        {
            if (_over)
                return;
            if (link.V4)
                Send(_v4, MdnsAgent.Group4, link.Index, message);
            if (link.V6)
                Send(_v6, MdnsAgent.Group6, link.Index, message);
        }
    }

    /// <summary>Leaves the groups.</summary>
    public async ValueTask DisposeAsync()
    {
        NetworkChange.NetworkAddressChanged -= OnAddressChanged;
        lock (_lock)
        {
            if (_over)
                return;
            _over = true;
        }

        await _stopping.CancelAsync();
        _v4?.Dispose();
        _v6?.Dispose();
        await _hearing;
        _stopping.Dispose();
    }

    private static void Send(Socket? socket, Endpoint group, int index, ReadOnlySpan<byte> message)
    {
        if (socket is null)
            return;
        try
        {
            var to = group.ToIPAddress();
            if (group.IsV4)
                socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, BinaryPrimitives.ReverseEndianness(index));
            else
                to.ScopeId = index;
            socket.SendTo(message, SocketFlags.None, new IPEndPoint(to, group.Port));
        }
        catch (SocketException)
        {
            // The network went away, or takes nothing now.
        }
    }

    private static Socket? Open(Endpoint group)
    {
        Socket? socket = null;
        try
        {
            var family = group.IsV4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            var (level, any) = group.IsV4 ? (SocketOptionLevel.IP, IPAddress.Any) : (SocketOptionLevel.IPv6, IPAddress.IPv6Any);
            socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp);
            if (!group.IsV4)
                socket.DualMode = false;
            Share(socket);
            socket.SetSocketOption(level, SocketOptionName.PacketInformation, true);
            socket.SetSocketOption(level, SocketOptionName.MulticastTimeToLive, HopLimit);
            socket.SetSocketOption(level, SocketOptionName.MulticastLoopback, true);
            socket.Bind(new IPEndPoint(any, group.Port));
            return socket;
        }
        catch (SocketException)
        {
            // No such family here, or somebody has the port for himself.
            socket?.Dispose();
            return null;
        }
    }

    // RFC 6762 §15.1: all who share the port say so.
    private static void Share(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        if (!OperatingSystem.IsLinux())
            return;
        Span<byte> on = stackalloc byte[4];
        BitConverter.TryWriteBytes(on, 1);
        socket.SetRawSocketOption(Linux.LibC.SocketLevel, Linux.LibC.ReuseAddress, on);
        socket.SetRawSocketOption(Linux.LibC.SocketLevel, Linux.LibC.ReusePort, on);
    }

    private void OnAddressChanged(object? sender, EventArgs change)
    {
        if (Join())
            Changed?.Invoke();
    }

    private bool Join()
    {
        var wanted = _find().ToDictionary(link => link.Index);
        lock (_lock)
        {
            if (_over || (wanted.Count == _links.Count && wanted.Values.All(link => _links.TryGetValue(link.Index, out var known) && IsSame(known, link))))
                return false;
            foreach (var gone in _links.Values.Where(link => !wanted.ContainsKey(link.Index)))
                Change(gone, joins: false);
            // A member already is refused, and stays one: an interface that went and came back under its number is joined anew.
            foreach (var link in wanted.Values)
                Change(link, joins: true);
            _links = wanted;
            return true;
        }
    }

    private static bool IsSame(MulticastLink one, MulticastLink other) => one.V4 == other.V4 && one.V6 == other.V6 && one.Addresses.SequenceEqual(other.Addresses);

    private void Change(MulticastLink link, bool joins)
    {
        var name = joins ? SocketOptionName.AddMembership : SocketOptionName.DropMembership;
        try
        {
            if (link.V4)
                _v4?.SetSocketOption(SocketOptionLevel.IP, name, new MulticastOption(MdnsAgent.Group4.ToIPAddress(), link.Index));
        }
        catch (SocketException)
        {
            // Gone since, or a member already.
        }

        try
        {
            if (link.V6)
                _v6?.SetSocketOption(SocketOptionLevel.IPv6, name, new IPv6MulticastOption(MdnsAgent.Group6.ToIPAddress(), link.Index));
        }
        catch (SocketException)
        {
            // As above.
        }
    }

    private async Task HearAsync(Socket? socket)
    {
        if (socket is null)
            return;
        var buffer = new byte[MdnsMessage.Longest];
        var v4 = socket.AddressFamily == AddressFamily.InterNetwork;
        var group = (v4 ? MdnsAgent.Group4 : MdnsAgent.Group6).ToIPAddress();
        var from = new IPEndPoint(v4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var got = await socket.ReceiveMessageFromAsync(buffer, SocketFlags.None, from, _stopping.Token);
                if ((got.SocketFlags & SocketFlags.Truncated) == 0 && IsGroup(got.PacketInformation.Address, group) && Find(got.PacketInformation.Interface) is { } link)
                    Received?.Invoke(link, buffer.AsMemory(0, got.ReceivedBytes));
            }
            catch (SocketException)
            {
                // What an ICMP message left, or a datagram that is longer than any that is read.
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private static bool IsGroup(IPAddress? address, IPAddress group) => address is not null && address.GetAddressBytes().AsSpan().SequenceEqual(group.GetAddressBytes());

    private MulticastLink? Find(int index)
    {
        lock (_lock)
            return _links.GetValueOrDefault(index);
    }
}
