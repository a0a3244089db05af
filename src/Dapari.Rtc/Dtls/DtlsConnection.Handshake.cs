using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dapari.Rtc.Dtls.Messages;

namespace Dapari.Rtc.Dtls;

/// <summary>The messages, in their order, and the keys that come of them.</summary>
internal sealed partial class DtlsConnection
{
    // RFC 5246 §7.2.
    private const byte UnexpectedMessage = 10;
    private const byte HandshakeFailure = 40;
    private const byte BadCertificate = 42;
    private const byte DecodeError = 50;
    private const byte DecryptError = 51;

    private const int PointLength = 65;

    private readonly byte[] _ownRandom = new byte[32];
    private readonly byte[] _peerRandom = new byte[32];
    private readonly byte[] _master = new byte[TlsPrf.MasterLength];
    private HandshakeType _expected = HandshakeType.HelloRequest;
    private ECDiffieHellman? _agreement;
    private ECDsa? _peerKey;
    private ushort _nextMessage;
    private byte[] _serverPoint = [];

    private bool IsClient => _options.Role == DtlsRole.Client;

    private void Handle(HandshakeType type, byte[] body, long now)
    {
        if (_expected == HandshakeType.HelloRequest)
            _expected = IsClient ? HandshakeType.ServerHello : HandshakeType.ClientHello;
        // RFC 5246 §7.4.1.1: nobody renegotiates; a request for it is passed over and not part of the transcript.
        if (type == HandshakeType.HelloRequest && IsClient)
            return;
        if (type == HandshakeType.HelloVerifyRequest && IsClient && _expected == HandshakeType.ServerHello)
        {
            TakeVerifyRequest(body, now);
            return;
        }

        if (type != _expected)
        {
            Fail(DtlsEnd.BadHandshake, UnexpectedMessage);
            return;
        }

        // Finished and CertificateVerify prove what came before them.
        if (type is HandshakeType.Finished or HandshakeType.CertificateVerify)
        {
            if (type == HandshakeType.Finished)
                TakeFinished(body);
            else
                TakeCertificateVerify(body);
            return;
        }

        Record(type, checked((ushort)(_reassembly.Next - 1)), body);
        switch (type)
        {
            case HandshakeType.ClientHello:
                TakeClientHello(body, now);
                break;
            case HandshakeType.ServerHello:
                TakeServerHello(body);
                break;
            case HandshakeType.Certificate:
                TakeCertificate(body);
                break;
            case HandshakeType.ServerKeyExchange:
                TakeServerKeyExchange(body);
                break;
            case HandshakeType.CertificateRequest:
                if (CertificateRequestMessage.Takes(body))
                    _expected = HandshakeType.ServerHelloDone;
                else
                    Fail(DtlsEnd.NothingInCommon, HandshakeFailure);
                break;
            case HandshakeType.ServerHelloDone:
                TakeServerHelloDone(body, now);
                break;
            case HandshakeType.ClientKeyExchange:
                TakeClientKeyExchange(body);
                break;
        }
    }

    private void SayHello(ReadOnlySpan<byte> cookie)
    {
        _flight.Clear();
        // RFC 6347 §4.2.6: a hello that was answered with a cookie is not part of the transcript.
        _ = _transcript.GetHashAndReset();
        Say(HandshakeType.ClientHello, ClientHello.Write(_ownRandom, cookie));
    }

    private void TakeVerifyRequest(ReadOnlySpan<byte> body, long now)
    {
        // Once is enough for a server that is right.
        if (_nextMessage > 1 || !HelloVerifyRequest.TryRead(body, out var cookie))
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        SayHello(cookie);
        Turn(now);
    }

