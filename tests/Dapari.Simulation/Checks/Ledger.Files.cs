using Dapari.Simulation.Files;
using Dapari.Simulation.Peers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Google.Protobuf;

namespace Dapari.Simulation.Checks;

/// <summary>What became of files.</summary>
internal sealed partial class Ledger
{
    private readonly Dictionary<TreeHash, SimFile> _files = [];
    private readonly Dictionary<(ByteString Key, int Unit), ulong> _sealed = [];

    public Dictionary<TransferId, SentFiles> Sent { get; } = [];

    public Dictionary<MessageId, SentFiles> Offers { get; } = [];

    /// <summary>Of what, and by whom, each drop-off is.</summary>
    public Dictionary<ByteString, (TransferId Transfer, SimPeer By)> DropOffs { get; } = [];

    public SimFile? FileOf(TreeHash root) => _files.GetValueOrDefault(root);

    public void Offered(SentFiles files)
    {
        Sent[files.Id] = Offers[files.Message] = files;
        foreach (var file in files.Items)
            _files[file.Id.Root] = file;
    }

    public void Kept(SentFiles files)
    {
        if (files.Order == 0 || files.Lineage != files.From.Lineage)
            (files.Order, files.Lineage) = (++_order, files.From.Lineage);
    }

    public bool IsOfBefore(SentFiles files) => _parted.TryGetValue((files.From, files.To), out var order) && files.Order <= order;

    /// <summary>Its place in the order of composing; 0: nobody's.</summary>
    public int OrderOf(MessageId id) => Texts.TryGetValue(id, out var text) ? text.Order : Offers.GetValueOrDefault(id)?.Order ?? 0;

    public void Left(ByteString blob, TransferId transfer, SimPeer by) => DropOffs[blob] = (transfer, by);

    /// <summary>One key and number never seal two different chunks.</summary>
    public void Seal(ByteString key, int unit, ulong chunk, World world)
    {
        if (_sealed.TryGetValue((key, unit), out var before) && before != chunk)
            world.Broken("one key and number of a drop-off seal two different chunks");
        _sealed[(key, unit)] = chunk;
    }
}
