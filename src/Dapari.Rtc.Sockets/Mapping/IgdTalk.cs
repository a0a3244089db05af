using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>
/// UPnP's Internet Gateway Device. Step 1: a search, to the group and to the router itself, answered by the router alone. Step 2: its description, from its own
/// address. Step 3: calls, to its own address. No redirects, no names, no proxies; bounded in size and time.
/// </summary>
internal sealed class IgdTalk : IRouterTalk
{
    private static readonly TimeSpan _searchLimit = TimeSpan.FromMilliseconds(2_500);
    private static readonly TimeSpan _searchAgain = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan _callLimit = TimeSpan.FromSeconds(5);
    private const int MostPorts = 4;
    private readonly Gateway _gateway;
    private readonly IgdDescription _description;
    private readonly HttpClient _http;
    private readonly Entropy _entropy;
    private readonly TimeProvider _time;
    private bool _eternal;

    private IgdTalk(Gateway gateway, IgdDescription description, HttpClient http, Entropy entropy, TimeProvider time) =>
        (_gateway, _description, _http, _entropy, _time) = (gateway, description, http, entropy, time);

    public MappingProtocol Protocol => MappingProtocol.Igd;

    /// <summary>Looks for the service; null: the router has none.</summary>
    public static async Task<IgdTalk?> FindAsync(Gateway gateway, Entropy entropy, TimeProvider time, CancellationToken cancellation)
    {
        if (gateway.Address.AddressFamily != AddressFamily.InterNetwork || await SearchAsync(gateway, time, cancellation) is not { } location)
            return null;
        var http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, MaxResponseHeadersLength = 16, MaxResponseDrainSize = 0, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        }, disposeHandler: true)
        {
            MaxResponseContentBufferSize = IgdDescription.Longest,
        };
        var document = await SendAsync(http, new HttpRequestMessage(HttpMethod.Get, location), time, cancellation);
        if (document is { Done: true } && IgdDescription.TryRead(document.Value.Body, location, Endpoint.From(gateway.Address, 0), out var description))
            return new IgdTalk(gateway, description, http, entropy, time);
        http.Dispose();
        return null;
    }

    public async Task<RouterAnswer> MapAsync(RouterWish wish, CancellationToken cancellation)
    {
        if (wish.LifetimeSeconds == 0)
            return new RouterAnswer((await CallAsync(SoapCall.DeletePortMapping(wish.Transport, wish.Wanted.Port), cancellation)).Fault);
        var outside = await CallAsync(SoapCall.GetExternalAddress, cancellation);
        if (outside.Fault != MappingFault.None || outside.Address.IsNone || outside.Address.V4Bits == 0)
            return new RouterAnswer(outside.Fault == MappingFault.None ? MappingFault.Busy : outside.Fault);
        var port = wish.Wanted.Port != 0 ? wish.Wanted.Port : wish.Port;
        for (var i = 0; i < MostPorts; i++)
        {
            var lifetime = _eternal ? 0 : wish.LifetimeSeconds;
            var answer = await CallAsync(SoapCall.AddPortMapping(wish.Transport, Endpoint.From(_gateway.Local, wish.Port), port, lifetime), cancellation);
            if (answer.Fault == MappingFault.None)
                return new RouterAnswer(MappingFault.None, outside.Address.WithPort(port), lifetime);
            if (answer.WantsEternal && !_eternal)
                _eternal = true;
            else if (answer.Fault == MappingFault.PortTaken)
                // RFC 6335 §6: the dynamic ports.
                port = (ushort)(49_152 + (_entropy.Next() % 16_384));
            else
                return new RouterAnswer(answer.Fault);
        }

        return new RouterAnswer(MappingFault.PortTaken);
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Uri?> SearchAsync(Gateway gateway, TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(_searchLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(gateway.Local, 0));
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, gateway.Local.GetAddressBytes());
            // UPnP Device Architecture 1.1 §1.3.2.
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastTimeToLive, 2);
            var asking = AskAsync(socket, gateway, time, either.Token);
            var buffer = new byte[SsdpAnswer.Longest];
            var router = Endpoint.From(gateway.Address, 0);
            while (true)
            {
                var got = await HearAsync(socket, buffer, either.Token);
                if (got is { } heard && heard.From.Address.Equals(gateway.Address) && SsdpAnswer.TryRead(buffer.AsSpan(0, heard.Length), router, out var location))
                {
                    await either.CancelAsync();
                    await asking;
                    return location;
                }
            }
        }
        catch (Exception nothing) when (nothing is SocketException || (nothing is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task<(IPEndPoint From, int Length)?> HearAsync(Socket socket, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            var got = await socket.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), cancellation);
            return ((IPEndPoint)got.RemoteEndPoint, got.ReceivedBytes);
        }
        catch (SocketException)
        {
            return null; // Longer than any that is read, or an ICMP message's.
        }
    }

    private static async Task AskAsync(Socket socket, Gateway gateway, TimeProvider time, CancellationToken cancellation)
    {
        var search = SsdpSearch.Write();
        try
        {
            while (true)
            {
                foreach (var to in new[] { SsdpSearch.Group, Endpoint.From(gateway.Address, SsdpSearch.Group.Port) })
                    await TrySendAsync(socket, search, new IPEndPoint(to.ToIPAddress(), to.Port), cancellation);
                await Task.Delay(_searchAgain, time, cancellation);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException)
        {
            // It was found, or nothing was.
        }
    }

    private static async Task TrySendAsync(Socket socket, byte[] search, IPEndPoint to, CancellationToken cancellation)
    {
        try
        {
            await socket.SendToAsync(search, SocketFlags.None, to, cancellation);
        }
        catch (SocketException)
        {
            // A network without groups, perhaps: the router itself is asked too.
        }
    }

    private static async Task<(bool Done, byte[] Body)?> SendAsync(HttpClient http, HttpRequestMessage request, TimeProvider time, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(_callLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            using (request)
            using (var answer = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token))
                return (answer.IsSuccessStatusCode, await answer.Content.ReadAsByteArrayAsync(either.Token));
        }
        catch (Exception nothing) when (nothing is HttpRequestException or IOException || (nothing is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private async Task<SoapAnswer> CallAsync(SoapCall call, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _description.Control) { Content = new ByteArrayContent(call.Write(_description.Service)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/xml", "utf-8");
        request.Headers.TryAddWithoutValidation("SOAPACTION", call.Header(_description.Service));
        return await SendAsync(_http, request, _time, cancellation) is { } answer ? SoapAnswer.Read(answer.Body, answer.Done) : new SoapAnswer(MappingFault.NotSpoken, false, default);
    }
}
