using Dapari.Rtc;

namespace Dapari.Relay.State;

/// <summary>A peer's address that may send to the client, and be sent to.</summary>
internal struct Permission
{
    /// <summary>The address; its port is 0.</summary>
    public Endpoint Address;

    /// <summary>From then on it is gone.</summary>
    public long ExpiresMs;

    /// <summary>It is this relay's own address: only relayed ports that are lent out may be behind it.</summary>
    public bool OwnRelay;
}

/// <summary>A short name of a peer.</summary>
internal struct Channel
{
    public Endpoint Peer;
    public long ExpiresMs;
    public ushort Number;

    /// <summary>Where the peer's permission was when it was bound; it may be another's by now.</summary>
    public int Permission;
}

/// <summary>The permissions and channels of one allocation, in arrays that never shrink below their live entries nor grow above the caps.</summary>
/// <remarks>Searched from front to back: there are few, and the last that was found is looked at first. What has expired is simply not found.</remarks>
internal sealed class PeerTable(int mostPermissions, int mostChannels)
{
    private Permission[] _permissions = [];
    private Channel[] _channels = [];
    private int _lastByNumber;
    private int _lastByPeer;

    public const long PermissionMs = 5 * 60 * 1000;
    public const long ChannelMs = 10 * 60 * 1000;

    /// <summary>The live channel of a number, or -1.</summary>
    public int FindChannel(ushort number, long nowMs)
    {
        var channels = _channels;
        var last = _lastByNumber;
        if (last < channels.Length && channels[last].Number == number && channels[last].ExpiresMs > nowMs)
            return last;
        for (var i = 0; i < channels.Length; i++)
        {
            if (channels[i].Number == number && channels[i].ExpiresMs > nowMs)
                return _lastByNumber = i;
        }

        return -1;
    }

    /// <summary>The live channel of a peer, or -1.</summary>
    public int FindChannel(in Endpoint peer, long nowMs)
    {
        var channels = _channels;
        var last = _lastByPeer;
        if (last < channels.Length && channels[last].Peer.Equals(peer) && channels[last].ExpiresMs > nowMs)
            return last;
        for (var i = 0; i < channels.Length; i++)
        {
            if (channels[i].Peer.Equals(peer) && channels[i].ExpiresMs > nowMs)
                return _lastByPeer = i;
        }

        return -1;
    }

    public ref readonly Channel Channel(int index) => ref _channels[index];

    /// <summary>The live permission of a channel's peer, or -1.</summary>
    public int FindPermission(ref readonly Channel channel, long nowMs)
    {
        var index = channel.Permission;
        ref readonly var permission = ref _permissions[index];
        return permission.ExpiresMs > nowMs && permission.Address.HasSameAddress(channel.Peer) ? index : FindPermission(channel.Peer, nowMs);
    }

    /// <summary>The live permission of a peer's address, or -1.</summary>
    public int FindPermission(in Endpoint peer, long nowMs)
    {
        var permissions = _permissions;
        for (var i = 0; i < permissions.Length; i++)
        {
            if (permissions[i].ExpiresMs > nowMs && permissions[i].Address.HasSameAddress(peer))
                return i;
        }

        return -1;
    }

    public ref readonly Permission Permission(int index) => ref _permissions[index];

    /// <summary>How many more permissions fit.</summary>
    public int FreePermissions(long nowMs)
    {
        var free = mostPermissions - _permissions.Length;
        foreach (ref readonly var permission in _permissions.AsSpan())
            free += permission.ExpiresMs <= nowMs ? 1 : 0;
        return free;
    }

    /// <summary>Whether one more channel fits.</summary>
    public bool HasFreeChannel(long nowMs)
    {
        if (_channels.Length < mostChannels)
            return true;
        foreach (ref readonly var channel in _channels.AsSpan())
        {
            if (channel.ExpiresMs <= nowMs)
                return true;
        }

        return false;
    }

    /// <summary>Makes or refreshes a permission; room for it was asked for before.</summary>
    public int Permit(in Endpoint peer, bool ownRelay, long nowMs)
    {
        var index = FindPermission(peer, nowMs);
        if (index < 0)
            index = FreePlace(ref _permissions, mostPermissions, nowMs, static (in permission, now) => permission.ExpiresMs <= now);
        _permissions[index] = new Permission { Address = peer.WithPort(0), ExpiresMs = nowMs + PermissionMs, OwnRelay = ownRelay };
        return index;
    }

    /// <summary>Makes or refreshes a channel; that number and peer belong together and that there is room was asked before.</summary>
    public void Bind(ushort number, in Endpoint peer, int permission, long nowMs)
    {
        var index = FindChannel(number, nowMs);
        if (index < 0)
            index = FreePlace(ref _channels, mostChannels, nowMs, static (in channel, now) => channel.ExpiresMs <= now);
        _channels[index] = new Channel { Number = number, Peer = peer, Permission = permission, ExpiresMs = nowMs + ChannelMs };
    }

    private delegate bool IsFree<T>(in T entry, long nowMs);

    private static int FreePlace<T>(ref T[] entries, int most, long nowMs, IsFree<T> isFree)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (isFree(entries[i], nowMs))
                return i;
        }

        var count = entries.Length;
        if (count >= most)
            throw new InvalidOperationException("There is no room; it was to be asked for before.");
        // What is added beyond the one wanted has expired at 0, as time begins later.
        Array.Resize(ref entries, Math.Min(most, Math.Max(2, 2 * count)));
        return count;
    }
}
