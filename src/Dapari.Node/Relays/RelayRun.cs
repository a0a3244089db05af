using System.Net;
using System.Net.NetworkInformation;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Dapari.Relay;
using Dapari.Relay.Credentials;
using Dapari.Relay.Driver;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Streams;

namespace Dapari.Node.Relays;

/// <summary>A relay (STUN and TURN) in this process: UDP and TCP on one port, TLS on another where there is a certificate. It opens no folder and no peer.</summary>
internal sealed class RelayRun : IAsyncDisposable
{
    private const int FreePortTries = 8;
    private const int MostAddresses = 64;
    private static readonly TimeSpan _handshakeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(30);
    private static readonly SslApplicationProtocol _protocol = new("stun.turn"); // RFC 7443 §2
    private readonly RelayShared _shared;
    private readonly RelayDriver _driver;
    private readonly List<StreamListener> _listeners;
    private readonly TimeProvider _time;
    private ITimer? _timer;

    private RelayRun(RelayShared shared, RelayDriver driver, List<StreamListener> listeners, TimeProvider time) =>
        (_shared, _driver, _listeners, _time) = (shared, driver, listeners, time);

    /// <summary>Of UDP and TCP.</summary>
    public int Port => _driver.Listening[0].Port;

    /// <summary>Of TLS; 0: none.</summary>
    public int TlsPort { get; private set; }

    /// <summary>Ends with the relay, by a bug alone.</summary>
    public Task Ended => _driver.Ended;

    /// <summary>This machine's addresses, loopback last, without link-local ones of IPv6.</summary>
    public static IReadOnlyList<IPAddress> Own() => [.. NetworkInterface.GetAllNetworkInterfaces()
        .Where(one => one.OperationalStatus is OperationalStatus.Up || one.NetworkInterfaceType == NetworkInterfaceType.Loopback)
        .SelectMany(one => one.GetIPProperties().UnicastAddresses)
        .Select(one => one.Address)
        .Where(address => address is { IsIPv6LinkLocal: false, IsIPv6Multicast: false })
        .OrderBy(IPAddress.IsLoopback)
        .ThenBy(address => address.AddressFamily != AddressFamily.InterNetwork)
        .Distinct()
        .Take(MostAddresses)];

    /// <summary>Starts it.</summary>
    /// <param name="options">Its limits, and what it lends.</param>
    /// <param name="secrets">Of its credentials.</param>
    /// <param name="addresses">Where to listen, at least one.</param>
    /// <param name="port">Of UDP and TCP; 0: one that is free for both.</param>
    /// <param name="time">Of its limits.</param>
    /// <param name="wrong">What the system refused.</param>
    /// <returns>Null: it cannot start.</returns>
    /// <exception cref="ArgumentException">The options make no sense.</exception>
    public static RelayRun? TryStart(RelayOptions options, RelaySecrets secrets, IReadOnlyList<IPAddress> addresses, int port, TimeProvider time, out SocketError wrong)
    {
        var shared = new RelayShared(options, secrets, Entropy.System);
        wrong = SocketError.AddressAlreadyInUse;
        for (var attempt = 0; attempt < (port == 0 ? FreePortTries : 1); attempt++)
        {
            var listeners = new List<StreamListener>();
            var chosen = port;
            foreach (var address in addresses)
            {
                if (StreamListener.TryOpen(Endpoint.From(address, (ushort)chosen), time, out var refused) is not { } listener)
                {
                    wrong = refused;
                    break;
                }

                listeners.Add(listener);
                chosen = listener.Local.Port;
            }

            try
            {
                if (listeners.Count == addresses.Count)
                {
                    var driver = RelayDriver.Start(shared, new RelayDriverOptions { Listen = [.. addresses.Select(address => Endpoint.From(address, (ushort)chosen))] }, Entropy.System, time);
                    foreach (var listener in listeners)
                        listener.Start((stream, remote, local, cancellation) => driver.ServeAsync(stream, remote, local, isTls: false, cancellation));
                    return new RelayRun(shared, driver, listeners, time);
                }
            }
            catch (RelayListenException refused)
            {
                wrong = refused.Refused[0].Fault;
            }

            foreach (var listener in listeners)
                listener.DisposeAsync().AsTask().GetAwaiter().GetResult(); // Nothing is accepted yet: it ends at once.
        }

        return null;
    }

    /// <summary>Takes TLS too. The certificate stays its owner's.</summary>
    /// <returns>Whether the port could be had.</returns>
    public bool TryServeTls(X509Certificate2 certificate, IPAddress address, int port, out SocketError wrong)
    {
        if (StreamListener.TryOpen(Endpoint.From(address, (ushort)port), _time, out wrong) is not { } listener)
            return false;
        TlsPort = listener.Local.Port;
        _listeners.Add(listener);
        listener.Start(async (stream, remote, local, cancellation) =>
        {
            await using var tls = new SslStream(stream);
            try
            {
                using var late = new CancellationTokenSource(_handshakeLimit, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ApplicationProtocols = [_protocol] }, either.Token);
            }
            catch (Exception fault) when (fault is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException or SocketException)
            {
                return;
            }

            await _driver.ServeAsync(tls, remote, local, isTls: true, cancellation);
        });
        return true;
    }

    /// <summary>Takes up the keys anew when their file has changed, each half minute. One that is not whole leaves those in use.</summary>
    public void Follow(string secretFile)
    {
        var readAt = File.GetLastWriteTimeUtc(secretFile);
        _timer = _time.CreateTimer(_ =>
        {
            try
            {
                var changedAt = File.GetLastWriteTimeUtc(secretFile);
                if (changedAt == readAt || RelayKeys.TryRead(secretFile) is not { } secrets)
                    return;
                (_shared.Secrets, readAt) = (secrets, changedAt);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Being written: the next look sees it whole.
            }
        }, null, _lookEvery, _lookEvery);
    }

    /// <summary>Ends it: what it lent is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
            await _timer.DisposeAsync();
        foreach (var listener in _listeners)
            await listener.DisposeAsync();
        await _driver.DisposeAsync();
    }
}
