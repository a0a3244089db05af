using System.Text;
using Dapari.Rtc;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Dtls.Messages;
using Dapari.Rtc.Mdns;
using Dapari.Rtc.Sdp;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What the other end of a data connection says: its description, the handshake's datagrams and messages, and the openings of channels.</summary>
internal static class PeerConnectionTargets
{
    // Of a key that nobody has any more.
    private const string Certificate =
        "MIIBdzCCAR2gAwIBAgIUDfgSgtL+efIp7jA12Cub+sMar2kwCgYIKoZIzj0EAwIwETEPMA0GA1UEAwwGV2ViUlRDMB4XDTI2MTEyMzA0MDkzOFoXDTI2MTIyMzA0MDkzOFowETEPMA0GA1UEAwwGV2ViUlRDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKErobvNzfFF1fAB7laRANc2bVOY4b9n3fi7lxtbyTXswl0fa3Y1UuAQT+9R4pFZPAn1SDqLNuMJyxj8J+2rudaNTMFEwHQYDVR0OBBYEFCIfRmcZ0z3Lpk62QHrrUYG43XMrMB8GA1UdIwQYMBaAFCIfRmcZ0z3Lpk62QHrrUYG43XMrMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgaYr/VMeko65hgVQBDi0XWRwKiK8B88J8aL/o2zraC2QCIQDoSE6beKyWGRisuDZeC7sXw0K2WCfFCXnWH/wzOmAL9A==";

    private static readonly byte[] Random32 = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly DtlsCertificate Own = DtlsCertificate.Create(new DateTimeOffset(2026, 1, 2, 0, 0, 0, TimeSpan.Zero));

    private static readonly byte[] Der = Convert.FromBase64String(Certificate);

    public static IEnumerable<Target> All =>
        [new("rtc-description", Descriptions, Description), new("channel-opening", Openings, Opening), new("dtls-message", Messages, Message), new("dtls-datagram", Datagrams, Datagram), new("mdns", Names, Name)];

    private static IEnumerable<byte[]> Names()
    {
        var buffer = new byte[600];
        yield return buffer[..MdnsMessage.WriteQuery(buffer, "ours.local")];
        yield return buffer[..MdnsMessage.WriteAnswer(buffer, "theirs.local", [Endpoint.V4(0xC0A8_0105, 0), Endpoint.V6(1UL << 60, 5, 0)])];
    }

    private static string Name(byte[] input)
    {
        var agent = new MdnsAgent();
        agent.Publish("ours.local", Endpoint.V4(0xC0A8_0106, 0));
        agent.Resolve("theirs.local", 0);
        Require(agent.TryTake(out _), "a question");
        agent.Receive(input, 1);
        var (answers, found) = (0, 0);
        while (agent.TryTake(out _))
            answers++;
        while (agent.TryTakeFound(out var name, out var address))
        {
            Require(name == "theirs.local" && !address.IsNone && address.Port == 0, "what was asked for");
            found++;
        }

        Require(answers <= 1 && found <= 4, "little comes of one message");
        return $"{answers} {found}";
    }

    private static IEnumerable<byte[]> Descriptions()
    {
        var line = "a=fingerprint:sha-256 " + DtlsFingerprint.Of(Der);
        yield return Encoding.UTF8.GetBytes("v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
            + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 127.0.0.1 51473 typ host generation 0 network-cost 999\r\n"
            + "a=ice-ufrag:EEtu\r\na=ice-pwd:0123456789012345678901\r\na=ice-options:trickle\r\n" + line + "\r\na=setup:actpass\r\na=mid:0\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n");
        yield return Encoding.UTF8.GetBytes("v=0\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=ice-ufrag:EEtu\na=ice-pwd:0123456789012345678901\n" + line + "\na=setup:active\na=end-of-candidates\n");
    }

