using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Files;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Simulation.Checks;

/// <summary>What must hold of files at every moment.</summary>
internal sealed partial class StepChecks
{
    public void Said(SimPeer peer, SendFiles said, CommandRefusal refusal)
    {
        MessageId.TryRead(said.MessageId, out var id);
        if (refusal == CommandRefusal.Unspecified && peer.Store.Find(id) is null && !_removed.Contains((peer, id)))
            world.Broken($"{peer.Name} was told that the files {Short(id)} are offered, and the store does not have it");
        if (refusal is CommandRefusal.TooLong or CommandRefusal.Empty || (refusal == CommandRefusal.Malformed && !said.Again))
            world.Broken($"{peer.Name}: good files were refused: {refusal}");
    }

    /// <summary>What the driver is told to do: nothing before it is wanted, nothing by a way that is not allowed.</summary>
    public void Ordered(SimPeer peer, FileOrder order)
    {
        switch (order)
        {
            case FileOrder.OpenDestination(var id, _):
                Accepted(peer, id);
                break;
            case FileOrder.Expect(_, var id, _):
                Accepted(peer, id);
                break;
            case FileOrder.Fetch(var id, var dropOff, _):
                Accepted(peer, id);
                if (world.ServerAt(dropOff.Server) is null)
                    world.Broken($"{peer.Name} fetches {id} from a server that nobody uses");
                break;
            case FileOrder.Serve(_, var id, _, _) when Row(peer, id) is { } row && FileWays.Of(peer, row) == Policy.ServerOnly:
                world.Broken($"{peer.Name} sends {id} by the channel, server only");
                break;
            case FileOrder.Upload(var id, _, _) when Row(peer, id) is { } row && (FileWays.Of(peer, row) == Policy.DirectOnly || !row.Leave):
                world.Broken($"{peer.Name} leaves {id} at a server, {FileWays.Of(peer, row)}, leave {row.Leave}");
                break;
            default:
                break;
        }
    }

    private static TransferRecord? Row(SimPeer peer, TransferId id) => peer.View.Transfers.GetValueOrDefault("transfer/" + id);

    private void Accepted(SimPeer peer, TransferId id)
    {
        // Perhaps a later step of the same commit ended it.
        if (Row(peer, id) is not { Outgoing: false, State: TransferState.Moving or TransferState.Finishing or TransferState.Ended } || !world.Ledger.Sent.TryGetValue(id, out var sent))
        {
            world.Broken($"{peer.Name} takes {id}, which its store does not know as wanted ({Row(peer, id)?.State})");
            return;
        }

        if (!sent.Wanted && sent.Bytes > peer.UnaskedEver)
            world.Broken($"{peer.Name} takes {id} of {sent.Bytes} bytes, and nobody asked for it");
    }

    private void Transfers(SimPeer peer, StoreBatch batch)
    {
        foreach (var (key, value) in batch.State)
        {
            if (value is null || !key.StartsWith("transfer/", StringComparison.Ordinal))
                continue;
            if (key.EndsWith("/progress", StringComparison.Ordinal))
                Progress(peer, key, TransferProgress.Parser.ParseFrom(value));
            else if (key.LastIndexOf('/') == "transfer".Length && peer.View.Transfers.TryGetValue(key, out var former))
                Changed(peer, former, TransferRecord.Parser.ParseFrom(value));
        }
    }

    private void Changed(SimPeer peer, TransferRecord former, TransferRecord now)
    {
        var back = now.State < former.State && !(former.State == TransferState.Finishing && now.State == TransferState.Moving);
        if (back || former.Outgoing != now.Outgoing || former.ContactId != now.ContactId || former.MessageId != now.MessageId)
            world.Broken($"{peer.Name}: a transfer goes back from {former.State} to {now.State}");
        if (former.State == TransferState.Ended && !now.Outgoing && !Equals(former.End, now.End))
            world.Broken($"{peer.Name}: a transfer that ended as {former.End} ended as {now.End}");
    }

    /// <summary>Every chunk that is counted was verified, and the shares add up.</summary>
    private void Progress(SimPeer peer, string key, TransferProgress progress)
    {
        if (!TransferId.TryRead(Convert.FromHexString(key.Split('/')[1]), out var id) || !world.Ledger.Sent.TryGetValue(id, out var sent) || sent.To != peer)
            return;
        var bytes = 0UL;
        foreach (var span in progress.Verified)
        {
            for (var counted = span.First; counted < span.First + span.Count; counted++)
            {
                var rest = (long)counted;
                var item = 0;
                while (rest >= sent.Items[item].Id.Shape.Chunks)
                    rest -= sent.Items[item++].Id.Shape.Chunks;
                bytes += (ulong)sent.Items[item].Id.Shape.ChunkLength(rest);
                if (!peer.Files.Told.Contains((id, (uint)item, rest)))
                    world.Broken($"{peer.Name} counts chunk {rest} of item {item} of {id}, which its driver never verified");
            }
        }

        var shares = progress.Shares.Aggregate(0UL, (sum, share) => sum + share.Bytes);
        if (shares != bytes)
            world.Broken($"{peer.Name} has {bytes} bytes of {id}, and {shares} by routes");
    }

    private void Offer(SimPeer peer, MessageId id, MessageRecord message, MessageRecord? former)
    {
        if (!world.Ledger.Offers.TryGetValue(id, out var sent) || (message.Outgoing ? sent.From : sent.To) != peer || message.File?.TransferId != sent.Id.ToByteString())
        {
            world.Broken($"{peer.Name} keeps an offer that nobody made: {Short(id)}");
            return;
        }

        if (former?.File?.End is { } end && !message.Outgoing && !Equals(end, message.File.End))
            world.Broken($"{peer.Name}: the entry {Short(id)} ended as {end}, now {message.File.End}");
        if (former is not null && message.State < former.State)
            world.Broken($"{peer.Name}: the offer {Short(id)} goes back from {former.State} to {message.State}");
        if (message.Outgoing && former is null)
            world.Ledger.Kept(sent);
        if (message.File.End?.Outcome == FileOutcome.Arrived && !sent.To.Files.Placed.ContainsKey(sent.Id))
            world.Broken($"{peer.Name} says that the files {Short(id)} arrived, and they are nowhere");
    }
}
