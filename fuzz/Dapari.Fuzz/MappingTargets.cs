using System.Text;
using Dapari.Rtc;
using Dapari.Rtc.Mapping;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What routers say when they are asked for ports.</summary>
internal static class MappingTargets
{
    private static readonly Endpoint Router = Endpoint.V4(0xC0A8_0101, 0);
    private static readonly Uri Location = new("http://192.168.1.1:5000/rootDesc.xml");

    public static IEnumerable<Target> All => [new("port-mapping", Datagrams, Datagram), new("igd", Documents, Document)];

    private static IEnumerable<byte[]> Datagrams()
    {
        var bytes = new byte[PcpMapRequest.Length];
        var nonce = new PcpNonce(1, 2);
        new PcpMapResponse(MappingFault.None, 77, 1_800, nonce, MappingTransport.Tcp, 4000, Endpoint.V4(0xCB00_7107, 5000)).Write(bytes);
        yield return bytes.ToArray();
        new PcpMapRequest(MappingTransport.Udp, Endpoint.V6(0x2001_0DB8_0000_0000, 1, 9), default, 60, nonce).Write(bytes);
        yield return bytes.ToArray();
        yield return bytes[..new NatPmpResponse(null, MappingFault.None, 77, Router, 0, 0, 0).Write(bytes)];
        yield return bytes[..new NatPmpResponse(MappingTransport.Udp, MappingFault.Busy, 77, default, 4000, 0, 0).Write(bytes)];
        yield return bytes[..new NatPmpRequest(MappingTransport.Tcp, 4000, 5000, 60).Write(bytes)];
        yield return [.. "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n"u8];
    }

    private static string Datagram(byte[] input)
    {
        var copy = new byte[PcpMapRequest.Length];
        var word = "";
        if (PcpMapResponse.TryRead(input, out var pcp))
        {
            word += $"pcp {pcp.Fault} ";
            if (input.Length >= copy.Length && input[0] == 2)
            {
                pcp.Write(copy);
                Require(PcpMapResponse.TryRead(copy, out var again) && again.External == pcp.External && again.Nonce == pcp.Nonce && again.EpochSeconds == pcp.EpochSeconds, "reads what it wrote");
            }
        }

        if (NatPmpResponse.TryRead(input, out var natPmp))
        {
            word += $"natpmp {natPmp.Transport} {natPmp.Fault} ";
            var length = natPmp.Write(copy);
            Require(NatPmpResponse.TryRead(copy.AsSpan(0, length), out var again) && again.EpochSeconds == natPmp.EpochSeconds && again.Address == natPmp.Address, "reads what it wrote");
        }

        if (PcpMapRequest.TryRead(input, out var wish))
            word += $"wish {wish.Transport} ";
        if (NatPmpRequest.TryRead(input, out var request))
            word += $"request {request.Transport} ";
        if (PcpMapResponse.TryReadAnnouncement(input, out _))
            word += "announcement ";
        if (SsdpAnswer.TryRead(input, Router, out var location))
        {
            Require(location.Scheme == "http" && Endpoint.From(System.Net.IPAddress.Parse(location.DnsSafeHost), 0).Unmap().HasSameAddress(Router), "leads to the router alone");
            word += "ssdp";
        }

        return word;
    }

    private static IEnumerable<byte[]> Documents() =>
    [
        [.. "<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/ctl/IPConn</controlURL></service></serviceList></device></root>"u8],
        [.. "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><root><service><serviceType>&b;</serviceType></service></root>"u8],
        [.. "<E><Body><GetExternalIPAddressResponse><NewExternalIPAddress>203.0.113.7</NewExternalIPAddress></GetExternalIPAddressResponse></Body></E>"u8],
        [.. "<E><Body><Fault><detail><UPnPError><errorCode>718</errorCode></UPnPError></detail></Fault></Body></E>"u8],
    ];

    private static string Document(byte[] input)
    {
        var word = SoapAnswer.Read(input, true).Fault + " " + SoapAnswer.Read(input, false).Fault;
        if (!IgdDescription.TryRead(input, Location, Router, out var found))
            return word;
        Require(found.Control.Scheme == "http" && found.Control.DnsSafeHost == "192.168.1.1", "leads to the router alone");
        Require(!Encoding.UTF8.GetString(SoapCall.GetExternalAddress.Write(found.Service)).Contains("<!", StringComparison.Ordinal), "nothing gets out of its element");
        return word + " " + found.Service;
    }
}
