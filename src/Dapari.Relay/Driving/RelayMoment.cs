namespace Dapari.Relay.Driving;

/// <summary>When something happened.</summary>
/// <param name="MonotonicMs">Milliseconds of a clock that never goes back: what lifetimes are counted by.</param>
/// <param name="UnixMs">Milliseconds since 1970 UTC: what credentials and nonces expire by.</param>
public readonly record struct RelayMoment(long MonotonicMs, long UnixMs);
