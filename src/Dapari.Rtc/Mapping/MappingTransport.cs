namespace Dapari.Rtc.Mapping;

/// <summary>What a port belongs to; the values are IP's protocol numbers.</summary>
public enum MappingTransport
{
    /// <summary>TCP.</summary>
    Tcp = 6,

    /// <summary>UDP.</summary>
    Udp = 17,
}
