using Dapari.Server.Telemetry;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>Access to the relay.</summary>
internal sealed partial class Connection
{
    private string? _relayId;

    private void TakeRelayAccess(ulong request)
    {
        if (!_hub.Relay.IsOpen)
        {
            Refuse(request, Refusal.NoRelay);
            return;
        }

        bool owns;
        lock (_slotsGate)
            owns = _owned.Values.Any(slot => !slot.Closed);
        if (!owns)
        {
            Refuse(request, Refusal.NotOpen);
            return;
        }

        if (!IsAllowed(request, _hub.Limits.RelayAccess))
            return;
        using var span = Spans.Begin("relay-access");
        // One id for a connection, however often it asks: asking again does not widen its quotas.
        if (_hub.Relay.Issue(_host, _hasTls, _relayId ??= _hub.Relay.NewId()) is { } access)
        {
            Send(new ServerFrame { Request = request, RelayAccess = access });
            span.End(Refusal.Unspecified);
        }
        else
        {
            Refuse(request, Refusal.NoRelay);
            span.End(Refusal.NoRelay);
        }
    }
}
