using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dapari.Relay;
using Dapari.Relay.Driver;
using Dapari.Rtc;
using Dapari.Rtc.Sockets.Streams;
using Dapari.Server.Hosting;
using Endpoint = Dapari.Rtc.Endpoint;

namespace Dapari.Server.Relays;

/// <summary>
/// The gatehouse in this process: its sockets on all addresses, UDP and TCP, and the connections that the HTTPS port hands over. When it
/// cannot have its port it does not run, and says why; everything else of the server goes on.
/// </summary>
internal sealed partial class RelayHost : IAsyncDisposable
{
    private const int FreePortTries = 8;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(30);

    private readonly RelayServing _serving;
    private readonly RelaySecretFile _secret;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<IReadOnlyList<IPAddress>> _addresses;
    private readonly List<StreamListener> _listeners = [];
    private readonly Dictionary<IPAddress, RelayDriver> _later = [];
    private readonly SemaphoreSlim _one = new(1);
    private readonly CancellationTokenSource _stop = new();
    private RelayShared? _shared;
    private volatile RelayDriver? _driver;
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timer;
    private int _disposed;

    private RelayHost(RelayServing serving, RelaySecretFile secret, TimeProvider time, ILogger logger, Func<IReadOnlyList<IPAddress>> addresses)
    {
        _serving = serving;
        _secret = secret;
        _time = time;
        _logger = logger;
        _addresses = addresses;
    }

    /// <summary>The open ports; null: it does not run.</summary>
    public RelayPorts? Ports { get; private set; }

    /// <summary>Why it does not run, or not wholly, in a sentence for the person at the terminal; null: nothing is wrong.</summary>
    public string? Fault { get; private set; }

    /// <summary>Where it listens by UDP.</summary>
    public IReadOnlyList<Endpoint> Listening => _driver is null ? [] : [.. _driver.Listening, .. _later.Values.SelectMany(d => d.Listening)];

    /// <summary>Completes when it has ended by a bug of its own: then it has no ports, and the log says why.</summary>
    public Task Broken => _broken.Task;

    /// <summary>What it counts; null when it does not run.</summary>
    public RelayShared? Shared => _shared;

    /// <summary>Starts it. Never throws for what the machine refuses.</summary>
    /// <exception cref="StartException">What was chosen cannot be.</exception>
    public static RelayHost Start(RelayServing serving, RelaySecretFile secret, TimeProvider time, ILogger logger, Func<IReadOnlyList<IPAddress>>? addresses = null)
    {
        var host = new RelayHost(serving, secret, time, logger, addresses ?? RelayAddresses.Find);
        if (serving.On)
            host.Open();
        host._timer = time.CreateTimer(_ => _ = host.LookAsync(), null, LookEvery, LookEvery);
        return host;
    }

    /// <summary>Serves a TLS connection that another part accepted, to its end. Closes it at once when the relay does not run.</summary>
    public async Task ServeAsync(Stream stream, Endpoint remote, Endpoint local, CancellationToken cancellation)
    {
        if (_driver is not { } driver)
        {
            await stream.DisposeAsync();
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stop.Token);
        await driver.ServeAsync(stream, remote, local, isTls: true, either.Token);
    }

    /// <summary>Looks for new addresses and changed keys. Every half minute by itself.</summary>
    public async Task LookAsync()
    {
        await _one.WaitAsync();
        try
        {
            if (_secret.Refresh() && _shared is not null)
                _shared.Secrets = _secret.Secrets;
            if (_driver is not null && _serving.Addresses.Count == 0 && _disposed == 0)
                await FollowAddressesAsync(_addresses());
        }
        finally
        {
            _one.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_timer is not null)
            await _timer.DisposeAsync();
        await _stop.CancelAsync();
        foreach (var listener in _listeners)
            await listener.DisposeAsync();
        await _one.WaitAsync();
        foreach (var driver in _later.Values)
            await driver.DisposeAsync();
        if (_driver is not null)
            await _driver.DisposeAsync();
        _one.Release();
        _stop.Dispose();
    }

