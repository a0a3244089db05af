using System.Text;

namespace Dapari.Rtc.Mapping;

/// <summary>The question for routers that speak UPnP (UPnP Device Architecture 1.1 §1.3.2), to a group or to one address.</summary>
public static class SsdpSearch
{
    /// <summary>Where to: 239.255.255.250, port 1900.</summary>
    public static Endpoint Group { get; } = Endpoint.V4(0xEFFF_FFFA, 1900);

    /// <summary>What is looked for: an IGD of either version answers to the first (UPnP IGD:2 §2.3: a device answers for lower versions too).</summary>
    public const string Target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

    /// <summary>The bytes.</summary>
    public static byte[] Write() => Encoding.ASCII.GetBytes($"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {Target}\r\n\r\n");
}
