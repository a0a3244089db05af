using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Simulation.Peers;

/// <summary>The rows that the checks look into, decoded as they are put.</summary>
internal sealed class RowView
{
    public SelfRecord? Self { get; private set; }

    public Dictionary<string, ContactRecord> Contacts { get; } = [];

    public Dictionary<string, InviteRecord> Invites { get; } = [];

    /// <summary>Transfers of files, by their row.</summary>
    public Dictionary<string, TransferRecord> Transfers { get; } = [];

    /// <summary>By envelope id.</summary>
    public Dictionary<EnvelopeId, OutboxRecord> Outbox { get; } = [];

    private readonly Dictionary<string, EnvelopeId> _outboxKeys = [];

    public static RowView Of(IEnumerable<KeyValuePair<string, byte[]>> rows)
    {
        var view = new RowView();
        foreach (var (key, value) in rows)
            view.Put(key, value);
        return view;
    }

    public void Apply(StoreBatch batch)
    {
        foreach (var (key, value) in batch.State)
            Put(key, value);
    }

    public ContactRecord? ContactOf(ByteString identity)
    {
        foreach (var contact in Contacts.Values)
        {
            if (contact.IdentityKey == identity)
                return contact;
        }

        return null;
    }

    /// <summary>The policy that this device follows towards a contact.</summary>
    public Policy PolicyTowards(ContactRecord contact) => contact.Policy != Policy.Unspecified
        ? contact.Policy
        : Self?.DefaultPolicy is null or Policy.Unspecified ? Policy.Automatic : Self.DefaultPolicy;

    private void Put(string key, byte[]? value)
    {
        if (key == "self")
        {
            Self = value is null ? null : SelfRecord.Parser.ParseFrom(value);
        }
        else if (key.StartsWith("contact/", StringComparison.Ordinal))
        {
            if (value is null)
                Contacts.Remove(key);
            else
                Contacts[key] = ContactRecord.Parser.ParseFrom(value);
        }
        else if (key.StartsWith("invite/", StringComparison.Ordinal))
        {
            if (value is null)
                Invites.Remove(key);
            else
                Invites[key] = InviteRecord.Parser.ParseFrom(value);
        }
        else if (key.StartsWith("transfer/", StringComparison.Ordinal) && key.LastIndexOf('/') == "transfer".Length)
        {
            if (value is null)
                Transfers.Remove(key);
            else
                Transfers[key] = TransferRecord.Parser.ParseFrom(value);
        }
        else if (key.StartsWith("outbox/", StringComparison.Ordinal))
        {
            if (_outboxKeys.Remove(key, out var former))
                Outbox.Remove(former);
            if (value is null)
                return;
            var record = OutboxRecord.Parser.ParseFrom(value);
            if (!EnvelopeId.TryRead(record.EnvelopeId, out var id))
                return;
            Outbox[id] = record;
            _outboxKeys[key] = id;
        }
    }
}
