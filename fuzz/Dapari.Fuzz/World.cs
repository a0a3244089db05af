using Dapari.Crypto;
using Dapari.Crypto.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Fuzz;

/// <summary>Two people, a session and an invite, the same at each run: corpora stay good.</summary>
internal sealed class World
{
    public World()
    {
        var random = new SeededRandom(2026);
        Alice = Device(random);
        Bob = Device(random);
        Vault = PrekeyVault.Create(Bob, random, 2, 1_000);
        VaultState = Vault.Save();
        Upload = Vault.TakeUpload(Bob);
        Bundle = new PrekeyBundle
        {
            Device = Bob.Certificate,
            SignedPrekey = Upload.SignedPrekey,
            OneTimePrekey = Upload.OneTime[0],
            KemPrekey = Upload.OneTimeKem[0],
        };
        Require(Pqxdh.TryInitiate(Alice, Bundle, Bob.Verified, random, out var initiator));
        Handshake = initiator!.PendingHandshake!;
        var vault = Vault.Clone();
        Require(Pqxdh.TryRespond(Bob, vault, Handshake, out var responder, out _));

        Plaintext = Padding.Pad(new Content { Chat = new ChatMessage { MessageId = MessageId.Random(random).ToByteString(), Text = "ciao" } });
        var first = EnvelopeId.Random(random);
        Responder = responder!;
        _ = Responder.TryOpen(initiator.Seal(Lane.Durable, first, Plaintext, random), first, out _);
        _ = initiator.Seal(Lane.Durable, EnvelopeId.Random(random), Plaintext, random);
        Id = EnvelopeId.Random(random);
        Sealed = initiator.Seal(Lane.Durable, Id, Plaintext, random);
        ResponderState = Responder.Save();
        WrapKey = WrapKey.Generate(random);
        Envelope = Envelope.Parser.ParseFrom(EnvelopeSeal.Wrap(WrapKey, Id, Sealed));
        Invite = InviteSecret.Generate(random);
        Mailbox = new MailboxAddress
        {
            Server = "https://example.org",
            MailboxId = MailboxId.Random(random).ToByteString(),
            SenderSeed = ByteString.CopyFrom(random.Bytes(32)),
            WrapKey = ByteString.CopyFrom(random.Bytes(32)),
        };
        Prekeys = new PrekeyAddress { Server = "http://192.168.1.7:8080", StoreId = PrekeyStoreId.Random(random).ToByteString() };
        Blob = new InviteBlob
        {
            Version = InviteBlobCodec.Version,
            InviteId = InviteId.Random(random).ToByteString(),
            Name = "Alice",
            Device = Alice.Certificate,
            Prekeys = Prekeys,
            Mailbox = Mailbox,
            ExpiresAtMs = 1_800_000_000_000,
        };
        SafetyCode = SafetyNumber.Code(Bob.Identity, Alice.Identity);
    }

    public LocalDevice Alice { get; }

    public LocalDevice Bob { get; }

    public PrekeyVault Vault { get; }

    public PrekeyState VaultState { get; }

    public PrekeyUpload Upload { get; }

    public PrekeyBundle Bundle { get; }

    public Handshake Handshake { get; }

    public Session Responder { get; }

    public SessionState ResponderState { get; }

    public SealedEnvelope Sealed { get; }

    public EnvelopeId Id { get; }

    public byte[] Plaintext { get; }

    public WrapKey WrapKey { get; }

    public Envelope Envelope { get; }

    public InviteSecret Invite { get; }

    public InviteBlob Blob { get; }

    public MailboxAddress Mailbox { get; }

    public PrekeyAddress Prekeys { get; }

    public byte[] SafetyCode { get; }

    private static LocalDevice Device(SeededRandom random)
    {
        using var identity = IdentityPrivateKey.Generate(random);
        var agreement = AgreementPrivateKey.Generate(random);
        var signing = SigningPrivateKey.Generate(random);
        return new LocalDevice(
            agreement, signing, DeviceCertificates.Issue(identity, DeviceId.Random(random), agreement.PublicKey, signing.PublicKey, 1_000));
    }

    private static void Require(HandshakeFault fault) => Target.Require(fault == HandshakeFault.None, "the fixed world stands: " + fault);
}
