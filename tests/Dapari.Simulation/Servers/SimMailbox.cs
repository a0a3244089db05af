using Dapari.Simulation.Network;
using Dapari.Wire;

namespace Dapari.Simulation.Servers;

/// <summary>A mailbox as a server's database keeps it, and who listens to it now (which no crash survives).</summary>
internal sealed class SimMailbox(MailboxId id, byte[] ownerKey, byte[] senderKey)
{
    public MailboxId Id { get; } = id;

    public byte[] OwnerKey { get; } = ownerKey;

    public byte[] SenderKey { get; } = senderKey;

    public SortedDictionary<ulong, StoredEnvelope> Envelopes { get; } = [];

    public HashSet<EnvelopeId> Held { get; } = [];

    public ulong NextSequence { get; set; } = 1;

    public ulong HighestAcknowledged { get; set; }

    public long Bytes { get; set; }

    public SimConnection? Listener { get; set; }

    public void Remove(ulong sequence)
    {
        if (!Envelopes.Remove(sequence, out var gone))
            return;
        Held.Remove(gone.Id);
        Bytes -= gone.Envelope.Length;
    }
}

/// <summary>One envelope at a server.</summary>
internal sealed record StoredEnvelope(EnvelopeId Id, byte[] Envelope, long StoredAt);