    private static string Description(byte[] input)
    {
        if (!SdpReader.TryRead(Encoding.UTF8.GetString(input), out var read, out var fault))
        {
            Require(fault != SdpFault.None, "a reason");
            return fault.ToString();
        }

        Require(read.Candidates.Count <= SdpReader.MostCandidates && read.SctpPort > 0 && read.MaxMessageSize >= 0, "within the caps");
        Require(SdpReader.TryRead(SdpWriter.Write(read, 1, 1), out var again, out _) && again.Ice == read.Ice && again.Fingerprint.Equals(read.Fingerprint)
            && (again.Setup, again.Mid, again.SctpPort, again.MaxMessageSize, again.EndOfCandidates) == (read.Setup, read.Mid, read.SctpPort, read.MaxMessageSize, read.EndOfCandidates)
            && again.Candidates.Count == read.Candidates.Count, "reads what it wrote");
        return $"{read.Setup} {Math.Min(read.Candidates.Count, 2)} {read.EndOfCandidates}";
    }

    private static IEnumerable<byte[]> Openings() =>
    [
        new OpenMessage("label", "protocol", ChannelReliability.Reliable, true).ToArray(),
        new OpenMessage("", "", new ChannelReliability(MaxRetransmits: 3), false).ToArray(),
        new OpenMessage("grüß", "", new ChannelReliability(LifetimeMs: 500), true).ToArray(),
    ];

    private static string Opening(byte[] input)
    {
        if (!OpenMessage.TryRead(input, out var read))
            return "refused";
        Require(OpenMessage.TryRead(read.ToArray(), out var again) && again == read, "reads what it wrote");
        return $"{read.Ordered} {read.Reliability.MaxRetransmits is null} {read.Reliability.LifetimeMs is null}";
    }

    private static IEnumerable<(HandshakeType Type, byte[] Body)> Bodies()
    {
        var hello = ClientHello.Write(Random32, [1, 2, 3]);
        yield return (HandshakeType.ClientHello, hello);
        Require(ClientHello.TryRead(hello, out var read), "what this library says");
        yield return (HandshakeType.ServerHello, ServerHello.Write(Random32, read));
        yield return (HandshakeType.HelloVerifyRequest, [0xFE, 0xFF, 4, 1, 2, 3, 4]);
        yield return (HandshakeType.Certificate, CertificateMessage.Write(Der));
        yield return (HandshakeType.ServerKeyExchange, ServerKeyExchange.Write(ServerKeyExchange.Parametrize([4, .. Random32, .. Random32]), [0x30, 6, 2, 1, 1, 2, 1, 1]));
        yield return (HandshakeType.CertificateRequest, CertificateRequestMessage.Write());
        yield return (HandshakeType.ServerHelloDone, []);
        yield return (HandshakeType.ClientKeyExchange, ClientKeyExchange.Write([4, .. Random32, .. Random32]));
        yield return (HandshakeType.CertificateVerify, CertificateVerify.Write([0x30, 6, 2, 1, 1, 2, 1, 1]));
    }

    private static IEnumerable<byte[]> Messages() => Bodies().Select(one => (byte[])[(byte)one.Type, .. one.Body]);

    private static string Message(byte[] input)
    {
        if (input.Length == 0)
            return "nothing";
        var body = input.AsSpan(1);
        var type = (HandshakeType)input[0];
        return !Enum.IsDefined(type) ? "unknown" : $"{type} " + type switch
        {
            HandshakeType.ClientHello => ClientHello.TryRead(body, out var hello) && hello.Random.Length == 32
                ? $"{hello.Extensions.Lists(TlsExtension.SupportedGroups, Suites.P256)} {hello.Extensions.TryFind(TlsExtension.ExtendedMasterSecret, out _)}" : "refused",
            HandshakeType.ServerHello => ServerHello.TryRead(body, out var hello) && hello.Random.Length == 32 ? $"{hello.Extensions.TryFind(TlsExtension.ExtendedMasterSecret, out _)}" : "refused",
            HandshakeType.HelloVerifyRequest => HelloVerifyRequest.TryRead(body, out var cookie) && cookie.Length > 0,
            HandshakeType.Certificate => CertificateMessage.TryRead(body, out var first) && first.Length > 0,
            HandshakeType.ServerKeyExchange => ServerKeyExchange.TryRead(body, out var exchange) && exchange.Parameters.Length == exchange.Point.Length + 4,
            HandshakeType.CertificateRequest => CertificateRequestMessage.Takes(body),
            HandshakeType.ClientKeyExchange => ClientKeyExchange.TryRead(body, out _),
            HandshakeType.CertificateVerify => CertificateVerify.TryRead(body, out _),
            _ => "none",
        };
    }

