using Dapari.Rtc;
using Dapari.Rtc.Sockets;

namespace Dapari.Relay.Driver;

/// <summary>How a relay is driven.</summary>
public sealed record RelayDriverOptions
{
    /// <summary>The UDP addresses to listen at, exactly: what a client is answered from must be what it wrote to, so there is no wildcard.</summary>
    public required IReadOnlyList<Endpoint> Listen { get; init; }

    /// <summary>Threads, each with sockets and allocations of its own; the kernel gives each client to one of them. 1 to 64.</summary>
    public int Shards { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>Sizes of each thread's sockets. A message longer than a slot is dropped.</summary>
    public ReactorOptions Reactor { get; init; } = new();

    /// <summary>Bytes that wait for a TCP or TLS client that reads slowly; what comes beyond is dropped, as a full router would.</summary>
    public int StreamSendBytes { get; init; } = 256 * 1024;

    /// <summary>TCP and TLS connections at a time.</summary>
    public int Streams { get; init; } = 4096;

    /// <summary>TCP and TLS connections from one address at a time.</summary>
    public int StreamsPerAddress { get; init; } = 64;

    /// <summary>How long a connection may take for its first message.</summary>
    public TimeSpan FirstMessageWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a connection may say nothing. A client refreshes its allocation within its lifetime, ten minutes as a rule.</summary>
    public TimeSpan SilenceWithin { get; init; } = TimeSpan.FromMinutes(15);
}
