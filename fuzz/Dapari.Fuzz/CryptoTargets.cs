using Dapari.Crypto;
using Dapari.Crypto.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What is read with keys, from peers that may be hostile, and what the device itself reads back.</summary>
internal static class CryptoTargets
{
    private static readonly World World = new();

    public static IEnumerable<Target> All =>
    [
        new("envelope-unwrap", Samples.Envelopes, Unwrap),
        new("sealed-envelope", Samples.SealedEnvelopes, Open),
        new("certificate", Samples.Certificates, Certificates),
        new("prekey-bundle", Samples.PrekeyBundles, Bundles),
        new("handshake", Samples.Handshakes, Handshakes),
        new("invite-blob-sealed", Samples.SealedInviteBlobs, SealedBlobs),
        new("safety-code", Samples.SafetyCodes, SafetyCodes),
        new("session-state", Samples.SessionStates, SessionStates),
        new("prekey-state", Samples.PrekeyStates, PrekeyStates),
    ];

    private static string Unwrap(byte[] input)
    {
        if (!EnvelopeCodec.TryRead(input, out var envelope, out var fault))
            return fault.ToString();
        if (!EnvelopeSeal.TryUnwrap(World.WrapKey, envelope, out var opened))
            return "sealed otherwise";
        Require(envelope.Sealed == World.Envelope.Sealed && envelope.Id == World.Envelope.Id, "only what was sealed opens");
        Require(EnvelopeCodec.Check(opened) == EnvelopeFault.None, "what is opened is checked");
        return "opened";
    }

    private static string Open(byte[] input)
    {
        if (!EnvelopeCodec.TryReadSealed(input, out var envelope, out var fault))
            return fault.ToString();
        var session = World.Responder.Clone();
        var open = session.TryOpen(envelope, World.Id, out var plaintext);
        Require((open == OpenFault.None) == (plaintext is not null), "result and plaintext agree");
        if (plaintext is null)
            Require(session.Save().Equals(World.ResponderState), "a fault changes nothing");
        else
            Require(plaintext.AsSpan().SequenceEqual(World.Plaintext), "only what was sealed opens");
        return open.ToString();
    }

    private static string Certificates(byte[] input)
    {
        if (!Protobuf.TryParse(input, DeviceCertificate.Parser, out var certificate))
            return "malformed";
        var fault = DeviceCertificates.TryVerify(certificate, out var device);
        Require((fault == CertificateFault.None) == (device is not null), "result and device agree");
        if (device is not null)
            Require(device.HasSameKeys(World.Bob.Verified) || device.HasSameKeys(World.Alice.Verified), "only what was signed is verified");
        return fault.ToString();
    }

    private static string Bundles(byte[] input)
    {
        if (!Protobuf.TryParse(input, PrekeyBundle.Parser, out var bundle))
            return "malformed";
        var fault = Pqxdh.TryInitiate(World.Alice, bundle, World.Bob.Verified, new SeededRandom(9), out var session);
        Require((fault == HandshakeFault.None) == (session is not null), "result and session agree");
        return fault.ToString();
    }

    private static string Handshakes(byte[] input)
    {
        if (!Protobuf.TryParse(input, Handshake.Parser, out var handshake))
            return "malformed";
        var vault = World.Vault.Clone();
        var fault = Pqxdh.TryRespond(World.Bob, vault, handshake, out var session, out var remote);
        Require((fault == HandshakeFault.None) == (session is not null && remote is not null), "result and session agree");
        if (fault != HandshakeFault.None)
            Require(vault.Save().Equals(World.VaultState), "a fault changes nothing");
        return fault.ToString();
    }

    private static string SealedBlobs(byte[] input)
    {
        if (!World.Invite.TryOpenBlob(input, out var blob))
            return "refused";
        Require(blob.Equals(World.Blob), "only what was sealed opens");
        return "opened";
    }

    private static string SafetyCodes(byte[] input)
    {
        var result = SafetyNumber.Compare(input, World.Alice.Identity, World.Bob.Identity);
        Require(result != SafetyCodeResult.Match || input.AsSpan().SequenceEqual(World.SafetyCode), "one code matches");
        return result.ToString();
    }

    private static string SessionStates(byte[] input)
    {
        if (!Protobuf.TryParse(input, SessionState.Parser, out var state))
            return "malformed";
        if (!Session.TryLoad(state, out var session))
            return "refused";
        var saved = session.Save();
        Require(Session.TryLoad(saved, out var again) && again.Save().Equals(saved), "loads what it saved");
        _ = session.TryOpen(World.Sealed, World.Id, out _);
        return "loaded";
    }

    private static string PrekeyStates(byte[] input)
    {
        if (!Protobuf.TryParse(input, PrekeyState.Parser, out var state))
            return "malformed";
        if (!PrekeyVault.TryLoad(state, out var vault))
            return "refused";
        Require(PrekeyVault.TryLoad(vault.Save(), out _), "loads what it saved");
        return "loaded";
    }
}
