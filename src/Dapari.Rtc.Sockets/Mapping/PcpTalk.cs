using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>PCP (RFC 6887): IPv4 ports, and IPv6 ports through the router's wall.</summary>
internal sealed class PcpTalk(Gateway gateway, RouterSocket socket, TimeProvider time) : IRouterTalk
{
    private readonly RouterEpoch _epoch = new();
    private readonly long _began = time.GetTimestamp();

    public MappingProtocol Protocol => MappingProtocol.Pcp;

    public async Task<RouterAnswer> MapAsync(RouterWish wish, CancellationToken cancellation)
    {
        var request = new PcpMapRequest(wish.Transport, Endpoint.From(gateway.Local, wish.Port), wish.Wanted, wish.LifetimeSeconds, wish.Nonce);
        var bytes = new byte[PcpMapRequest.Length];
        request.Write(bytes);
        if (await socket.AskAsync(bytes, message => Read(message, wish), cancellation) is not { } answer)
            return new RouterAnswer(MappingFault.NotSpoken);
        var lost = answer.Fault != MappingFault.NotSpoken && _epoch.IsLost(answer.EpochSeconds, (long)time.GetElapsedTime(_began).TotalMicroseconds);
        return new RouterAnswer(answer.Fault, answer.External, answer.LifetimeSeconds, lost);
    }

    public void Dispose() => socket.Dispose();

    // RFC 6887 §8.3, §11.4: what is not of this request is somebody else's, or forged.
    private static PcpMapResponse? Read(ReadOnlyMemory<byte> message, RouterWish wish) =>
        PcpMapResponse.TryRead(message.Span, out var answer)
        && (answer.Fault == MappingFault.NotSpoken || (answer.Nonce == wish.Nonce && answer.Transport == wish.Transport && answer.Internal == wish.Port))
            ? answer
            : null;
}
