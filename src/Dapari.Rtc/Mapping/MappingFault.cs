namespace Dapari.Rtc.Mapping;

/// <summary>What a router says to a wish for a port.</summary>
public enum MappingFault
{
    /// <summary>It is done.</summary>
    None,

    /// <summary>It does not speak this protocol, or nothing answers.</summary>
    NotSpoken,

    /// <summary>It does not do it: not allowed, or not of this kind.</summary>
    Refused,

    /// <summary>Not now: it has no network or no room.</summary>
    Busy,

    /// <summary>The external port is somebody else's: another may go.</summary>
    PortTaken,

    /// <summary>Its answer makes no sense.</summary>
    Malformed,
}
