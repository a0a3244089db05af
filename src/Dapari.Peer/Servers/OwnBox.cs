using Dapari.Crypto;
using Dapari.Peer.Contacts;
using Dapari.Peer.Invites;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Servers;

/// <summary>A mailbox of ours: of a contact, of an invite, or one that is to be deleted.</summary>
internal sealed class OwnBox
{
    public OwnBox(OwnMailbox record, Contact? contact, OwnInvite? invite)
    {
        Record = record;
        Contact = contact;
        Invite = invite;
        if (!MailboxId.TryRead(record.MailboxId, out var id) || !MailboxPrivateKey.TryRead(record.OwnerSeed.Span, out var owner)
            || !MailboxPrivateKey.TryRead(record.SenderSeed.Span, out var sender) || !WrapKey.TryRead(record.WrapKey.Span, out var wrap))
            throw new InvalidDataException("A mailbox row cannot be read.");
        Id = id;
        Owner = owner!;
        Sender = sender!;
        Wrap = wrap!;
    }

    public MailboxId Id { get; }

    public OwnMailbox Record { get; }

    public Contact? Contact { get; }

    public OwnInvite? Invite { get; }

    /// <summary>The closed invite of a mailbox that is being deleted: what was posted until then is still answered.</summary>
    public OwnInvite? FormerInvite { get; init; }

    public MailboxPrivateKey Owner { get; }

    public MailboxPrivateKey Sender { get; }

    public WrapKey Wrap { get; }

    /// <summary>Sequences whose envelopes are dealt with, to acknowledge when the inputs are drained.</summary>
    public List<ulong> ToAcknowledge { get; } = [];

    /// <summary>Its server was heard in this run, so this device is known to be no old copy of itself.</summary>
    public bool Checked { get; set; }

    /// <summary>
    /// Its contact, met on the same network, has heard nothing of ours that this device does not remember: as good a sign as its server's that it may seal,
    /// while the server is out of reach. What the server says is asked for all the same.
    /// </summary>
    public bool Witnessed { get; set; }

    /// <summary>Whether anything may be sealed for its contact.</summary>
    public bool MaySeal => Checked || Witnessed;

    public bool IsGone => Contact is null && Invite is null;

    public static string GoneKey(MailboxId id) => "gone/" + id;

    public static OwnMailbox Make(string server, RandomSource random)
    {
        using var owner = MailboxPrivateKey.Generate(random);
        using var sender = MailboxPrivateKey.Generate(random);
        using var wrap = WrapKey.Generate(random);
        return new OwnMailbox
        {
            Server = server,
            MailboxId = MailboxId.Random(random).ToByteString(),
            OwnerSeed = ByteString.CopyFrom(owner.ExportSecret()),
            SenderSeed = ByteString.CopyFrom(sender.ExportSecret()),
            WrapKey = ByteString.CopyFrom(wrap.ExportSecret()),
        };
    }

    /// <summary>What the other is given to write there.</summary>
    public MailboxAddress ToAddress() => new()
    {
        Server = Record.Server, MailboxId = Record.MailboxId, SenderSeed = Record.SenderSeed, WrapKey = Record.WrapKey,
    };
}
