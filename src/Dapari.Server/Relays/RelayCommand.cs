using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dapari.Relay.Credentials;
using Dapari.Rtc.Sockets.Streams;
using Dapari.Server.Certificates;
using Dapari.Server.Hosting;
using Dapari.Server.Options;
using Endpoint = Dapari.Rtc.Endpoint;

namespace Dapari.Server.Relays;

/// <summary>The relay alone: "dapari-server relay", and "dapari-server relay-credential" for trying it.</summary>
internal static class RelayCommand
{
    private static readonly TimeSpan HandshakeWithin = TimeSpan.FromSeconds(10);

    /// <summary>Runs until <paramref name="stop"/>. Exit codes as <see cref="Program"/>'s.</summary>
    /// <exception cref="StartException">It cannot start.</exception>
    public static async Task<int> RunAsync(ServerOptions options, TimeProvider time, TextWriter output, CancellationToken stop)
    {
        using var logging = LoggerFactory.Create(l => l.AddSimpleConsole(c => c.SingleLine = true).SetMinimumLevel(options.Verbose ? LogLevel.Debug : LogLevel.Information));
        var secret = RelaySecretFile.Open(options.Data, options.Relay.SecretFile);
        await using var host = RelayHost.Start(options.Relay with { On = true }, secret, time, logging.CreateLogger("Dapari"));
        if (host.Ports is not { } ports)
            throw new StartException($"The relay cannot start: {host.Fault}.");
        using var certificate = MachineCertificate.Open(options, time);
        await using var tls = certificate is null ? null : ListenTls(options, host, certificate, time);
        output.WriteLine($"The relay listens:    {Describe(ports)}{(tls is null ? "" : string.Create(CultureInfo.InvariantCulture, $", TLS {tls.Local.Port}"))}");
        if (host.Fault is { } fault)
            output.WriteLine($"                      {fault}");
        output.Flush();
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(() => stopped.TrySetResult());
        await stopped.Task;
        return 0;
    }

    /// <summary>Prints a user name and its password, each on a line.</summary>
    public static int Credential(ServerOptions options, TimeProvider time, TextWriter output)
    {
        var secret = RelaySecretFile.Open(options.Data, options.Relay.SecretFile);
        var credential = RelayCredentials.Issue(secret.Secrets, "by-hand", (time.GetUtcNow() + options.Relay.CredentialLife).ToUnixTimeSeconds());
        output.WriteLine(credential.Username);
        output.WriteLine(credential.Password);
        return 0;
    }

    /// <summary>"UDP and TCP port 3478".</summary>
    public static string Describe(RelayPorts ports) => string.Create(CultureInfo.InvariantCulture,
        $"{(ports.Tcp == ports.Udp ? "UDP and TCP" : "UDP")} port {ports.Udp}{(ports.Tcp != 0 && ports.Tcp != ports.Udp ? $", TCP port {ports.Tcp}" : "")}");

    private static StreamListener ListenTls(ServerOptions options, RelayHost host, MachineCertificate certificate, TimeProvider time)
    {
        var any = Endpoint.From(IPAddress.IPv6Any, (ushort)options.Relay.TlsPort);
        var at = options.Relay.Addresses.Count == 1 ? Endpoint.From(options.Relay.Addresses[0], any.Port) : any;
        if (StreamListener.TryOpen(at, time, out var fault) is not { } listener)
            throw new StartException($"TCP port {options.Relay.TlsPort} for TLS cannot be had ({fault}).");
        listener.Start((stream, remote, local, cancellation) => ServeTlsAsync(stream, remote, local, host, certificate, time, cancellation));
        return listener;
    }

    private static async Task ServeTlsAsync(
        Stream stream, Endpoint remote, Endpoint local, RelayHost host, MachineCertificate certificate, TimeProvider time, CancellationToken cancellation)
    {
        await using var tls = new SslStream(stream);
        try
        {
            using var late = new CancellationTokenSource(HandshakeWithin, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
            await tls.AuthenticateAsServerAsync(Authentication(certificate), either.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException)
        {
            return;
        }

        await host.ServeAsync(tls, remote, local, cancellation);
    }

    private static SslServerAuthenticationOptions Authentication(MachineCertificate certificate)
    {
        var options = new SslServerAuthenticationOptions { ServerCertificate = certificate.Current };
        TurnOverTls.Offer(options);
        return options;
    }
}
