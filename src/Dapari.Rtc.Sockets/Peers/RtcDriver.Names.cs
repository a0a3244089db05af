using System.Net;
using Dapari.Rtc.Mdns;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Names in place of this machine's addresses, each as long as its address is bound.</summary>
public sealed partial class RtcDriver
{
    private readonly Dictionary<IPAddress, IDisposable> _published = [];

    /// <summary>False: it is to have one, and there is none.</summary>
    private bool TryName(IPAddress address, out string? name)
    {
        name = null;
        if (_options.Names is not { } names)
            return true;
        name = MdnsAgent.NewName(_entropy);
        if (names.Publish(name, address) is not { } published)
            return false;
        _published[address] = published;
        return true;
    }

    private void Unname(IPAddress address)
    {
        if (_published.Remove(address, out var published))
            published.Dispose();
    }

    private void UnnameAll()
    {
        foreach (var published in _published.Values)
            published.Dispose();
        _published.Clear();
    }
}
