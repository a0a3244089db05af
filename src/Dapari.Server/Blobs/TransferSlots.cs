using Dapari.Server.Limits;

namespace Dapari.Server.Blobs;

/// <summary>How many transfers go on, in all and for each address. Any thread.</summary>
internal sealed class TransferSlots(int limit, int limitPerAddress)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressKey, int> _perAddress = [];
    private int _total;

    /// <summary>Each true needs a <see cref="Leave"/>.</summary>
    public bool TryEnter(AddressKey address)
    {
        lock (_gate)
        {
            var here = _perAddress.GetValueOrDefault(address);
            if (_total >= limit || here >= limitPerAddress)
                return false;
            _perAddress[address] = here + 1;
            _total++;
            return true;
        }
    }

    public void Leave(AddressKey address)
    {
        lock (_gate)
        {
            _total--;
            if (--_perAddress[address] == 0)
                _perAddress.Remove(address);
        }
    }
}
