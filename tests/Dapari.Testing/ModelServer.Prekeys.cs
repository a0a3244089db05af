using Dapari.Wire.V1;

namespace Dapari.Testing;

/// <summary>The prekeys that a device left here.</summary>
public sealed partial class ModelServer
{
    private sealed class PrekeyStore
    {
        private PutPrekeys _last = new();

        public List<OneTimePrekey> OneTime { get; } = [];

        public List<KemPrekey> OneTimeKem { get; } = [];

        public void Put(PutPrekeys put)
        {
            if (put.Replace)
            {
                OneTime.Clear();
                OneTimeKem.Clear();
            }

            _last = put;
            OneTime.AddRange(put.OneTime);
            OneTimeKem.AddRange(put.OneTimeKem);
        }

        public PrekeyBundle Take()
        {
            var bundle = new PrekeyBundle { Device = _last.Device, SignedPrekey = _last.SignedPrekey, KemPrekey = _last.LastResort };
            if (OneTime.Count > 0)
            {
                bundle.OneTimePrekey = OneTime[0];
                OneTime.RemoveAt(0);
            }

            if (OneTimeKem.Count > 0)
            {
                bundle.KemPrekey = OneTimeKem[0];
                OneTimeKem.RemoveAt(0);
            }

            return bundle;
        }
    }
}
