using Dapari.Wire;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Crypto.Tests;

/// <summary>A person with one device and its prekeys.</summary>
internal sealed class Party
{
    public Party(RandomSource random, int oneTime = 2)
    {
        Identity = IdentityPrivateKey.Generate(random);
        var agreement = AgreementPrivateKey.Generate(random);
        var signing = SigningPrivateKey.Generate(random);
        Device = new LocalDevice(
            agreement, signing, DeviceCertificates.Issue(Identity, DeviceId.Random(random), agreement.PublicKey, signing.PublicKey, 1));
        Vault = PrekeyVault.Create(Device, random, oneTime, 1);
    }

    public IdentityPrivateKey Identity { get; }

    public LocalDevice Device { get; }

    public PrekeyVault Vault { get; set; }

    public PrekeyBundle Bundle(bool oneTime = true, bool oneTimeKem = true)
    {
        var upload = Vault.TakeUpload(Device);
        return new PrekeyBundle
        {
            Device = Device.Certificate,
            SignedPrekey = upload.SignedPrekey,
            OneTimePrekey = oneTime ? upload.OneTime[0] : null,
            KemPrekey = oneTimeKem ? upload.OneTimeKem[0] : upload.LastResort,
        };
    }

    public Session Begin(PrekeyBundle bundle, Party with, RandomSource random)
    {
        Assert.Equal(HandshakeFault.None, Pqxdh.TryInitiate(Device, bundle, with.Device.Verified, random, out var session));
        return session!;
    }

    public Session Answer(Handshake handshake)
    {
        Assert.Equal(HandshakeFault.None, Pqxdh.TryRespond(Device, Vault, handshake, out var session, out _));
        return session!;
    }

    /// <summary>Two ends of one session: the initiator's and the responder's.</summary>
    public static (Session Initiator, Session Responder) Pair(ulong seed)
    {
        var random = new SeededRandom(seed);
        var alice = new Party(random, 1);
        var bob = new Party(random, 1);
        var initiator = alice.Begin(bob.Bundle(), bob, random);
        return (initiator, bob.Answer(initiator.PendingHandshake!));
    }
}
