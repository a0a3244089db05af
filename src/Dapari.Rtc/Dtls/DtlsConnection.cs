using System.Security.Cryptography;
using Dapari.Rtc.Dtls.Messages;

namespace Dapari.Rtc.Dtls;

/// <summary>
/// One end of DTLS 1.2 (RFC 6347) as WebRTC has it: datagrams and time in; datagrams, data and the next deadline out. Both ends show a certificate, and its
/// fingerprint must be the one that was told. One owner; not thread-safe. Times are monotonic microseconds.
/// </summary>
/// <remarks>
/// <code>
/// client                                                   server
///  1  ClientHello                                     →
///  2                    ←  ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
///  3  Certificate, ClientKeyExchange, CertificateVerify, [ChangeCipherSpec], Finished  →
///  4                                                  ←  [ChangeCipherSpec], Finished
/// </code>
/// One cipher suite, one curve, one signature (those that RFC 8827 §6.5 demands of every end), extended master secret (RFC 7627) always; no resumption and no
/// renegotiation. The server asks for no cookie (RFC 6347 §4.2.1): its owner hands over only what came by a path that an ICE check has proved, so that it
/// answers nobody's forged address. The secrets come from the platform's generator, not from <see cref="Entropy"/>: that gives the two hello's randoms, which are public.
/// </remarks>
internal sealed partial class DtlsConnection : IDisposable
{
    private readonly DtlsOptions _options;
    private readonly Entropy _entropy;
    private readonly HandshakeReassembly _reassembly = new();
    private readonly DtlsFlight _flight = new();
    private readonly ReplayWindow _replay = new();
    private readonly IncrementalHash _transcript = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private DtlsCipher? _write;
    private DtlsCipher? _read;
    private ulong _plainSequence;
    private (byte Level, byte Description)? _alert;
    private long _deadline = long.MaxValue;
    private long _giveUpAt = long.MaxValue;
    private long _timeout;
    private long _answeredAt = long.MinValue;

    public DtlsConnection(DtlsOptions options, Entropy entropy)
    {
        _options = options;
        _entropy = entropy;
        _timeout = options.InitialTimeout;
        entropy.Fill(_ownRandom);
    }

    public DtlsState State { get; private set; }

    public DtlsEnd End { get; private set; }

    public DtlsRole Role => _options.Role;

    /// <summary>When <see cref="Advance"/> is wanted; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadline => State is DtlsState.Ended ? long.MaxValue : _deadline;

    /// <summary>Records that were malformed, repeated, or not authentic.</summary>
    public long Refused { get; private set; }

    /// <summary>The way to the other end works: the client begins, the server waits.</summary>
    public void Start(long now)
    {
        if (State is not DtlsState.Idle)
            return;
        State = DtlsState.Handshaking;
        _giveUpAt = _deadline = now + _options.GiveUpAfter;
        if (_options.Role == DtlsRole.Client)
        {
            SayHello([]);
            Turn(now);
        }
    }

    public void Advance(long now)
    {
        if (_deadline > now || State is DtlsState.Ended)
            return;
        if (now >= _giveUpAt)
        {
            Finish(DtlsEnd.TimedOut);
            return;
        }

        _timeout = Math.Min(_timeout * 2, _options.MaxTimeout);
        Sent(now);
    }

    /// <summary>The next datagram of the handshake, or an alert.</summary>
    public bool TryTakeDatagram(Span<byte> destination, out int length)
    {
        length = 0;
        destination = destination[..Math.Min(destination.Length, _options.MaxDatagram)];
        while (_flight.TryPeek(out var content, out var epoch, out var type))
        {
            var front = epoch == 0 ? DtlsRecord.HeaderLength : DtlsCipher.PlaintextOffset;
            var room = destination.Length - length - front - (epoch == 0 ? 0 : DtlsCipher.TagLength);
            var written = room <= 0 ? 0 : _flight.Write(destination.Slice(length + front, room));
            if (written == 0)
                break;
            if (epoch == 0)
            {
                var version = type == HandshakeType.ClientHello ? DtlsRecord.Version10 : DtlsRecord.Version12;
                DtlsRecord.WriteHeader(destination[length..], content, version, 0, _plainSequence++, written);
                length += front + written;
            }
            else
            {
                length += _write!.Seal(destination[length..], content, written);
            }
        }

        if (length == 0 && _alert is { } alert)
        {
            _alert = null;
            if (_write is not null)
            {
                (destination[DtlsCipher.PlaintextOffset], destination[DtlsCipher.PlaintextOffset + 1]) = alert;
                length = _write.Seal(destination, DtlsContent.Alert, 2);
            }
            else
            {
                DtlsRecord.WriteHeader(destination, DtlsContent.Alert, DtlsRecord.Version12, 0, _plainSequence++, 2);
                (destination[DtlsRecord.HeaderLength], destination[DtlsRecord.HeaderLength + 1]) = alert;
                length = DtlsRecord.HeaderLength + 2;
            }
        }

        return length > 0;
    }