    private void TakeClientHello(ReadOnlySpan<byte> body, long now)
    {
        if (!ClientHello.TryRead(body, out var hello))
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        if (!Suites.Has(hello.CipherSuites, Suites.EcdheEcdsaAes128Gcm) || !hello.Extensions.Lists(TlsExtension.SupportedGroups, Suites.P256)
            || !hello.Extensions.Lists(TlsExtension.SignatureAlgorithms, Suites.EcdsaSha256) || !hello.Extensions.TryFind(TlsExtension.ExtendedMasterSecret, out _))
        {
            Fail(DtlsEnd.NothingInCommon, HandshakeFailure);
            return;
        }

        hello.Random.CopyTo(_peerRandom);
        _agreement = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        Span<byte> point = stackalloc byte[PointLength];
        WritePoint(point);
        var parameters = ServerKeyExchange.Parametrize(point);
        Say(HandshakeType.ServerHello, ServerHello.Write(_ownRandom, hello));
        Say(HandshakeType.Certificate, CertificateMessage.Write(_options.Certificate.Der));
        Say(HandshakeType.ServerKeyExchange, ServerKeyExchange.Write(parameters, _options.Certificate.SignHash(HashOfKeyExchange(parameters))));
        Say(HandshakeType.CertificateRequest, CertificateRequestMessage.Write());
        Say(HandshakeType.ServerHelloDone, []);
        _expected = HandshakeType.Certificate;
        Turn(now);
    }

    private void TakeServerHello(ReadOnlySpan<byte> body)
    {
        if (!ServerHello.TryRead(body, out var hello))
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        if (hello.CipherSuite != Suites.EcdheEcdsaAes128Gcm || !hello.Extensions.TryFind(TlsExtension.ExtendedMasterSecret, out _))
        {
            Fail(DtlsEnd.NothingInCommon, HandshakeFailure);
            return;
        }

        hello.Random.CopyTo(_peerRandom);
        _expected = HandshakeType.Certificate;
    }

    private void TakeCertificate(ReadOnlySpan<byte> body)
    {
        if (!CertificateMessage.TryRead(body, out var certificate))
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        // RFC 8122 §6.2: before anything of it is believed.
        if (!DtlsFingerprint.Of(certificate).Equals(_options.Remote))
        {
            Fail(DtlsEnd.WrongCertificate, BadCertificate);
            return;
        }

        try
        {
            using var read = X509CertificateLoader.LoadCertificate(certificate);
            _peerKey = read.GetECDsaPublicKey();
        }
        catch (CryptographicException)
        {
            _peerKey = null;
        }

        if (_peerKey is null)
            Fail(DtlsEnd.BadHandshake, BadCertificate);
        else
            _expected = IsClient ? HandshakeType.ServerKeyExchange : HandshakeType.ClientKeyExchange;
    }

    private void TakeServerKeyExchange(ReadOnlySpan<byte> body)
    {
        if (!ServerKeyExchange.TryRead(body, out var exchange))
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        if (!Verify(HashOfKeyExchange(exchange.Parameters), exchange.Signature))
        {
            Fail(DtlsEnd.BadHandshake, DecryptError);
            return;
        }

        _agreement = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        _serverPoint = exchange.Point.ToArray();
        _expected = HandshakeType.CertificateRequest;
    }

    private void TakeServerHelloDone(ReadOnlySpan<byte> body, long now)
    {
        if (!body.IsEmpty)
        {
            Fail(DtlsEnd.BadHandshake, DecodeError);
            return;
        }

        _flight.Clear();
        Span<byte> point = stackalloc byte[PointLength];
        WritePoint(point);
        Say(HandshakeType.Certificate, CertificateMessage.Write(_options.Certificate.Der));
        Say(HandshakeType.ClientKeyExchange, ClientKeyExchange.Write(point));
        if (!MakeKeys(_serverPoint))
            return;
        Say(HandshakeType.CertificateVerify, CertificateVerify.Write(_options.Certificate.SignHash(_transcript.GetCurrentHash())));
        SayFinished();
        _expected = HandshakeType.Finished;
        Turn(now);
    }

    private void TakeClientKeyExchange(ReadOnlySpan<byte> body)
    {
        if (!ClientKeyExchange.TryRead(body, out var point))
            Fail(DtlsEnd.BadHandshake, DecodeError);
        else if (MakeKeys(point))
            _expected = HandshakeType.CertificateVerify;
    }

    private void TakeCertificateVerify(byte[] body)
    {
        if (!CertificateVerify.TryRead(body, out var signature) || !Verify(_transcript.GetCurrentHash(), signature))
        {
            Fail(DtlsEnd.BadHandshake, DecryptError);
            return;
        }

        Record(HandshakeType.CertificateVerify, checked((ushort)(_reassembly.Next - 1)), body);
        _expected = HandshakeType.Finished;
    }

