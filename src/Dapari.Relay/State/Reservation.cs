using Dapari.Relay.Limits;
using Dapari.Rtc;

namespace Dapari.Relay.State;

/// <summary>A port that is kept for whoever shows the token (RFC 8656 §7.2: for 30 seconds). It is bound when it is taken up, perhaps by another core.</summary>
internal sealed record Reservation(ulong Token, Endpoint Local, Endpoint Advertised, byte[] Username, Account Account)
{
    public const long KeptMs = 30_000;
}