    /// <summary>Protects data that lies in <paramref name="record"/> at <see cref="DtlsCipher.PlaintextOffset"/>, with room for a tag behind; returns the datagram's length, 0 when none may go.</summary>
    public int Seal(Span<byte> record, int length) => State is DtlsState.Connected ? _write!.Seal(record, DtlsContent.ApplicationData, length) : 0;

    /// <summary>
    /// Takes the next record of a datagram. False: nothing is left of it. A record that carries data leaves its plaintext in <paramref name="data"/>; all others leave length 0.
    /// </summary>
    public bool TryRead(ref ReadOnlySpan<byte> rest, Span<byte> data, out int length, long now)
    {
        length = 0;
        if (rest.IsEmpty || State is DtlsState.Ended)
            return false;
        if (!DtlsRecord.TryRead(ref rest, out var record))
        {
            Refused++;
            return false;
        }

        switch (record.Epoch)
        {
            case 0:
                TakePlain(record, now);
                return true;
            case 1 when record.Version == DtlsRecord.Version12 && _read is not null && _replay.IsFresh(record.Sequence) && _read.TryOpen(record, data, out var opened):
                _replay.Take(record.Sequence);
                length = TakeOpened(record.Content, data[..opened], now);
                return true;
            default:
                // Not authentic, repeated, or before its time: dropped without a word (RFC 6347 §4.1.2.7).
                Refused++;
                return true;
        }
    }

    /// <summary>Tells the other end that it is over.</summary>
    public void Close()
    {
        if (State is DtlsState.Connected)
            _alert = (1, 0);
        Finish(DtlsEnd.Closed);
    }

    public void Dispose()
    {
        _transcript.Dispose();
        _write?.Dispose();
        _read?.Dispose();
        _agreement?.Dispose();
        _peerKey?.Dispose();
        CryptographicOperations.ZeroMemory(_master);
    }

    private void TakePlain(in DtlsRecord record, long now)
    {
        // What is not protected counts in the handshake alone; alerts not even there, for anybody could end it with one.
        if (State is DtlsState.Handshaking && record.Content == DtlsContent.Handshake)
            TakeFragments(record.Fragment, encrypted: false, now);
        else if (State is DtlsState.Connected && record.Content == DtlsContent.Handshake)
            Repeated(now);
    }

    private int TakeOpened(DtlsContent content, ReadOnlySpan<byte> text, long now)
    {
        switch (content)
        {
            case DtlsContent.ApplicationData when State is DtlsState.Connected:
                return text.Length;
            case DtlsContent.Handshake when State is DtlsState.Handshaking:
                TakeFragments(text, encrypted: true, now);
                break;
            case DtlsContent.Handshake when State is DtlsState.Connected:
                Repeated(now);
                break;
            case DtlsContent.Alert when text.Length == 2:
                // RFC 5246 §7.2: 1 is a warning, and 0 says that it is over.
                if (text[1] == 0 || text[0] != 1)
                    Finish(text[1] == 0 ? DtlsEnd.ClosedByPeer : DtlsEnd.Alert);
                break;
            default:
                Refused++;
                break;
        }

        return 0;
    }

    private void TakeFragments(ReadOnlySpan<byte> bytes, bool encrypted, long now)
    {
        var repeated = false;
        // RFC 6347 §4.2.3: several messages may lie in one record.
        while (!bytes.IsEmpty)
        {
            if (!HandshakeHeader.TryRead(bytes, out var header))
            {
                Refused++;
                return;
            }

            var fragment = bytes.Slice(HandshakeHeader.Size, header.FragmentLength);
            bytes = bytes[(HandshakeHeader.Size + header.FragmentLength)..];
            // Finished is the first and only message under the new keys.
            if (header.Sequence < _reassembly.Next)
                repeated = true;
            else if ((header.Type == HandshakeType.Finished) != encrypted || !_reassembly.Add(header, fragment))
                Refused++;
        }

        while (State is DtlsState.Handshaking && _reassembly.TryTake(out var type, out var body))
            Handle(type, body, now);
        if (repeated)
            Repeated(now);
    }

    // RFC 6347 §4.2.4: the other end sends its flight again, so that ours was lost; ours goes again, once for each of its own.
    private void Repeated(long now)
    {
        if (_flight.IsEmpty || _flight.IsPending || now - _answeredAt < _options.InitialTimeout / 2)
            return;
        _answeredAt = now;
        _flight.Rewind();
    }

    // A turn of this end's own: the first time at once, later ones by the timer.
    private void Turn(long now)
    {
        _timeout = _options.InitialTimeout;
        Sent(now);
    }

    private void Sent(long now)
    {
        _flight.Rewind();
        _answeredAt = now;
        _deadline = _flight.IsEmpty ? _giveUpAt : Math.Min(now + _timeout, _giveUpAt);
    }

    private void Fail(DtlsEnd why, byte description)
    {
        _alert = (2, description);
        Finish(why);
    }

    private void Finish(DtlsEnd why)
    {
        if (State is DtlsState.Ended)
            return;
        State = DtlsState.Ended;
        End = why;
        _flight.Clear();
        _deadline = long.MaxValue;
    }
}
