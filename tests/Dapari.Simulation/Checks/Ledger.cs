using System.Text;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Wire;

namespace Dapari.Simulation.Checks;

/// <summary>One text that a person wrote.</summary>
internal sealed class WrittenText(MessageId id, string text, SimPeer sender, SimPeer recipient)
{
    public MessageId Id { get; } = id;

    public string Text { get; } = text;

    public SimPeer Sender { get; } = sender;

    public SimPeer Recipient { get; } = recipient;

    /// <summary>Its place among all that the sender's store first kept; 0: never kept.</summary>
    public int Order { get; set; }

    /// <summary>The sender's lineage that first kept it.</summary>
    public int Lineage { get; set; }

    /// <summary>Every envelope that ever carried it.</summary>
    public HashSet<EnvelopeId> Envelopes { get; } = [];
}

/// <summary>What really happened, as nobody in the world can know it: the measure of all states.</summary>
internal sealed partial class Ledger(SimRandom random)
{
    private readonly HashSet<EnvelopeId> _durable = [];
    private readonly HashSet<(SimPeer Peer, MessageId Id)> _arrived = [];
    private readonly Dictionary<(SimPeer Reader, SimPeer Author), ulong> _read = [];
    private readonly HashSet<SimPeer> _restored = [];
    private readonly HashSet<(SimPeer, SimPeer)> _disturbed = [];
    private readonly Dictionary<(SimPeer, SimPeer), int> _parted = [];
    private readonly HashSet<(SimPeer Owner, SimPeer From)> _lostMarks = [];
    private readonly HashSet<(SimPeer Victim, SimPeer From)> _hostile = [];
    private int _order;

    public Dictionary<MessageId, WrittenText> Texts { get; } = [];

    public string NewText(SimPeer sender, SimPeer recipient, MessageId id, int filler)
    {
        var text = new StringBuilder($"{sender.Name}{recipient.Name}{Texts.Count}.");
        for (var i = 0; i < filler; i++)
            text.Append((char)('a' + random.Below(26)));
        Texts[id] = new WrittenText(id, text.ToString(), sender, recipient);
        return Texts[id].Text;
    }

    public void Kept(WrittenText text)
    {
        // A life that an old copy replaced had kept it; this one composes it anew.
        if (text.Order != 0 && text.Lineage == text.Sender.Lineage)
            return;
        text.Order = ++_order;
        text.Lineage = text.Sender.Lineage;
    }

    public void Durable(EnvelopeId id) => _durable.Add(id);

    public bool WasDurable(IEnumerable<EnvelopeId> ids) => ids.Any(_durable.Contains);

    public void Arrived(SimPeer recipient, MessageId id) => _arrived.Add((recipient, id));

    public bool EverArrived(SimPeer recipient, MessageId id) => _arrived.Contains((recipient, id));

    public void Read(SimPeer reader, SimPeer author, ulong through) =>
        _read[(reader, author)] = Math.Max(through, EverRead(reader, author));

    public ulong EverRead(SimPeer reader, SimPeer author) => _read.GetValueOrDefault((reader, author));

    public void Restored(SimPeer peer) => _restored.Add(peer);

    public bool WasRestored(SimPeer peer) => _restored.Contains(peer);

    /// <summary>The two once blocked each other, or one is gone for good: what was sent then may be lost by will.</summary>
    public void Disturb(SimPeer one, SimPeer other)
    {
        _disturbed.Add((one, other));
        _disturbed.Add((other, one));
    }

    /// <summary>Something of a contact expired at a server that was no message: perhaps how far it had read.</summary>
    public void LoseReadMark(SimPeer owner, SimPeer from) => _lostMarks.Add((owner, from));

    public bool LostReadMark(SimPeer owner, SimPeer from) => _lostMarks.Contains((owner, from));

    /// <summary>One was hostile to the other: what they have of each other's words may be anything.</summary>
    public void Attacked(SimPeer one, SimPeer other)
    {
        _hostile.Add((one, other));
        _hostile.Add((other, one));
    }

    public bool WasAttacked(SimPeer one, SimPeer other) => _hostile.Contains((one, other));

    public bool Disturbed(SimPeer one, SimPeer other) => _disturbed.Contains((one, other))
        // An old copy of one of them may not know that they parted, or that they met again.
        || (HaveParted(one, other) && (WasRestored(one) || WasRestored(other)));

    /// <summary>One removes the other: what was kept until now may be gone with the conversation; once they met again, what follows may not.</summary>
    public void Part(SimPeer one, SimPeer other) => _parted[(one, other)] = _parted[(other, one)] = _order;

    public bool HaveParted(SimPeer one, SimPeer other) => _parted.ContainsKey((one, other));

    /// <summary>Kept before the two last parted.</summary>
    public bool IsOfBefore(WrittenText text) => _parted.TryGetValue((text.Sender, text.Recipient), out var order) && text.Order <= order;
}
