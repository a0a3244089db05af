using Dapari.Peer.Engine;

namespace Dapari.Peer.Hosting;

/// <summary>The steps of one commit: their batches as one, their effects in order.</summary>
internal sealed class StepGroup
{
    public int Count { get; private set; }

    public StoreBatch Batch { get; } = new();

    public List<PeerEffect> Effects { get; } = [];

    public void Add(PeerStep step)
    {
        Count++;
        foreach (var (key, value) in step.Batch.State)
            Batch.State[key] = value;
        foreach (var contact in step.Batch.ForgottenConversations)
        {
            var id = contact.ToByteString();
            Batch.Messages.RemoveAll(message => message.ContactId == id);
            Batch.ForgottenConversations.Add(contact);
        }

        Batch.Messages.AddRange(step.Batch.Messages);
        Effects.AddRange(step.Effects);
    }
}
