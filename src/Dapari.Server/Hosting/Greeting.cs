using System.Net;
using System.Net.Sockets;
using Dapari.Server.Relays;
using QRCoder;

namespace Dapari.Server.Hosting;

/// <summary>What the terminal shows when the server runs.</summary>
internal static class Greeting
{
    public static void Write(TextWriter output, ServerHost host)
    {
        var networks = LocalAddresses.Find();
        foreach (var address in host.Addresses)
            output.WriteLine($"Dapari is listening: {address.GetLeftPart(UriPartial.Authority)}");
        var anyAddress = host.Options.Listen.Count == 0 || host.Options.Listen.Any(l => l.Address.Equals(IPAddress.IPv6Any) || l.Address.Equals(IPAddress.Any));
        var port = host.Addresses[0].Port;
        var scheme = host.IsHttps ? "https" : "http";
        if (anyAddress)
        {
            foreach (var network in networks)
                output.WriteLine($"On your network:      {Url(scheme, network, port)}");
        }

        var best = host.Options.PublicUrl?.GetLeftPart(UriPartial.Authority)
            ?? (anyAddress && networks.Count > 0 ? Url(scheme, networks[0], port) : host.Addresses[0].GetLeftPart(UriPartial.Authority));
        output.WriteLine($"Data folder:          {host.Options.Data}");
        WriteRelay(output, host);
        if (host.Advice is { } advice)
            output.WriteLine($"Too few files:        {advice}.");
        output.WriteLine();
        if (host.Authority is { } authority)
        {
            var trust = Url("http", anyAddress && networks.Count > 0 ? networks[0] : IPAddress.Loopback, host.TrustPort);
            output.WriteLine($"Phones trust this server after one step: open {trust}/ and install the certificate.");
            output.WriteLine($"Its SHA-256 fingerprint: {authority.Fingerprint}");
            output.WriteLine(Code(trust + "/"));
        }
        else
        {
            if (!host.IsHttps && host.Options.PublicUrl is null)
                output.WriteLine("Browsers on other devices demand HTTPS: start with --https, or put a reverse proxy in front.");
            output.WriteLine(best);
            output.WriteLine(Code(best + "/"));
        }

        output.Flush();
    }

    private static void WriteRelay(TextWriter output, ServerHost host)
    {
        if (!host.Options.Relay.On)
            return;
        var fault = host.Relay.Fault;
        if (host.Relay.Ports is not { } ports)
            output.WriteLine($"Without a relay:      {fault}. Calls between networks that block each other will not connect; --relay-port names another port.");
        else
            output.WriteLine($"Relay for calls:      {RelayCommand.Describe(ports)}{(host.IsHttps ? ", and TLS on the HTTPS port" : "")}{(fault is null ? "" : $" ({fault})")}");
    }

    private static string Url(string scheme, IPAddress address, int port)
    {
        var host = address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address}]" : address.ToString();
        return new Uri($"{scheme}://{host}:{port}").GetLeftPart(UriPartial.Authority);
    }

    private static string Code(string text)
    {
        using var generator = new QRCodeGenerator();
        using var data = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.L);
        using var code = new AsciiQRCode(data);
        return code.GetGraphicSmall();
    }
}