    // The first byte says which end this is; then datagrams, each behind its length.
    private static IEnumerable<byte[]> Datagrams()
    {
        var all = Bodies().ToDictionary(one => one.Type, one => one.Body);
        yield return [1, .. Flight(all, HandshakeType.ClientHello)];
        yield return [0, .. Flight(all, HandshakeType.ServerHello, HandshakeType.Certificate, HandshakeType.ServerKeyExchange, HandshakeType.CertificateRequest, HandshakeType.ServerHelloDone)];
        yield return [0, .. Flight(all, HandshakeType.HelloVerifyRequest)];
        yield return [1, .. Flight(all, HandshakeType.ClientHello, HandshakeType.Certificate, HandshakeType.ClientKeyExchange, HandshakeType.CertificateVerify)];
    }

    private static byte[] Flight(Dictionary<HandshakeType, byte[]> all, params HandshakeType[] types)
    {
        var flight = new DtlsFlight();
        for (var i = 0; i < types.Length; i++)
            flight.Add(DtlsContent.Handshake, 0, types[i], (ushort)i, all[types[i]]);
        List<byte> bytes = [];
        var (buffer, sequence) = (new byte[300], 0ul);
        while (flight.IsPending)
        {
            var length = flight.Write(buffer.AsSpan(DtlsRecord.HeaderLength));
            DtlsRecord.WriteHeader(buffer, DtlsContent.Handshake, DtlsRecord.Version12, 0, sequence++, length);
            length += DtlsRecord.HeaderLength;
            bytes.AddRange([(byte)(length >> 8), (byte)(length & 0xFF), .. buffer[..length]]);
        }

        return [.. bytes];
    }

    private static string Datagram(byte[] input)
    {
        if (input.Length == 0)
            return "nothing";
        using var connection = new DtlsConnection(
            new DtlsOptions { Role = input[0] % 2 == 0 ? DtlsRole.Client : DtlsRole.Server, Certificate = Own, Remote = DtlsFingerprint.Of(Der) }, new FixedEntropy());
        connection.Start(0);
        var (now, at, buffer) = (0L, 1, new byte[2_000]);
        Drain(connection, buffer, 1);
        while (at + 2 <= input.Length)
        {
            var length = Math.Min((input[at] << 8) | input[at + 1], input.Length - at - 2);
            ReadOnlySpan<byte> rest = input.AsSpan(at + 2, length);
            at += 2 + length;
            while (connection.TryRead(ref rest, buffer, out var data, now += 1_000))
                Require(data == 0, "no data before the other end is known");
            // A flight has six messages at most: what is answered is bounded, whatever came.
            Drain(connection, buffer, 8);
        }

        Require(connection.State is DtlsState.Handshaking or DtlsState.Ended, "nobody without the key gets in");
        Require((connection.State == DtlsState.Ended) == (connection.End != DtlsEnd.None), "an end has a reason");
        return $"{connection.Role} {connection.State} {connection.End} {connection.Refused > 0}";
    }

    private static void Drain(DtlsConnection connection, byte[] buffer, int most)
    {
        var count = 0;
        while (connection.TryTakeDatagram(buffer, out var length))
            Require(length is > 0 and <= 1_200 && ++count <= most, "few datagrams, and small ones");
    }

    private sealed class FixedEntropy : Entropy
    {
        public override void Fill(Span<byte> destination) => destination.Fill(7);
    }
}
