namespace Dapari.Wire;

/// <summary>Version negotiation: the client says the range it speaks, the server picks the highest that both know.</summary>
public static class ProtocolVersion
{
    /// <summary>The lowest version that this build speaks.</summary>
    public const uint Lowest = 1;

    /// <summary>The highest version that this build speaks.</summary>
    public const uint Highest = WireLimits.Version;

    /// <summary>Picks the version, on a server; false: none is common.</summary>
    public static bool TryPick(uint clientLowest, uint clientHighest, out uint version) =>
        TryPick(clientLowest, clientHighest, Lowest, Highest, out version);

    /// <summary>Picks the highest version in both ranges; false: there is none, or a range is empty.</summary>
    public static bool TryPick(uint clientLowest, uint clientHighest, uint serverLowest, uint serverHighest, out uint version)
    {
        version = Math.Min(clientHighest, serverHighest);
        return clientLowest <= clientHighest && serverLowest <= serverHighest && version >= clientLowest && version >= serverLowest && version > 0;
    }

    /// <summary>Whether a client can go on with the version that a server picked.</summary>
    public static bool IsSpoken(uint version) => version is >= Lowest and <= Highest;
}
