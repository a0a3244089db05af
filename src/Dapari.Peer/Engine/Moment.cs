namespace Dapari.Peer.Engine;

/// <summary>Both clocks of a device at one instant.</summary>
/// <param name="MonotonicMs">Milliseconds since some start; never goes back; deadlines are in it.</param>
/// <param name="WallMs">Milliseconds since 1970-01-01 UTC by the device's wall clock; may be days off and may jump.</param>
public readonly record struct Moment(long MonotonicMs, long WallMs);
