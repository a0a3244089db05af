using System.Globalization;
using System.Security;
using System.Text;

namespace Dapari.Rtc.Mapping;

/// <summary>A call of a router's service (UPnP Device Architecture 1.1 §3.2.1): its name and its arguments in their order.</summary>
/// <param name="Action">Its name.</param>
/// <param name="Arguments">Names and values.</param>
public sealed record SoapCall(string Action, IReadOnlyList<(string Name, string Value)> Arguments)
{
    /// <summary>Asks for the external address (WANIPConnection:1 §2.4.18).</summary>
    public static SoapCall GetExternalAddress { get; } = new("GetExternalIPAddress", []);

    /// <summary>Wants a port (WANIPConnection:1 §2.4.16).</summary>
    /// <param name="transport">Whose port.</param>
    /// <param name="local">This end's address and port.</param>
    /// <param name="external">The port from outside.</param>
    /// <param name="lifetimeSeconds">0: until it is removed.</param>
    public static SoapCall AddPortMapping(MappingTransport transport, in Endpoint local, ushort external, uint lifetimeSeconds) => new("AddPortMapping",
    [
        ("NewRemoteHost", ""), ("NewExternalPort", Number(external)), ("NewProtocol", Word(transport)), ("NewInternalPort", Number(local.Port)),
        ("NewInternalClient", local.ToIPAddress().ToString()), ("NewEnabled", "1"), ("NewPortMappingDescription", "dapari"), ("NewLeaseDuration", Number(lifetimeSeconds)),
    ]);

    /// <summary>Gives it back (WANIPConnection:1 §2.4.17).</summary>
    public static SoapCall DeletePortMapping(MappingTransport transport, ushort external) =>
        new("DeletePortMapping", [("NewRemoteHost", ""), ("NewExternalPort", Number(external)), ("NewProtocol", Word(transport))]);

    /// <summary>The value of the header SOAPACTION.</summary>
    public string Header(string service) => $"\"{service}#{Action}\"";

    /// <summary>The document.</summary>
    public byte[] Write(string service)
    {
        var text = new StringBuilder("<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>");
        text.Append(CultureInfo.InvariantCulture, $"<u:{Action} xmlns:u=\"{SecurityElement.Escape(service)}\">");
        foreach (var (name, value) in Arguments)
            text.Append(CultureInfo.InvariantCulture, $"<{name}>{SecurityElement.Escape(value)}</{name}>");
        text.Append(CultureInfo.InvariantCulture, $"</u:{Action}></s:Body></s:Envelope>\r\n");
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Number(uint value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Word(MappingTransport transport) => transport == MappingTransport.Tcp ? "TCP" : "UDP";
}
