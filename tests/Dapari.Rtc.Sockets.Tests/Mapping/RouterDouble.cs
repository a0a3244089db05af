using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Tests.Mapping;

/// <summary>
/// A router of a few hundred lines less than real ones, at an address of loopback: speaks what it is told to by the bytes of the RFCs, keeps a table, and tells
/// what it was asked.
/// </summary>
internal sealed partial class RouterDouble : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _serving = [];
    private readonly List<IDisposable> _sockets = [];
    private readonly Channel<string> _asked = Channel.CreateUnbounded<string>();

    /// <summary>Listens for whatever of its protocols it speaks.</summary>
    public RouterDouble(bool pcp, bool natPmp, bool igd)
    {
        // Tests run side by side: an address of 127/8 for each.
        Address = new IPAddress([127, (byte)Random.Shared.Next(1, 255), (byte)Random.Shared.Next(0, 255), (byte)Random.Shared.Next(2, 255)]);
        (SpeaksPcp, SpeaksNatPmp) = (pcp, natPmp);
        if (pcp || natPmp)
            _serving.Add(ServeAsync(Open(NatPmpRequest.ServerPort), Answer));
        if (!igd)
            return;
        var listener = new TcpListener(Address, 0);
        listener.Start();
        _sockets.Add(listener);
        Http = (ushort)((IPEndPoint)listener.LocalEndpoint).Port;
        _serving.Add(ServeAsync(listener));
        _serving.Add(ServeAsync(Open(SsdpSearch.Group.Port), Search));
    }

    public IPAddress Address { get; }

    public bool SpeaksPcp { get; }

    public bool SpeaksNatPmp { get; }

    /// <summary>Seconds that its table is there.</summary>
    public uint Epoch { get; set; } = 1_000;

    public uint Lifetime { get; set; } = 3_600;

    /// <summary>Its own from outside.</summary>
    public Endpoint Outside { get; set; } = Endpoint.V4(0xCB00_7107, 0);

    /// <summary>UPnP: takes no mapping that ends by itself.</summary>
    public bool OnlyEternal { get; init; }

    /// <summary>UPnP: this port is somebody else's.</summary>
    public ushort TakenPort { get; set; }

    /// <summary>UPnP: where its description says that calls go; null: its own.</summary>
    public string? ControlAt { get; init; }

    public ushort Http { get; }

    /// <summary>External ports by transport and internal port.</summary>
    public ConcurrentDictionary<(MappingTransport, ushort), ushort> Table { get; } = new();

    /// <summary>The next thing that it was asked.</summary>
    public async Task<string> NextAsync()
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return await _asked.Reader.ReadAsync(late.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        foreach (var socket in _sockets)
            socket.Dispose();
        await Task.WhenAll(_serving);
        _stopping.Dispose();
    }

    private Socket Open(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(Address, port));
        _sockets.Add(socket);
        return socket;
    }

    private async Task ServeAsync(Socket socket, Func<byte[], byte[]?> answer)
    {
        var buffer = new byte[2_048];
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
                if (answer(buffer[..got.ReceivedBytes]) is { } bytes)
                    await socket.SendToAsync(bytes, SocketFlags.None, got.RemoteEndPoint, _stopping.Token);
            }
            catch (SocketException)
            {
                // Who asked is gone.
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
            {
            }
        }
    }

    private byte[]? Answer(byte[] message)
    {
        var bytes = new byte[PcpMapRequest.Length];
        if (PcpMapRequest.TryRead(message, out var pcp))
        {
            if (!SpeaksPcp)
                return [0, 0x80 | 1, 0, 1, 0, 0, 3, 0xE8];
            // As it was when it was asked: who hears that it was may change it.
            var outside = Outside;
            var external = Map($"pcp {pcp.Transport} {pcp.Internal.Port} {pcp.LifetimeSeconds}", pcp.Transport, pcp.Internal.Port, pcp.LifetimeSeconds);
            new PcpMapResponse(MappingFault.None, Epoch, pcp.LifetimeSeconds == 0 ? 0 : Lifetime, pcp.Nonce, pcp.Transport, pcp.Internal.Port, outside.WithPort(external)).Write(bytes);
            return bytes;
        }

        if (!SpeaksNatPmp || !NatPmpRequest.TryRead(message, out var request))
            return null;
        if (request.Transport is not { } transport)
            return bytes[..new NatPmpResponse(null, MappingFault.None, Epoch, Outside, 0, 0, 0).Write(bytes)];
        var port = Map($"natpmp {transport} {request.Internal} {request.LifetimeSeconds}", transport, request.Internal, request.LifetimeSeconds);
        return bytes[..new NatPmpResponse(transport, MappingFault.None, Epoch, default, request.Internal, port, request.LifetimeSeconds == 0 ? 0 : Lifetime).Write(bytes)];
    }

    private ushort Map(string asked, MappingTransport transport, ushort port, uint lifetime)
    {
        var external = (ushort)(port ^ 0x4000);
        if (lifetime == 0)
            Table.TryRemove((transport, port), out _);
        else
            Table[(transport, port)] = external;
        _asked.Writer.TryWrite(asked);
        return external;
    }

    private byte[]? Search(byte[] message) => Encoding.ASCII.GetString(message).StartsWith("M-SEARCH", StringComparison.Ordinal)
        ? Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nST: {SsdpSearch.Target}\r\nEXT:\r\nLOCATION: http://{Address}:{Http}/d.xml\r\n\r\n")
        : null;

    private async Task ServeAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(_stopping.Token);
                await using var stream = client.GetStream();
                var request = await ReadAsync(stream);
                var (code, body) = request.StartsWith("GET /d.xml ", StringComparison.Ordinal) ? (200, Description()) : Call(request);
                var bytes = Encoding.UTF8.GetBytes(body);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {code} X\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {bytes.Length}\r\n\r\n"), _stopping.Token);
                await stream.WriteAsync(bytes, _stopping.Token);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException or IOException or SocketException)
        {
        }
    }

    private async Task<string> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4_096];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, _stopping.Token);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var length = LengthHeader().Match(all) is { Success: true } told ? int.Parse(told.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
            if (read == 0 || (end >= 0 && all.Length - end - 4 >= length))
                return all;
        }
    }

    private string Description() => "<root xmlns=\"urn:schemas-upnp-org:device-1-0\"><device><serviceList><service>"
        + $"<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>{ControlAt ?? "/ctl"}</controlURL></service></serviceList></device></root>";

    private (int Code, string Body) Call(string request)
    {
        string Value(string name) => Regex.Match(request, $"<{name}>([^<]*)</{name}>").Groups[1].Value;
        if (request.Contains("#GetExternalIPAddress\"", StringComparison.Ordinal))
            return (200, $"<E><GetExternalIPAddressResponse><NewExternalIPAddress>{Outside.ToIPAddress()}</NewExternalIPAddress></GetExternalIPAddressResponse></E>");
        var external = ushort.Parse(Value("NewExternalPort"), CultureInfo.InvariantCulture);
        var transport = Value("NewProtocol") == "TCP" ? MappingTransport.Tcp : MappingTransport.Udp;
        if (request.Contains("#DeletePortMapping\"", StringComparison.Ordinal))
        {
            foreach (var (key, port) in Table)
            {
                if (port == external && key.Item1 == transport)
                    Table.TryRemove(key, out _);
            }

            _asked.Writer.TryWrite($"igd {transport} -{external}");
            return (200, "<E><DeletePortMappingResponse/></E>");
        }

        var (local, lifetime) = (ushort.Parse(Value("NewInternalPort"), CultureInfo.InvariantCulture), Value("NewLeaseDuration"));
        if (OnlyEternal && lifetime != "0")
            return (500, "<E><Fault><errorCode>725</errorCode></Fault></E>");
        if (external == TakenPort)
            return (500, "<E><Fault><errorCode>718</errorCode></Fault></E>");
        Table[(transport, local)] = external;
        _asked.Writer.TryWrite($"igd {transport} {local} {lifetime}");
        return (200, "<E><AddPortMappingResponse/></E>");
    }

    [GeneratedRegex("Content-Length: ([0-9]+)", RegexOptions.IgnoreCase)]
    private static partial Regex LengthHeader();
}
