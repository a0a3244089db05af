using System.Text;
using Dapari.Relay.Credentials;
using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay.Tests;

internal delegate void Attributes(ref StunWriter writer);

/// <summary>A TURN client with the pen in its hand: each part of a request can be written otherwise.</summary>
internal sealed class TestClient(World world, int core, int local, Endpoint endpoint, RelayCredential credential)
{
    private static readonly byte[] Offered = [0, 2, 0, 0, 0, 1, 0, 0];

    public World World => world;

    public int Local => local;

    public ClientKey Key => new(endpoint, local);

    public Endpoint Endpoint => endpoint;

    public RelayCredential Credential { get; set; } = credential;

    public byte[]? NonceBytes { get; set; }

    public string Realm { get; set; } = world.Options.Realm;

    /// <summary>Takes the server's SHA-256 instead of MD5 and SHA-1.</summary>
    public bool Sha256 { get; set; }

    /// <summary>What the last Allocate got.</summary>
    public Endpoint Relayed { get; private set; }

    public byte[] NextId { get; set; } = new byte[12];

    public Sent? Send(byte[] datagram)
    {
        var buffer = World.Buffer(datagram);
        var action = world.Cores[core].FromClient(Key, buffer, RelayCore.HeadRoom, datagram.Length, out var packet);
        return Sent.From(action, packet, buffer);
    }

    public byte[] Build(StunMethod method, Attributes? attributes, bool sign = true, StunClass kind = StunClass.Request, bool fingerprint = false, bool keepId = false)
    {
        if (!keepId)
            world.Entropy.Fill(NextId);
        var bytes = new byte[1600];
        var writer = new StunWriter(bytes, kind, method, NextId);
        attributes?.Invoke(ref writer);
        if (sign)
        {
            Username.Write(ref writer, Encoding.UTF8.GetBytes(Credential.Username));
            Dapari.Rtc.Stun.Attributes.Realm.Write(ref writer, Encoding.UTF8.GetBytes(Realm));
            Nonce.Write(ref writer, NonceBytes);
            var algorithm = Sha256 ? PasswordAlgorithmId.Sha256 : PasswordAlgorithmId.Md5;
            var key = StunCredentials.LongTermKey(Credential.Username, Realm, Credential.Password, algorithm)!;
            if (Sha256)
            {
                PasswordAlgorithms.Write(ref writer, Offered);
                PasswordAlgorithm.Write(ref writer, algorithm);
                MessageIntegritySha256.Write(ref writer, key);
            }
            else
            {
                MessageIntegrity.Write(ref writer, key);
            }
        }

        if (fingerprint)
            Fingerprint.Write(ref writer);
        return writer.TryFinish(out var length) ? bytes[..length] : throw new InvalidOperationException("Too long.");
    }

    /// <summary>Asks for a nonce.</summary>
    public void Greet()
    {
        var answer = new Answer(Send(Build(StunMethod.Allocate, Transport, sign: false)));
        NonceBytes = answer.Nonce;
    }

    public Answer Request(StunMethod method, Attributes? attributes, bool keepId = false)
    {
        if (NonceBytes is null)
            Greet();
        return new Answer(Send(Build(method, attributes, keepId: keepId)));
    }

    public static void Transport(ref StunWriter writer) => RequestedTransport.Write(ref writer, 17);

    public Answer TryAllocate(Attributes? more = null, bool keepId = false)
    {
        var answer = Request(
            StunMethod.Allocate,
            (ref writer) =>
            {
                Transport(ref writer);
                more?.Invoke(ref writer);
            },
            keepId);
        if (answer.Code == 0)
            Relayed = answer.Relayed[0];
        return answer;
    }

    public TestClient Allocate(Attributes? more = null)
    {
        var answer = TryAllocate(more);
        return answer.Code == 0 ? this : throw new InvalidOperationException("Allocate was answered " + answer.Code);
    }

    public Answer Refresh(uint seconds, Attributes? more = null) => Request(StunMethod.Refresh, (ref writer) =>
    {
        Lifetime.Write(ref writer, seconds);
        more?.Invoke(ref writer);
    });

    public Answer Permit(params Endpoint[] peers) => Request(StunMethod.CreatePermission, (ref writer) =>
    {
        foreach (var peer in peers)
            XorPeerAddress.Write(ref writer, peer);
    });

    public Answer Bind(ushort number, Endpoint peer) => Request(StunMethod.ChannelBind, (ref writer) =>
    {
        ChannelNumber.Write(ref writer, number);
        XorPeerAddress.Write(ref writer, peer);
    });

    public Sent? SendTo(Endpoint peer, byte[] payload, Attributes? more = null) => Send(Build(
        StunMethod.Send,
        (ref writer) =>
        {
            XorPeerAddress.Write(ref writer, peer);
            Data.Write(ref writer, payload);
            more?.Invoke(ref writer);
        },
        sign: false,
        kind: StunClass.Indication));

    public Sent? SendOn(ushort number, byte[] payload)
    {
        var bytes = new byte[payload.Length + 8];
        return ChannelData.TryWrite(bytes, number, payload, false, out var length) ? Send(bytes[..length]) : throw new InvalidOperationException();
    }
}

/// <summary>An answer, read.</summary>
internal sealed class Answer
{
    public Answer(Sent? sent)
    {
        if (sent is null)
        {
            Code = -1;
            return;
        }

        Bytes = sent.Bytes;
        if (!StunMessage.TryRead(Bytes, out var message, out var fault))
            throw new InvalidOperationException("An answer that cannot be read: " + fault);
        Class = message.Class;
        Id = message.TransactionId.ToArray();
        if (message.Class == StunClass.Error)
            Code = ErrorCode.TryRead(message, out var code, out _) ? code : throw new InvalidOperationException("An error without a code.");
        if (Dapari.Rtc.Stun.Attributes.Nonce.TryRead(message, out var nonce))
            Nonce = nonce.ToArray();
        if (Lifetime.TryRead(message, out var seconds))
            Seconds = seconds;
        if (ReservationToken.TryRead(message, out var token))
            Token = token;
        if (XorMappedAddress.TryRead(message, out var mapped))
            Mapped = mapped;
        if (AddressErrorCode.TryRead(message, out _, out var addressError))
            AddressError = addressError;
        foreach (var attribute in message.Attributes)
        {
            if (attribute.Type == XorRelayedAddress.Type && XorRelayedAddress.TryRead(message, attribute.Value, out var relayed))
                Relayed.Add(relayed);
        }
    }

    /// <summary>0: success; -1: no answer at all.</summary>
    public int Code { get; }

    public byte[] Bytes { get; } = [];

    public byte[] Id { get; } = [];

    public StunClass Class { get; }

    public byte[]? Nonce { get; }

    public uint? Seconds { get; }

    public ulong? Token { get; }

    public Endpoint Mapped { get; }

    public int? AddressError { get; }

    public List<Endpoint> Relayed { get; } = [];
}
