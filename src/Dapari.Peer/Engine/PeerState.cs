using Dapari.Crypto;
using Dapari.Peer.Calls;
using Dapari.Peer.Contacts;
using Dapari.Peer.Hosting;
using Dapari.Peer.Invites;
using Dapari.Peer.Servers;
using Dapari.Peer.Sessions;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Engine;

/// <summary>Everything that the engine keeps in memory; its parts share it, and the engine's owner is its only owner.</summary>
internal sealed class PeerState(
    RandomSource random, bool pathsSupported, bool callsSupported = false, bool filesSupported = false, bool nearbySupported = false, FileCredit? fileCredit = null)
{
    /// <summary>Contacts of any state.</summary>
    public const int MaxContacts = 1000;

    /// <summary>Requests that wait for an answer.</summary>
    public const int MaxUnanswered = 100;

    /// <summary>Invites that still admit.</summary>
    public const int MaxOpenInvites = 64;

    public RandomSource Random { get; } = random;

    public bool PathsSupported { get; } = pathsSupported;

    public bool CallsSupported { get; } = callsSupported;

    public bool FilesSupported { get; } = filesSupported;

    public FileCredit FileCredit { get; } = fileCredit ?? FileCredit.Default;

    public bool NearbySupported { get; } = nearbySupported;

    /// <summary>New at each start: tells others a restart from a reconnection.</summary>
    public byte[] RunId { get; } = random.Bytes(8);

    public SelfRecord? Self { get; set; }

    public IdentityPrivateKey? Identity { get; set; }

    public LocalDevice? Device { get; set; }

    public MailboxPrivateKey? PrekeyOwner { get; set; }

    public PrekeyVault? Vault { get; set; }

    public Dictionary<ContactId, Contact> Contacts { get; } = [];

    public Dictionary<IdentityPublicKey, Contact> ByIdentity { get; } = [];

    public Dictionary<InviteId, OwnInvite> Invites { get; } = [];

    public Dictionary<SessionId, KnownSession> Sessions { get; } = [];

    public Dictionary<MailboxId, OwnBox> Boxes { get; } = [];

    /// <summary>Messages opened but not shown before a look into the store, by their envelope.</summary>
    public Dictionary<EnvelopeId, ParkedMessage> Parked { get; } = [];

    public ulong NextOrder { get; set; } = 1;

    /// <summary>The conversation on screen.</summary>
    public ContactId? OnScreen { get; set; }

    /// <summary>The policy in effect for a contact.</summary>
    public Policy PolicyFor(Contact contact) => Effective(contact.Record.Policy);

    public Policy Effective(Policy policy)
    {
        if (policy is Policy.Automatic or Policy.DirectOnly or Policy.ServerOnly)
            return policy;
        return Self?.DefaultPolicy is Policy.DirectOnly or Policy.ServerOnly ? Self.DefaultPolicy : Policy.Automatic;
    }

    /// <summary>How a call with a contact goes by now, and why.</summary>
    public CallReach ReachOf(Contact contact, Policy forCall) =>
        CallWays.Reach(forCall, contact.Record.CallPolicy, Self?.DefaultCallPolicy ?? Policy.Unspecified, contact.Record.Verified);

    /// <summary>A random number below a bound, for jitter.</summary>
    public long Jitter(long below)
    {
        Span<byte> bytes = stackalloc byte[4];
        Random.Fill(bytes);
        return BitConverter.ToUInt32(bytes) % Math.Max(1, below);
    }

    public void Add(Contact contact)
    {
        Contacts.Add(contact.Id, contact);
        if (contact.Identity is { } identity)
            ByIdentity[identity] = contact;
    }

    public void Remove(Contact contact)
    {
        Contacts.Remove(contact.Id);
        if (contact.Identity is { } identity && ByIdentity.GetValueOrDefault(identity) == contact)
            ByIdentity.Remove(identity);
    }
}
