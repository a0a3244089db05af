using Dapari.Peer.Store;
using Dapari.Simulation.Core;
using Dapari.Simulation.Peers;
using Dapari.Wire;

namespace Dapari.Simulation.Scenarios;

/// <summary>What people do with files, and what goes wrong with them.</summary>
internal sealed partial class Storm
{
    private readonly SimRandom _post;
    private readonly double _generous;

    private void FilesAct()
    {
        var peer = _post.Pick(_world.Peers);
        if (!peer.Running || peer.View.Self is null || peer.Hostile)
            return;
        var contacts = peer.View.Contacts.Values.Where(contact => contact.State == ContactState.Accepted).ToArray();
        var open = peer.View.Transfers.Values.Where(transfer => transfer.State != TransferState.Ended)
            .OrderBy(transfer => transfer.Id.ToBase64(), StringComparer.Ordinal).ToArray();
        if (open.Length > 0 && _post.Chance(0.4))
            peer.Handle(_post.Pick(open), _post);
        else if (_post.Chance(0.35))
            FileTrouble(peer, open);
        else if (contacts.Length > 0 && open.Length < 6)
            peer.SendFiles(_post.Pick(contacts), _post.PickAny(Policy.Unspecified, Policy.Unspecified, Policy.Unspecified, Policy.DirectOnly, Policy.ServerOnly));
    }

    private void FileTrouble(SimPeer peer, TransferRecord[] open)
    {
        var server = _post.Pick(_world.Servers);
        switch (_post.Below(9))
        {
            case 0:
                peer.Files.Full = true;
                _world.Note(peer.Name, "has no room for files");
                _world.After(_post.Between(500, 20_000), () => peer.Files.Full = false);
                break;
            case 1:
                _world.Note(peer.Name, "loses what it kept of transfers");
                peer.Files.Evict();
                break;
            case 2:
                peer.Files.Lies = _post.PickAny(1, 1, 2, 12);
                _world.Note(peer.Name, $"will send {peer.Files.Lies} wrong pieces");
                break;
            case 3 when open.FirstOrDefault(transfer => transfer.Outgoing) is { } transfer && TransferId.TryRead(transfer.Id, out var id)
                && _world.Ledger.Sent.TryGetValue(id, out var sent):
                sent.SourceSpoiled = true;
                _world.Note(peer.Name, $"changes a source of {id}");
                peer.Files.Changed.Add((id, (uint)_post.Between(1, sent.Items.Count - 1)));
                break;
            case 4:
                server.BlobQuota = (ulong)_post.Between(0, 20) << 18;
                _world.Note(server.Name, $"takes {server.BlobQuota} bytes of drop-offs");
                _world.After(_post.Between(1_000, 40_000), () => server.BlobQuota = 2UL << 30);
                break;
            case 5:
                server.TakesBlobs = false;
                _world.After(_post.Between(1_000, 40_000), () => server.TakesBlobs = true);
                break;
            case 6 when _post.Chance(0.4):
                _world.Note(server.Name, "loses its drop-offs");
                server.LoseBlobs();
                break;
            case 7 when _post.Chance(0.5):
                _world.Note(server.Name, "spoils drop-offs");
                foreach (var blob in server.Blobs.Values.Where(blob => blob.Units.Count > 0))
                    blob.Units[_post.Below(blob.Units.Count)] = (Google.Protobuf.ByteString.Empty, 0);
                break;
            default:
                peer.Kill();
                peer.Restart(_world.RestartDelay());
                break;
        }
    }
}
