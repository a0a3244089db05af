using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Simulation.Peers;

/// <summary>A device that is broken on purpose, to see that the checks see it.</summary>
internal sealed partial class SimPeer
{
    private bool LosesBatch(IEnumerable<(PeerInput Input, PeerStep Step)> group) =>
        _world.Options.Sabotage == Sabotage.StoreLosesBatch && New(group, outgoing: true) is not null && _world.Strike();

    private bool TearsBatch(IEnumerable<(PeerInput Input, PeerStep Step)> group) =>
        _world.Options.Sabotage == Sabotage.StoreTearsBatch && New(group, outgoing: false) is not null && _world.Strike();

    private void Spoil(IReadOnlyList<(PeerInput Input, PeerStep Step)> group)
    {
        switch (_world.Options.Sabotage)
        {
            case Sabotage.RewritesRoute when New(group, outgoing: false) is { } incoming && _world.Strike():
                incoming.Route.LayMs += 1;
                break;
            case Sabotage.LiesDelivered when New(group, outgoing: true) is { } outgoing && _world.Strike():
                outgoing.State = MessageState.Delivered;
                break;
            case Sabotage.ShufflesOrder when New(group, outgoing: false) is { } incoming && _world.Strike():
                var key = incoming.OrderKey.ToByteArray();
                key[15] ^= 1;
                incoming.OrderKey = ByteString.CopyFrom(key);
                break;
            case Sabotage.ReusesKeys when New(group, outgoing: true) is not null && _world.Strike():
                var sessions = Store.Rows.Where(row => row.Key.StartsWith("session/", StringComparison.Ordinal)).ToArray();
                _world.After(800, () =>
                {
                    Kill();
                    var batch = new StoreBatch();
                    foreach (var (name, value) in sessions)
                        batch.State[name] = value;
                    Store.Keep(batch);
                    Start();
                });
                break;
            default:
                break;
        }
    }

    /// <summary>The first message of this direction that the store does not have yet.</summary>
    private MessageRecord? New(IEnumerable<(PeerInput Input, PeerStep Step)> group, bool outgoing) =>
        group.SelectMany(item => item.Step.Batch.Messages).FirstOrDefault(message => message.Kind == MessageKind.Text && message.Outgoing == outgoing
            && MessageId.TryRead(message.Id, out var id) && Store.Find(id) is null);
}
