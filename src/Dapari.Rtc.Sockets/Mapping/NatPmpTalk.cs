using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>NAT-PMP (RFC 6886).</summary>
internal sealed class NatPmpTalk(RouterSocket socket, TimeProvider time) : IRouterTalk
{
    private readonly RouterEpoch _epoch = new();
    private readonly long _began = time.GetTimestamp();

    public MappingProtocol Protocol => MappingProtocol.NatPmp;

    public async Task<RouterAnswer> MapAsync(RouterWish wish, CancellationToken cancellation)
    {
        var lost = false;
        Endpoint address = default;
        if (wish.LifetimeSeconds > 0)
        {
            var told = await AskAsync(NatPmpRequest.Address, cancellation);
            if (told is not { Fault: MappingFault.None } outside)
                return new RouterAnswer(told?.Fault ?? MappingFault.NotSpoken);
            lost = IsLost(outside);
            address = outside.Address;
        }

        // RFC 6886 §3.4: what is given back names no external port.
        var wanted = wish.LifetimeSeconds == 0 ? (ushort)0 : wish.Wanted.Port;
        var answer = await AskAsync(new NatPmpRequest(wish.Transport, wish.Port, wanted, wish.LifetimeSeconds), cancellation);
        if (answer is not { } mapped)
            return new RouterAnswer(MappingFault.NotSpoken);
        lost |= IsLost(mapped);
        return new RouterAnswer(mapped.Fault, mapped.Fault == MappingFault.None ? address.WithPort(mapped.External) : default, mapped.LifetimeSeconds, lost);
    }

    public void Dispose() => socket.Dispose();

    private bool IsLost(in NatPmpResponse answer) => _epoch.IsLost(answer.EpochSeconds, (long)time.GetElapsedTime(_began).TotalMicroseconds);

    private Task<NatPmpResponse?> AskAsync(NatPmpRequest request, CancellationToken cancellation)
    {
        var bytes = new byte[NatPmpRequest.Longest];
        var length = request.Write(bytes);
        return socket.AskAsync<NatPmpResponse>(
            bytes.AsMemory(0, length),
            message => NatPmpResponse.TryRead(message.Span, out var answer) && answer.Transport == request.Transport && (answer.Transport is null || answer.Internal == request.Internal || answer.Fault != MappingFault.None)
                ? answer
                : null,
            cancellation);
    }
}
