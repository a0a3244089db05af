using Dapari.Simulation.Network;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Servers;

/// <summary>A device's prekeys at a server: each one-time key is given once.</summary>
internal sealed class SimPrekeys(byte[] ownerKey)
{
    private readonly Queue<OneTimePrekey> _oneTime = new();
    private readonly Queue<KemPrekey> _oneTimeKem = new();
    private readonly HashSet<uint> _seen = [];
    private readonly HashSet<uint> _seenKem = [];
    private PutPrekeys _last = new();

    public byte[] OwnerKey { get; } = ownerKey;

    public SimConnection? Owner { get; private set; }

    public IReadOnlyCollection<OneTimePrekey> OneTime => _oneTime;

    public void Put(PutPrekeys ask, SimConnection owner)
    {
        if (ask.Replace)
        {
            _oneTime.Clear();
            _oneTimeKem.Clear();
            _seen.Clear();
            _seenKem.Clear();
        }

        // The same upload said twice (its answer was lost) adds nothing, also where keys of it were given meanwhile.
        foreach (var key in ask.OneTime.Where(key => _seen.Add(key.Id)))
            _oneTime.Enqueue(key);
        foreach (var key in ask.OneTimeKem.Where(key => _seenKem.Add(key.Id)))
            _oneTimeKem.Enqueue(key);
        (_last, Owner) = (ask, owner);
    }

    public PrekeyBundle Take()
    {
        var bundle = new PrekeyBundle
        {
            Device = _last.Device,
            SignedPrekey = _last.SignedPrekey,
            KemPrekey = _oneTimeKem.TryDequeue(out var kem) ? kem : _last.LastResort,
        };
        if (_oneTime.TryDequeue(out var oneTime))
            bundle.OneTimePrekey = oneTime;
        return bundle;
    }

    public PrekeyCount Count(ByteString store) =>
        new() { StoreId = store, OneTime = (uint)_oneTime.Count, OneTimeKem = (uint)_oneTimeKem.Count };
}
