using Dapari.Peer.Store;
using Dapari.Simulation.Files;
using Dapari.Simulation.Scenarios;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Checks;

/// <summary>Once all is healed: what was wanted and not called off is there bit for bit, both ends say the same of it, and nothing of it lies at a server.</summary>
internal static class FileChecks
{
    public static void Check(World world)
    {
        foreach (var sent in world.Ledger.Sent.Values.Where(sent => sent.Order > 0 && IsOwed(world, sent)))
            Check(world, sent);
        foreach (var server in world.Servers)
        {
            foreach (var (blob, _) in server.Blobs.Where(one => one.Value.EndsAt > world.Now))
                LeftBehind(world, server.Name, blob);
        }
    }

    /// <summary>Whether both ends owe it to each other that the transfer comes to an end.</summary>
    public static bool IsOwed(World world, SentFiles sent)
    {
        var (from, to) = (sent.From, sent.To);
        return !from.Deleted && !to.Deleted && Unrest.IsLive(world, from, to) && !world.Ledger.WasAttacked(from, to) && !Unrest.Stuck(from, to) && !Unrest.Stuck(to, from)
            && !world.Ledger.IsOfBefore(sent) && !world.Ledger.WasRestored(from) && !world.Ledger.WasRestored(to) && !world.Ledger.HaveParted(from, to)
            && from.Store.Find(sent.Message) is not null
            // The word of an empty file's end, thrown away unread after a month: there is nothing at a server of which it would be said again.
            && !(world.Figures.Expired > 0 && sent.Bytes == 0);
    }

    private static void Check(World world, SentFiles sent)
    {
        var name = $"{sent.From.Name}'s files {StepChecks.Short(sent.Message)} to {sent.To.Name}";
        if (sent.To.Store.Find(sent.Message) is not { File: { } there } arrived || sent.From.Store.Find(sent.Message) is not { File: { } here } offered)
        {
            world.Broken($"{name} were never shown there");
            return;
        }

        if (arrived.OrderKey != offered.OrderKey)
            world.Broken($"{name} stand at different places");
        if (here.End is null || there.End is null)
        {
            world.Broken($"{name} did not end: {here.End?.Outcome} and {there.End?.Outcome}");
            return;
        }

        if (!here.End.Equals(there.End))
            world.Broken($"{name} ended as {here.End} at the sender and as {there.End} at the recipient");
        switch (there.End.Outcome)
        {
            case FileOutcome.Arrived:
                Arrived(world, sent, there.End, name);
                break;
            case FileOutcome.Cancelled or FileOutcome.Refused when sent.CalledOff:
            case FileOutcome.WrongBytes when sent.LiedAbout:
            case FileOutcome.SourceChanged or FileOutcome.SourceGone when sent.SourceSpoiled:
                world.Figures.FilesEnded++;
                break;
            default:
                world.Broken($"{name} ended as {there.End}, and nobody asked for that");
                break;
        }
    }

    private static void Arrived(World world, SentFiles sent, FileEnd end, string name)
    {
        var placed = sent.To.Files.Placed.GetValueOrDefault(sent.Id);
        var bytes = 0UL;
        var missing = 0;
        for (var item = 0; item < sent.Items.Count; item++)
        {
            var shape = sent.Items[item].Id.Shape;
            var whole = true;
            for (var chunk = 0L; chunk < shape.Chunks; chunk++)
                whole &= placed is not null && placed.GetValueOrDefault(((uint)item, chunk)) == sent.Items[item].Chunk(chunk);
            if (whole)
                bytes += (ulong)shape.Size;
            else
                missing++;
        }

        if (missing > (int)end.ItemsLost || (missing > 0 && !sent.SourceSpoiled && !sent.LiedAbout))
            world.Broken($"{name} arrived, but {missing} items are not the ones that were offered; {end.ItemsLost} are said to be lost");
        var shares = end.Shares.Aggregate(0UL, (sum, share) => sum + share.Bytes);
        // Of an item that was lost some may have come, and not all of that be counted.
        if (end.ItemsLost == 0 ? shares != sent.Bytes : shares > sent.Bytes)
            world.Broken($"{name}: {bytes} bytes arrived, {shares} by routes");
        foreach (var share in end.Shares.Where(share => share.Bytes > 0 && sent.Carried.GetValueOrDefault(share.Route == Route.DropOff ? Route.DropOff : Route.Direct) == 0))
            world.Broken($"{name}: {share.Bytes} bytes are said to have come by {share.Route}, by which nothing came");
        if (sent.Way == Policy.ServerOnly && end.Shares.Any(share => share.Route != Route.DropOff && share.Bytes > 0))
            world.Broken($"{name} came directly, server only");
        if (sent.Way == Policy.DirectOnly && end.Shares.Any(share => share.Route == Route.DropOff && share.Bytes > 0))
            world.Broken($"{name} lay at a server, direct only");
        world.Figures.Files++;
        world.Figures.FilesDirect += end.Shares.Any(share => share.Route != Route.DropOff) ? 1 : 0;
        world.Figures.FilesLeft += end.Shares.Any(share => share.Route == Route.DropOff) ? 1 : 0;
    }

    private static void LeftBehind(World world, string server, ByteString blob)
    {
        // What was begun and never uploaded to was its sender's; what is nobody's any more ends by itself.
        if (!world.Ledger.DropOffs.TryGetValue(blob, out var known) || !world.Ledger.Sent.TryGetValue(known.Transfer, out var sent) || !IsOwed(world, sent))
            return;
        if (sent.To.Store.Find(sent.Message)?.File?.End is not null)
            world.Broken($"a drop-off of {sent.From.Name}'s files {StepChecks.Short(sent.Message)} still lies at {server} although they are there");
    }
}
