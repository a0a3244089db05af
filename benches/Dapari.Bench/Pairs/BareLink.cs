using System.Buffers.Binary;
using System.Net;

namespace Dapari.Bench.Pairs;

/// <summary>An end of a pair at the bare relay, which hands frames on and knows nothing.</summary>
internal sealed class BareLink : WebSocketLink
{
    public override async Task ConnectAsync(IPEndPoint server, int pair, bool isSender)
    {
        await Socket.ConnectAsync(server);
        await UpgradeAsync(server, $"/{(isSender ? 's' : 'r')}{pair}");
    }

    public override void Write(long stamp) => BinaryPrimitives.WriteInt64LittleEndian(QueueFrame(Payload), stamp);

    protected override void Content(ReadOnlySpan<byte> content, List<long> stamps) => stamps.Add(BinaryPrimitives.ReadInt64LittleEndian(content));
}
