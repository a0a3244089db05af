using Dapari.Wire.V1;

namespace Dapari.Server.Telemetry;

/// <summary>What connections count. Sums over everybody: no figure belongs to a mailbox, a connection or an address.</summary>
internal sealed class ServerMeters
{
    /// <summary>Frames read, by kind.</summary>
    public NamedCounters<ClientFrame.KindOneofCase> Received { get; } = new(kind => (int)kind);

    /// <summary>Frames queued to be sent, by kind.</summary>
    public NamedCounters<ServerFrame.KindOneofCase> Sent { get; } = new(kind => (int)kind);

    /// <summary>Requests refused, by reason.</summary>
    public NamedCounters<Refusal> Refused { get; } = new(refusal => (int)refusal);

    /// <summary>Connections not taken: too many at once, too many of one address, or too fast.</summary>
    public StripedCounter Turned { get; } = new();

    /// <summary>Connections closed because they read too slowly.</summary>
    public StripedCounter Slow { get; } = new();

    public void CountSent(ServerFrame frame)
    {
        Sent.Add(frame.KindCase);
        if (frame.KindCase == ServerFrame.KindOneofCase.Refused)
            Refused.Add(frame.Refused.Refusal);
    }
}
