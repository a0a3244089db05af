using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Core;
using Dapari.Simulation.Files;
using Dapari.Simulation.Network;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Peers;

/// <summary>What the person does with files, and their driver.</summary>
internal sealed partial class SimPeer
{
    private readonly List<SendFiles> _unconfirmedFiles = [];
    private readonly SimRandom _filing;

    /// <summary>The driver of files.</summary>
    public SimFiles Files { get; }

    /// <summary>Up to so many bytes come without asking.</summary>
    public ulong Unasked { get; private set; } = 32 << 20;

    /// <summary>One end of a path; null: there is none (any more).</summary>
    public SimPathEnd? PathOf(ulong path) => _paths.GetValueOrDefault(path);

    public void FileHappened(FileEvent happened)
    {
        _world.Detail(Name, () => $"  file: {happened}");
        Give(new PeerInput.FileHappened(happened));
    }

    /// <summary>Picks files and offers them.</summary>
    public void SendFiles(ContactRecord contact, Policy way = Policy.Unspecified, bool? leave = null, int? chunks = null)
    {
        if (_world.PeerOf(contact.IdentityKey) is not { } to)
            return;
        var source = new SeededRandomSource(_filing);
        var count = chunks is null ? _filing.PickAny(1, 1, 1, 1, 2, 3, 5) : 1;
        var files = new List<SimFile>();
        var command = new SendFiles
        {
            ContactId = contact.Id, MessageId = MessageId.Random(source).ToByteString(), TransferId = TransferId.Random(source).ToByteString(),
            Leave = leave ?? _filing.Chance(0.5), Way = way,
        };
        for (var at = 0; at < count; at++)
        {
            var size = chunks is { } wanted ? (long)wanted * FileShape.ChunkBytes : _filing.PickAny(
                0, 1, _filing.Between(1, FileShape.ChunkBytes), _filing.Between(1, 12L * FileShape.ChunkBytes), _filing.Between(1, 40L * FileShape.ChunkBytes));
            // More than comes by itself.
            if (chunks is null && at == 0 && _filing.Chance(0.1))
                size = _filing.Between(129, 300) * FileShape.ChunkBytes;
            files.Add(SimFile.Make(_filing, size));
            command.Items.Add(new FileItem { Name = $"{at}.bin", MediaType = "application/octet-stream", Blob = files[^1].Blob });
        }

        var list = SimFile.Make(_filing, 0);
        if (_filing.Chance(0.25))
        {
            list = SimFile.Manifest(_filing, ManifestCodec.Write(new FileManifest { Items = { command.Items } }));
            command.Manifest = list.Blob;
        }

        TransferId.TryRead(command.TransferId, out var id);
        MessageId.TryRead(command.MessageId, out var message);
        Files.Sources[id] = [list, .. files];
        _world.Ledger.Offered(new SentFiles(id, message, this, to, Files.Sources[id], way));
        Say(new Command { SendFiles = command });
    }

    /// <summary>A person with a finger on a transfer.</summary>
    public void Handle(TransferRecord transfer, SimRandom random)
    {
        TransferId.TryRead(transfer.Id, out var id);
        var sent = _world.Ledger.Sent.GetValueOrDefault(id);
        switch (random.Below(12))
        {
            case < 3 when !transfer.Outgoing:
                Want(transfer.Id);
                break;
            case < 5:
                Say(new Command { PauseFiles = new PauseFiles { TransferId = transfer.Id, Paused = random.Chance(0.5) } });
                break;
            case < 7:
                Say(new Command { RetryFiles = new RetryFiles { TransferId = transfer.Id } });
                break;
            case < 10 when transfer.Outgoing:
                Say(new Command { LeaveFiles = new LeaveFiles { TransferId = transfer.Id, Leave = random.Chance(0.7) } });
                break;
            case 10 when random.Chance(0.4):
                sent?.CalledOff = true;
                Say(new Command { CancelFiles = new CancelFiles { TransferId = transfer.Id } });
                break;
            case 11 when random.Chance(0.3):
                Unasked = random.PickAny(0UL, 1UL << 20, 32UL << 20);
                UnaskedEver = Math.Max(UnaskedEver, Unasked);
                Say(new Command { SetFileRules = new SetFileRules { ReceiveUnaskedBytes = Unasked } });
                break;
            default:
                break;
        }
    }

    /// <summary>The most that this person ever let come by itself.</summary>
    public ulong UnaskedEver { get; private set; } = 32 << 20;

    public void Want(ByteString transfer)
    {
        if (TransferId.TryRead(transfer, out var id) && _world.Ledger.Sent.TryGetValue(id, out var sent))
            sent.Wanted = true;
        Say(new Command { WantFiles = new WantFiles { TransferId = transfer } });
    }

    /// <summary>In a healed world people want what they were offered, and try again; who can neither wait nor leave it takes it back.</summary>
    public void SettleFiles(bool patient)
    {
        if (!Running)
            return;
        foreach (var transfer in View.Transfers.Values.Where(transfer => transfer.State != TransferState.Ended).OrderBy(transfer => transfer.Id.ToBase64(), StringComparer.Ordinal).ToArray())
        {
            if (transfer is { Outgoing: false, State: TransferState.Offered })
                Want(transfer.Id);
            else if (transfer.Paused || transfer.Trouble != TransferTrouble.Unspecified)
                Say(new Command { RetryFiles = new RetryFiles { TransferId = transfer.Id } });
            if (patient || !transfer.Outgoing || !TransferId.TryRead(transfer.Id, out var id))
                continue;
            if (!transfer.Leave && transfer.Way != Policy.DirectOnly)
                Say(new Command { LeaveFiles = new LeaveFiles { TransferId = transfer.Id, Leave = true } });
            if (!FileWays.CanGo(_world, this, transfer))
            {
                _world.Ledger.Sent.GetValueOrDefault(id)?.CalledOff = true;
                Say(new Command { CancelFiles = new CancelFiles { TransferId = transfer.Id } });
            }
        }
    }

    private void SayFilesAgain()
    {
        foreach (var files in _unconfirmedFiles.ToArray())
        {
            if (_said.Values.Any(command => command.SendFiles == files))
                continue;
            _unconfirmedFiles.Remove(files);
            if (!TransferId.TryRead(files.TransferId, out var id) || !Files.Sources.ContainsKey(id) || !_filing.Chance(0.8))
                continue;
            files.Again = true;
            Say(new Command { SendFiles = files });
        }
    }
}
