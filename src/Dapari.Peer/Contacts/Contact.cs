using Dapari.Crypto;
using Dapari.Peer.Local;
using Dapari.Peer.Outbox;
using Dapari.Peer.Paths;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Contacts;

/// <summary>A contact as kept (the record) and as it is at the moment (everything else).</summary>
internal sealed class Contact
{
    public Contact(ContactId id, ContactRecord record)
    {
        Id = id;
        Record = record;
        Queue = new ContactQueue(this);
        Path = new DirectPath();
        ReadTold = record.ReadTold;
        if (IdentityPublicKey.TryRead(record.IdentityKey, out var identity))
            Identity = identity;
    }

    public ContactId Id { get; }

    public ContactRecord Record { get; }

    /// <summary>Unknown only while an invite's blob was not fetched.</summary>
    public IdentityPublicKey? Identity { get; }

    public OwnBox? Box { get; set; }

    public ContactQueue Queue { get; }

    public DirectPath Path { get; }

    public ContactView? View { get; set; }

    /// <summary>Monotonic; shown as typing until then.</summary>
    public long TypingUntil { get; set; } = long.MinValue;

    /// <summary>Monotonic; we said so until then.</summary>
    public long OwnTypingSaidAt { get; set; } = long.MinValue;

    public bool OwnTyping { get; set; }

    public bool InviteGone { get; set; }

    /// <summary>Token of the OpenInvite command that waits for the blob.</summary>
    public long? OpeningToken { get; set; }

    public long OpeningUntil { get; set; }

    /// <summary>Our watermark as last told, by whatever way; the record's is told for sure.</summary>
    public ulong ReadTold { get; set; }

    /// <summary>Receipts to give back by the way that their messages came.</summary>
    public Dictionary<MessageId, RouteRecord> DueByMailbox { get; } = [];

    public Dictionary<MessageId, RouteRecord> DueByPath { get; } = [];

    /// <summary>Envelopes to report as unopenable, with their numbers at the server if they lay there, and when the last report left (monotonic).</summary>
    public Dictionary<EnvelopeId, List<ulong>> Unopened { get; } = [];

    /// <summary>Something live of theirs could not be opened.</summary>
    public bool UnopenedLive { get; set; }

    /// <summary>How often that was reported since something live was opened.</summary>
    public int LiveReports { get; set; }

    public long LastUnopenedReport { get; set; } = long.MinValue / 2;

    /// <summary>The session in which something of theirs was last reported unopenable in this run, while nothing durable of theirs was opened in it since.</summary>
    public SessionId? ReportedWith { get; set; }

    /// <summary>When keys for a fresh session may be asked for again (monotonic).</summary>
    public long KeysAskAt { get; set; } = long.MinValue;

    public bool KeysAsked { get; set; }

    /// <summary>Ids of messages lately sent to or shown from the contact in this run, with the records of theirs.</summary>
    public Recent<MessageId, MessageRecord> Lately { get; } = new(256);

    public RemoteDevice? Device => Record.Devices.Count > 0 ? Record.Devices[0] : null;

    public MailboxAddress? Address => Device?.Mailbox;

    public bool IsAccepted => Record.State == ContactState.Accepted;

    /// <summary>Only the last things for them remain to be posted; not shown.</summary>
    public bool IsLeaving => Record.State == ContactState.Unspecified;

    public bool HasSealingSession => Device is { SealingSession.Length: SessionId.Length };

    public static string RowKey(ContactId id) => "contact/" + id;
}
