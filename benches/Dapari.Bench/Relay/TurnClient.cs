using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Bench.Relay;

/// <summary>A TURN client with one socket, for setting up; the flood goes by a reactor of its own.</summary>
internal sealed class TurnClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly RelayProcess _relay;
    private readonly byte[] _buffer = new byte[2048];
    private byte[] _realm = [];
    private byte[] _nonce = [];
    private byte[]? _key;
    private int _error;

    private TurnClient(RelayProcess relay, int timeoutMs)
    {
        _relay = relay;
        _socket.ReceiveTimeout = timeoutMs;
        _socket.ReceiveBufferSize = 4 * 1024 * 1024;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Connect(new IPEndPoint(relay.Address.ToIPAddress(), relay.Address.Port));
    }

    public Endpoint Relayed { get; private set; }

    public Socket Socket => _socket;

    public static TurnClient Open(RelayProcess relay, int timeoutMs = 2000) => new(relay, timeoutMs);

    /// <summary>Whether the server answers a Binding request.</summary>
    public bool TryBind() => Ask(StunMethod.Binding, static (ref StunWriter _, TurnClient _) => { }, signed: false) is StunClass.Success;

    public void Allocate()
    {
        if (Ask(StunMethod.Allocate, Transport, signed: false) != StunClass.Error)
            throw new InvalidOperationException("The relay lends without asking who.");
        if (Ask(StunMethod.Allocate, Transport, signed: true) != StunClass.Success)
            throw new InvalidOperationException($"The relay at {_relay.Address} refuses an allocation: {_error}.");

        static void Transport(ref StunWriter writer, TurnClient client) => RequestedTransport.Write(ref writer, 17);
    }

    public void BindChannel(ushort number, Endpoint peer)
    {
        _peer = peer;
        _number = number;
        if (Ask(StunMethod.ChannelBind, static (ref StunWriter writer, TurnClient client) =>
            {
                ChannelNumber.Write(ref writer, client._number);
                XorPeerAddress.Write(ref writer, client._peer);
            }, signed: true) != StunClass.Success)
            throw new InvalidOperationException("The relay refuses a channel.");
    }

    /// <summary>Gives the allocation back: its port may be the next client's.</summary>
    public void Dispose()
    {
        if (!Relayed.IsNone)
            Ask(StunMethod.Refresh, static (ref StunWriter writer, TurnClient _) => Lifetime.Write(ref writer, 0), signed: true);
        _socket.Dispose();
    }

    private Endpoint _peer;
    private ushort _number;

    private delegate void Fill(ref StunWriter writer, TurnClient client);

    private StunClass? Ask(StunMethod method, Fill fill, bool signed)
    {
        Span<byte> transaction = stackalloc byte[StunMessage.TransactionIdLength];
        RandomNumberGenerator.Fill(transaction);
        var writer = new StunWriter(_buffer, StunClass.Request, method, transaction);
        fill(ref writer, this);
        if (signed)
        {
            Username.Write(ref writer, Encoding.UTF8.GetBytes(_relay.Username));
            Realm.Write(ref writer, _realm);
            Nonce.Write(ref writer, _nonce);
            _key ??= StunCredentials.LongTermKey(_relay.Username, Encoding.UTF8.GetString(_realm), _relay.Password, PasswordAlgorithmId.Md5)!;
            MessageIntegrity.Write(ref writer, _key);
        }

        if (!writer.TryFinish(out var length))
            throw new InvalidOperationException("A request that does not fit.");
        try
        {
            _socket.Send(_buffer.AsSpan(0, length));
            length = _socket.Receive(_buffer);
        }
        catch (SocketException)
        {
            return null;
        }

        if (!StunMessage.TryRead(_buffer.AsSpan(0, length), out var answer, out _) || !answer.TransactionId.SequenceEqual(transaction))
            return null;
        if (Realm.TryRead(answer, out var realm))
            _realm = realm.ToArray();
        if (Nonce.TryRead(answer, out var nonce))
            _nonce = nonce.ToArray();
        _error = ErrorCode.TryRead(answer, out var code, out _) ? code : 0;
        if (XorRelayedAddress.TryRead(answer, out var relayed))
            Relayed = relayed;
        return answer.Class;
    }
}