    private void Open()
    {
        var named = _serving.Addresses.Count > 0;
        var addresses = named ? _serving.Addresses : _addresses();
        var any = new IPEndPoint(IPAddress.IPv6Any, 0).Address;
        IReadOnlyList<IPAddress> tcp = named ? addresses : [any];
        RelayShared shared;
        try
        {
            shared = new RelayShared(Options(addresses), _secret.Secrets, Entropy.System);
        }
        catch (ArgumentException e)
        {
            throw new StartException($"The relay's settings: {e.Message.Split(" (Parameter", 2)[0]}");
        }

        for (var attempt = 0; attempt < FreePortTries; attempt++)
        {
            var (listeners, taken) = Listen(tcp, _serving.Port);
            var port = _serving.Port == 0 && listeners.Count > 0 ? listeners[0].Local.Port : _serving.Port;
            try
            {
                _driver = RelayDriver.Start(shared, DriverOptions(addresses, port), Entropy.System, _time);
            }
            catch (RelayListenException refused)
            {
                foreach (var listener in listeners)
                    listener.DisposeAsync().AsTask().GetAwaiter().GetResult(); // Nothing is accepted yet: it ends at once.
                Fault = Invariant($"UDP port {port} cannot be had ({Words(refused.Refused[0].Fault)})");
                if (_serving.Port == 0)
                    continue;
                return;
            }

            _shared = shared;
            _ = WatchAsync(_driver);
            _listeners.AddRange(listeners);
            var driver = _driver;
            foreach (var listener in listeners)
                listener.Start((stream, remote, local, cancellation) => driver.ServeAsync(stream, remote, local, isTls: false, cancellation));
            Ports = new RelayPorts(_driver.Listening[0].Port, listeners.Count > 0 ? listeners[0].Local.Port : 0);
            Fault = taken is { } fault ? Invariant($"TCP port {port} cannot be had ({Words(fault)}): UDP only")
                : _driver.Refused.Count > 0 ? Invariant($"not at {_driver.Refused[0].Address} ({Words(_driver.Refused[0].Fault)})") : null;
            return;
        }
    }

    private (List<StreamListener> Listeners, SocketError? Fault) Listen(IReadOnlyList<IPAddress> addresses, int port)
    {
        var listeners = new List<StreamListener>();
        SocketError? taken = null;
        foreach (var address in addresses)
        {
            var here = listeners.Count > 0 ? listeners[0].Local.Port : port;
            if (StreamListener.TryOpen(Endpoint.From(address, (ushort)here), _time, out var fault) is { } listener)
                listeners.Add(listener);
            else
                taken = fault;
        }

        return (listeners, taken);
    }

    private RelayOptions Options(IReadOnlyList<IPAddress> addresses) => new()
    {
        PortLow = _serving.Ports.Low,
        PortHigh = _serving.Ports.High,
        ExternalV4 = First(_serving.External, AddressFamily.InterNetwork),
        ExternalV6 = First(_serving.External, AddressFamily.InterNetworkV6),
        BindV4 = First(addresses, AddressFamily.InterNetwork),
        BindV6 = First(addresses, AddressFamily.InterNetworkV6),
        OwnAddresses = [.. _addresses().Concat(_serving.External).Select(a => Endpoint.From(a, 0))],
        AllowedPeers = _serving.Allowed,
        RefusedPeers = _serving.Refused,
        Allocations = _serving.Allocations,
        BytesPerSecond = _serving.BytesPerSecond,
    };

    private static Endpoint? First(IEnumerable<IPAddress> addresses, AddressFamily family) =>
        addresses.FirstOrDefault(a => a.AddressFamily == family) is { } found ? Endpoint.From(found, 0) : null;

    private static RelayDriverOptions DriverOptions(IEnumerable<IPAddress> addresses, int port) => new()
    {
        Listen = [.. addresses.Select(a => Endpoint.From(a, (ushort)port))],
    };

    /// <summary>A bug in the relay must not take the mailboxes with it: it ends alone, and access to it is no longer given.</summary>
    private async Task WatchAsync(RelayDriver driver)
    {
        try
        {
            await driver.Ended;
        }
        catch (Exception bug)
        {
            Failed(_logger, bug);
            Ports = null;
            Fault = "it ended by a fault of its own, which the log tells";
            _driver = null;
            await driver.DisposeAsync();
            _broken.TrySetResult();
        }
    }

    private async Task FollowAddressesAsync(IReadOnlyList<IPAddress> present)
    {
        foreach (var gone in _later.Keys.Except(present).ToArray())
        {
            _later.Remove(gone, out var driver);
            await driver!.DisposeAsync();
        }

        var known = _driver!.Listening.Select(e => e.ToIPAddress()).Concat(_later.Keys).ToHashSet();
        foreach (var address in present.Where(a => !known.Contains(a)).Take(RelayAddresses.Most - _later.Count).ToArray())
        {
            try
            {
                _later[address] = RelayDriver.Start(_shared!, DriverOptions([address], Ports!.Udp) with { Shards = 1 }, Entropy.System, _time);
                Joined(_logger);
            }
            catch (RelayListenException)
            {
                // Not ours yet (IPv6 is still looking whether somebody has it), or taken: the next look tries again.
            }
        }
    }

    private static string Words(SocketError fault) => fault switch
    {
        SocketError.AddressAlreadyInUse => "another program has it",
        SocketError.AccessDenied => "this user may not open it",
        SocketError.AddressNotAvailable => "the address is not this machine's",
        _ => fault.ToString(),
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Error, Message = "The relay ended by a bug; the rest of the server goes on without it.")]
    private static partial void Failed(ILogger logger, Exception bug);

    [LoggerMessage(EventId = 1401, Level = LogLevel.Debug, Message = "The relay listens at a further address of this machine.")]
    private static partial void Joined(ILogger logger);
}
