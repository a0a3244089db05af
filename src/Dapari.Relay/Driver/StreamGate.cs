using Dapari.Rtc;

namespace Dapari.Relay.Driver;

/// <summary>Counts connections, in all and for each address.</summary>
internal sealed class StreamGate(RelayDriverOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Endpoint, int> _addresses = [];
    private int _total;

    public bool TryEnter(in Endpoint remote)
    {
        var address = remote.Unmap().WithPort(0);
        lock (_lock)
        {
            var here = _addresses.GetValueOrDefault(address);
            if (_total >= options.Streams || here >= options.StreamsPerAddress)
                return false;
            _total++;
            _addresses[address] = here + 1;
            return true;
        }
    }

    public void Leave(in Endpoint remote)
    {
        var address = remote.Unmap().WithPort(0);
        lock (_lock)
        {
            _total--;
            var left = _addresses[address] - 1;
            if (left > 0)
                _addresses[address] = left;
            else
                _addresses.Remove(address);
        }
    }
}
