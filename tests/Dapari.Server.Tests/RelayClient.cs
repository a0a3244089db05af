using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Dapari.Wire.V1;

namespace Dapari.Server.Tests;

internal delegate void Attributes(ref StunWriter writer);

/// <summary>A TURN client on a real socket: UDP, TCP or TLS.</summary>
internal sealed class RelayClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly Socket? _udp;
    private readonly Stream? _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly Queue<byte[]> _waiting = new();
    private int _filled;
    private byte[] _nonce = [];
    private string _realm = "";

    private RelayClient(Socket? udp, Stream? stream)
    {
        _udp = udp;
        _stream = stream;
    }

    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    public Rtc.Endpoint Relayed { get; private set; }

    public static async Task<RelayClient> UdpAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new RelayClient(socket, null);
    }

    public static async Task<RelayClient> TcpAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new RelayClient(null, new NetworkStream(socket, true));
    }

    /// <summary>The certificate is not looked at here: that it is trusted is another test's.</summary>
    public static async Task<RelayClient> TlsAsync(int port, params string[] protocols)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var tls = new SslStream(new NetworkStream(socket, true));
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null, ApplicationProtocols = [.. protocols.Select(p => new SslApplicationProtocol(p))],
        });
        return new RelayClient(null, tls);
    }

    public RelayClient With(RelayAccess access)
    {
        Username = access.Username;
        Password = access.Password;
        return this;
    }

    /// <summary>The error code; 0: success. Greets first, as a client that has no nonce yet.</summary>
    public async Task<int> AllocateAsync()
    {
        static void Transport(ref StunWriter writer) => RequestedTransport.Write(ref writer, 17);
        if (_nonce.Length == 0)
            await RequestAsync(StunMethod.Allocate, Transport, sign: false);
        return await RequestAsync(StunMethod.Allocate, Transport);
    }

    public Task<int> BindAsync(ushort channel, Rtc.Endpoint peer) => RequestAsync(StunMethod.ChannelBind, (ref writer) =>
    {
        ChannelNumber.Write(ref writer, channel);
        XorPeerAddress.Write(ref writer, peer);
    });

    public async Task SendAsync(ushort channel, byte[] payload)
    {
        var frame = new byte[payload.Length + 8];
        ChannelData.TryWrite(frame, channel, payload, _stream is not null, out var length);
        await WriteAsync(frame[..length]);
    }

    /// <summary>The payload of the next channel frame.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        while (true)
        {
            var frame = await NextAsync();
            if (ChannelData.TryRead(frame, out _, out var length))
                return frame.AsSpan(ChannelData.HeaderLength, length).ToArray();
        }
    }

    /// <summary>A datagram that means nothing.</summary>
    public Task PokeAsync() => WriteAsync([0xFF]);

    /// <summary>What is not STUN at all, to see what the other side makes of it. The answer's bytes; none: it closed.</summary>
    public async Task<byte[]> SayAsync(byte[] bytes)
    {
        await WriteAsync(bytes);
        var count = await _stream!.ReadAsync(_buffer).AsTask().WaitAsync(Patience);
        return _buffer[..count];
    }

    public async ValueTask DisposeAsync()
    {
        _udp?.Dispose();
        if (_stream is not null)
            await _stream.DisposeAsync();
    }

    private async Task<int> RequestAsync(StunMethod method, Attributes attributes, bool sign = true)
    {
        var id = RandomNumberGenerator.GetBytes(12);
        await WriteAsync(Build(method, attributes, id, sign));
        while (true)
        {
            var answer = await NextAsync();
            if (Read(answer, id) is { } code)
                return code;
        }
    }

    private byte[] Build(StunMethod method, Attributes attributes, byte[] id, bool sign)
    {
        var bytes = new byte[1024];
        var writer = new StunWriter(bytes, StunClass.Request, method, id);
        attributes(ref writer);
        if (sign)
        {
            Dapari.Rtc.Stun.Attributes.Username.Write(ref writer, System.Text.Encoding.UTF8.GetBytes(Username));
            Realm.Write(ref writer, System.Text.Encoding.UTF8.GetBytes(_realm));
            Nonce.Write(ref writer, _nonce);
            MessageIntegrity.Write(ref writer, StunCredentials.LongTermKey(Username, _realm, Password, PasswordAlgorithmId.Md5)!);
        }

        return writer.TryFinish(out var length) ? bytes[..length] : throw new InvalidOperationException("Too long.");
    }

    /// <summary>Null: it is no answer to this request.</summary>
    private int? Read(byte[] bytes, byte[] id)
    {
        if (!StunMessage.TryRead(bytes, out var message, out _) || !message.TransactionId.SequenceEqual(id))
            return null;
        if (Nonce.TryRead(message, out var nonce))
            _nonce = nonce.ToArray();
        if (Realm.TryRead(message, out var realm))
            _realm = System.Text.Encoding.UTF8.GetString(realm);
        foreach (var attribute in message.Attributes)
        {
            if (attribute.Type == XorRelayedAddress.Type && XorRelayedAddress.TryRead(message, attribute.Value, out var relayed))
                Relayed = relayed;
        }

        return message.Class == StunClass.Error && ErrorCode.TryRead(message, out var code, out _) ? code : 0;
    }

    private async Task WriteAsync(byte[] bytes)
    {
        if (_udp is not null)
            await _udp.SendAsync(bytes);
        else
            await _stream!.WriteAsync(bytes);
    }

    private async Task<byte[]> NextAsync()
    {
        if (_udp is not null)
        {
            var count = await _udp.ReceiveAsync(_buffer).WaitAsync(Patience);
            return _buffer[..count];
        }

        while (_waiting.Count == 0)
        {
            var count = await _stream!.ReadAsync(_buffer.AsMemory(_filled)).AsTask().WaitAsync(Patience);
            if (count == 0)
                throw new EndOfStreamException("The relay closed.");
            _filled += count;
            while (StreamFraming.Read(_buffer.AsSpan(0, _filled), out var length, out var advance) == StreamFrame.Frame)
            {
                _waiting.Enqueue(_buffer[..length]);
                _buffer.AsSpan(advance, _filled - advance).CopyTo(_buffer);
                _filled -= advance;
            }
        }

        return _waiting.Dequeue();
    }
}