    private void TakeFinished(byte[] body)
    {
        Span<byte> expected = stackalloc byte[TlsPrf.VerifyLength];
        TlsPrf.Derive(_master, IsClient ? "server finished"u8 : "client finished"u8, _transcript.GetCurrentHash(), expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, body))
        {
            Fail(DtlsEnd.BadHandshake, DecryptError);
            return;
        }

        Record(HandshakeType.Finished, checked((ushort)(_reassembly.Next - 1)), body);
        if (IsClient)
        {
            _flight.Clear();
        }
        else
        {
            // Kept to the end: the client may not have got it (RFC 6347 §4.2.4).
            _flight.Clear();
            SayFinished();
        }

        State = DtlsState.Connected;
        _deadline = _giveUpAt = long.MaxValue;
    }

    private void SayFinished()
    {
        var verify = new byte[TlsPrf.VerifyLength];
        TlsPrf.Derive(_master, IsClient ? "client finished"u8 : "server finished"u8, _transcript.GetCurrentHash(), verify);
        _flight.Add(DtlsContent.ChangeCipherSpec, 0, default, 0, [1]);
        Say(HandshakeType.Finished, verify, epoch: 1);
    }

    private void Say(HandshakeType type, byte[] body, ushort epoch = 0)
    {
        var sequence = _nextMessage;
        _nextMessage = checked((ushort)(_nextMessage + 1));
        Record(type, sequence, body);
        _flight.Add(DtlsContent.Handshake, epoch, type, sequence, body);
    }

    // RFC 6347 §4.2.6: as if it had not been cut.
    private void Record(HandshakeType type, ushort sequence, ReadOnlySpan<byte> body)
    {
        Span<byte> header = stackalloc byte[HandshakeHeader.Size];
        new HandshakeHeader(type, body.Length, sequence, 0, body.Length).Write(header);
        _transcript.AppendData(header);
        _transcript.AppendData(body);
    }

    private void WritePoint(Span<byte> destination)
    {
        var q = _agreement!.PublicKey.ExportParameters().Q;
        // RFC 8422 §5.4.1: uncompressed.
        destination[0] = 4;
        q.X.CopyTo(destination[1..]);
        q.Y.CopyTo(destination[33..]);
    }

    private byte[] HashOfKeyExchange(ReadOnlySpan<byte> parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(IsClient ? _ownRandom : _peerRandom);
        hash.AppendData(IsClient ? _peerRandom : _ownRandom);
        hash.AppendData(parameters);
        return hash.GetHashAndReset();
    }

    private bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        try
        {
            return _peerKey!.VerifyHash(hash, signature, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private bool MakeKeys(ReadOnlySpan<byte> point)
    {
        byte[] shared;
        try
        {
            if (point.Length != PointLength || point[0] != 4)
                throw new CryptographicException();
            var parameters = new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33].ToArray(), Y = point[33..].ToArray() } };
            // The platform refuses what does not lie on the curve.
            using var theirs = ECDiffieHellman.Create(parameters);
            using var publicKey = theirs.PublicKey;
            shared = _agreement!.DeriveRawSecretAgreement(publicKey);
        }
        catch (CryptographicException)
        {
            Fail(DtlsEnd.BadHandshake, DecryptError);
            return false;
        }

        // RFC 7627 §4: bound to everything that was said, so that no third end can stand between two sessions.
        TlsPrf.Derive(shared, "extended master secret"u8, _transcript.GetCurrentHash(), _master);
        CryptographicOperations.ZeroMemory(shared);
        Span<byte> seed = stackalloc byte[64];
        (IsClient ? _peerRandom : _ownRandom).CopyTo(seed);
        (IsClient ? _ownRandom : _peerRandom).CopyTo(seed[32..]);
        Span<byte> block = stackalloc byte[2 * (DtlsCipher.KeyLength + DtlsCipher.SaltLength)];
        TlsPrf.Derive(_master, "key expansion"u8, seed, block);
        // RFC 5246 §6.3: keys of client and server, then the nonces' fixed parts.
        var client = new DtlsCipher(block[..16], block[32..36]);
        var server = new DtlsCipher(block[16..32], block[36..40]);
        (_write, _read) = IsClient ? (client, server) : (server, client);
        CryptographicOperations.ZeroMemory(block);
        _agreement!.Dispose();
        _agreement = null;
        return true;
    }
}
