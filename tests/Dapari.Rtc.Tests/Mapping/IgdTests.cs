using System.Text;
using Dapari.Rtc.Mapping;
using Xunit;

namespace Dapari.Rtc.Tests.Mapping;

/// <summary>What routers say by UPnP, and what hostile ones might.</summary>
public sealed class IgdTests
{
    private static readonly Endpoint Router = Endpoint.V4(0xC0A8_0101, 0);
    private static readonly Uri Location = new("http://192.168.1.1:5000/rootDesc.xml");

    [Fact]
    public void An_answer_tells_where_the_description_is()
    {
        Assert.True(SsdpAnswer.TryRead(Answer("http://192.168.1.1:5000/rootDesc.xml"), Router, out var location));
        Assert.Equal(Location, location);
    }

    [Theory]
    [InlineData("http://192.168.1.2:5000/x")]
    [InlineData("http://127.0.0.1:5000/x")]
    [InlineData("http://router.example/x")]
    [InlineData("https://192.168.1.1/x")]
    [InlineData("http://user@192.168.1.1/x")]
    [InlineData("http://3232235777/x", true)]
    [InlineData("file:///etc/passwd")]
    [InlineData("/x")]
    [InlineData("")]
    public void A_router_sends_nobody_elsewhere(string location, bool isTheSame = false) =>
        // 3232235777 is 192.168.1.1 in another dress: the framework reads it as that, and that is what is connected to.
        Assert.Equal(isTheSame, SsdpAnswer.TryRead(Answer(location), Router, out _));

    [Fact]
    public void What_is_no_router_is_passed_over()
    {
        Assert.False(SsdpAnswer.TryRead("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nLOCATION: http://192.168.1.1/x\r\n\r\n"u8, Router, out _));
        Assert.False(SsdpAnswer.TryRead("NOTIFY * HTTP/1.1\r\n\r\n"u8, Router, out _));
        Assert.False(SsdpAnswer.TryRead([], Router, out _));
        Assert.False(SsdpAnswer.TryRead(new byte[SsdpAnswer.Longest + 1], Router, out _));
    }

    [Fact]
    public void The_best_service_of_a_description_is_taken()
    {
        Assert.True(Read(Description(Service("WANPPPConnection:1", "/ppp"), Service("WANIPConnection:1", "/ip1"), Service("WANIPConnection:2", "ip2")), out var found));
        Assert.Equal("urn:schemas-upnp-org:service:WANIPConnection:2", found.Service);
        Assert.Equal(new Uri("http://192.168.1.1:5000/ip2"), found.Control);
        Assert.True(Read(Description(Service("WANPPPConnection:1", "/ppp"), Service("WANIPConnection:2", "http://192.168.1.9/ip2")), out found));
        Assert.Equal(new Uri("http://192.168.1.1:5000/ppp"), found.Control);
        Assert.False(Read(Description(Service("Layer3Forwarding:1", "/l3")), out _));
    }

    [Fact]
    public void Documents_that_grow_or_fetch_or_never_end_are_refused()
    {
        const string laughs = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
        const string fetches = "<!DOCTYPE x SYSTEM \"http://192.168.1.1/x.dtd\">";
        var good = Description(Service("WANIPConnection:1", "/ip"));
        Assert.True(Read(good, out _));
        Assert.False(Read(laughs + good, out _));
        Assert.False(Read(fetches + good, out _));
        Assert.False(Read(laughs + Description(Service("WANIPConnection:1", "/&b;")), out _));
        Assert.False(Read(string.Concat(Enumerable.Repeat("<a>", 10_000)), out _));
        Assert.False(Read(good + new string(' ', IgdDescription.Longest), out _));
        Assert.False(Read(Description(Service("WANIPConnection:1", "/" + new string('x', 600))), out _));
        for (var length = 0; length < good.Length - 1; length++)
            _ = Read(good[..length], out _);
    }

    [Fact]
    public void A_call_says_what_the_service_wants_and_nothing_gets_out_of_its_element()
    {
        var call = SoapCall.AddPortMapping(MappingTransport.Udp, Endpoint.V4(0xC0A8_0102, 4000), 5000, 3_600);
        var text = Encoding.UTF8.GetString(call.Write("urn:x\"><evil"));
        Assert.Contains("<NewRemoteHost></NewRemoteHost><NewExternalPort>5000</NewExternalPort><NewProtocol>UDP</NewProtocol><NewInternalPort>4000</NewInternalPort>"
            + "<NewInternalClient>192.168.1.2</NewInternalClient><NewEnabled>1</NewEnabled>", text, StringComparison.Ordinal);
        Assert.Contains("<NewLeaseDuration>3600</NewLeaseDuration>", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<evil", text, StringComparison.Ordinal);
        Assert.Equal("\"urn:x#AddPortMapping\"", call.Header("urn:x"));
    }

    [Theory]
    [InlineData("<u:AddPortMappingResponse xmlns:u=\"x\"/>", true, MappingFault.None)]
    [InlineData("<u:AddPortMappingResponse xmlns:u=\"x\"/>", false, MappingFault.Malformed)]
    [InlineData("<errorCode>718</errorCode>", false, MappingFault.PortTaken)]
    [InlineData("<errorCode>725</errorCode>", false, MappingFault.Refused)]
    [InlineData("<errorCode>606</errorCode>", false, MappingFault.Refused)]
    [InlineData("<errorCode>501</errorCode>", false, MappingFault.Busy)]
    [InlineData("<errorCode>401</errorCode>", false, MappingFault.NotSpoken)]
    [InlineData("nothing", true, MappingFault.Malformed)]
    [InlineData("<open>", true, MappingFault.Malformed)]
    public void Answers_are_told_apart(string body, bool done, MappingFault fault)
    {
        var answer = SoapAnswer.Read(Encoding.UTF8.GetBytes($"<Envelope><Body>{body}</Body></Envelope>"), done);
        Assert.Equal(fault, answer.Fault);
        Assert.Equal(body.Contains("725", StringComparison.Ordinal), answer.WantsEternal);
    }

    [Fact]
    public void The_external_address_is_read()
    {
        var answer = SoapAnswer.Read("<E><GetExternalIPAddressResponse><NewExternalIPAddress> 203.0.113.7 </NewExternalIPAddress></GetExternalIPAddressResponse></E>"u8.ToArray(), true);
        Assert.Equal(new SoapAnswer(MappingFault.None, false, Endpoint.V4(0xCB00_7107, 0)), answer);
    }

    private static byte[] Answer(string location) => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {SsdpSearch.Target}\r\nLocation: {location}\r\n\r\n");

    private static string Service(string type, string control) =>
        $"<service><serviceType>urn:schemas-upnp-org:service:{type}</serviceType><serviceId>a</serviceId><controlURL>{control}</controlURL><eventSubURL>/e</eventSubURL></service>";

    private static string Description(params string[] services) =>
        $"<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><deviceList><device><serviceList>{string.Concat(services)}</serviceList></device></deviceList></device></root>";

    private static bool Read(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IgdDescription? found) => IgdDescription.TryRead(Encoding.UTF8.GetBytes(text), Location, Router, out found);
}
