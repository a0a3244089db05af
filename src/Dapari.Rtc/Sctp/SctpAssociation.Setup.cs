using System.Buffers.Binary;
using System.Security.Cryptography;
using Dapari.Rtc.Sctp.Chunks;

namespace Dapari.Rtc.Sctp;

/// <summary>Beginning and end: INIT, cookie, heartbeats, shutdown, abort.</summary>
public sealed partial class SctpAssociation
{
    // Cookie: peer's tag, window, streams, initial TSN, whether it forwards (1) and interleaves (2), the largest packet that it takes; and a tag of 32 bytes over it.
    private const int CookieBody = 4 + 4 + 2 + 4 + 1 + 4;

    private readonly byte[] _cookieKey;
    private uint _peerTag;
    private long _peerWindow;
    private ushort _peerStreams;
    private bool _peerForwards;
    private bool _interleaves;
    private int _peerLargest = OverEthernet;
    private long _heardAt;

    /// <summary>Ends in peace: what was given is sent first, then both ends know that it is over.</summary>
    public void Shutdown(long now)
    {
        if (State is SctpState.Established)
        {
            State = SctpState.ShutdownPending;
            ShutDownIfDone(now);
        }
        else if (State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed)
        {
            Abort(SctpEnd.Closed);
        }
    }

    /// <summary>Breaks it off; what was not acknowledged is lost.</summary>
    public void Close() => Abort(SctpEnd.Closed);

    private bool TakeInit(in SctpChunk chunk, long now)
    {
        if (State is not (SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed))
            return false;
        if (!InitChunk.TryRead(chunk, out var init))
            return false;
        Span<byte> cookie = stackalloc byte[CookieBody + 32];
        BinaryPrimitives.WriteUInt32BigEndian(cookie, init.Tag);
        BinaryPrimitives.WriteUInt32BigEndian(cookie[4..], init.ReceiveWindow);
        BinaryPrimitives.WriteUInt16BigEndian(cookie[8..], Math.Min(init.InboundStreams, _options.Streams));
        BinaryPrimitives.WriteUInt32BigEndian(cookie[10..], init.InitialTsn);
        cookie[14] = (byte)((KnowsForward(init) ? 1 : 0) | (Interleaves(init) ? 2 : 0));
        BinaryPrimitives.WriteInt32BigEndian(cookie[15..], LargestTaken(init));
        HMACSHA256.HashData(_cookieKey, cookie[..CookieBody], cookie[CookieBody..]);
        var bytes = new byte[SctpChunk.HeaderLength + 80 + cookie.Length];
        // RFC 9260 §5.2.1: of two that connect at once each answers with the tag and TSN of its own INIT.
        var length = InitChunk.Write(bytes, SctpChunkType.InitAck, _tag, (uint)_options.ReceiveBuffer, _options.Streams, _initialTsn, _options.Interleaving, _options.LargestTaken, cookie);
        if (_peerTag == 0)
            _peerTag = init.Tag;
        if (_peerTag == init.Tag && _control.Count < 64)
            _control.Enqueue(bytes[..length]);
        _ = now;
        return false;
    }

    private bool TakeInitAck(in SctpChunk chunk, long now)
    {
        if (State is not SctpState.CookieWait)
            return true;
        if (!InitChunk.TryRead(chunk, out var init) || !init.Parameters.TryFind(InitChunk.StateCookie, out var cookie) || cookie.Length > _options.MaxPacket - 64)
        {
            Violated();
            return false;
        }

        Know(init.Tag, init.ReceiveWindow, Math.Min(init.InboundStreams, _options.Streams), init.InitialTsn, KnowsForward(init), Interleaves(init), LargestTaken(init));
        State = SctpState.CookieEchoed;
        var bytes = new byte[SctpPacket.Padded(SctpChunk.HeaderLength + cookie.Length)];
        PlainChunk.Write(bytes, SctpChunkType.CookieEcho, cookie);
        Setup(bytes, now);
        return true;
    }

    private bool TakeCookie(in SctpChunk chunk, long now)
    {
        var cookie = chunk.Value;
        Span<byte> expected = stackalloc byte[32];
        if (cookie.Length != CookieBody + 32)
            return false;
        HMACSHA256.HashData(_cookieKey, cookie[..CookieBody], expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, cookie[CookieBody..]))
            return false;
        var tag = BinaryPrimitives.ReadUInt32BigEndian(cookie);
        if (State is SctpState.Closed or SctpState.CookieWait or SctpState.CookieEchoed)
        {
            if (State is not SctpState.CookieEchoed || _received is null || tag != _peerTag)
                Know(tag, BinaryPrimitives.ReadUInt32BigEndian(cookie[4..]), BinaryPrimitives.ReadUInt16BigEndian(cookie[8..]), BinaryPrimitives.ReadUInt32BigEndian(cookie[10..]), (cookie[14] & 1) != 0, (cookie[14] & 2) != 0, BinaryPrimitives.ReadInt32BigEndian(cookie[15..]));
            Establish(now);
        }
        else if (tag != _peerTag)
        {
            return false;
        }

        // In front of everything else, and again when it was lost.
        Answer(SctpChunkType.CookieAck, []);
        return true;
    }

    private void Know(uint tag, uint window, ushort streams, uint initialTsn, bool forwards, bool interleaves, int largestTaken)
    {
        (_peerTag, _peerWindow, _peerStreams, _peerForwards, _interleaves, _peerLargest) = (tag, window, streams, forwards, interleaves, largestTaken);
        _reassembly.Interleaves = interleaves;
        _received = new ReceivedTsns(unchecked(initialTsn - 1));
        _peerReset = unchecked(initialTsn - 1);
    }

    private static int LargestTaken(in InitChunk init) => init.Parameters.TryFind(InitChunk.LargestTaken, out var value) && value.Length == 4
        ? (int)Math.Clamp(BinaryPrimitives.ReadUInt32BigEndian(value), SmallestLargest, SctpOptions.LargestPacket) & ~3
        : OverEthernet;

    private bool Interleaves(in InitChunk init) => _options.Interleaving && init.Supports(SctpChunkType.IData);

    private static bool KnowsForward(in InitChunk init) => init.Parameters.TryFind(InitChunk.ForwardTsnSupported, out _);

    private void Establish(long now)
    {
        if (State is SctpState.Established)
            return;
        State = SctpState.Established;
        (_deadlineSetup, _setup, _setupTries) = (long.MaxValue, null, 0);
        _heardAt = now;
        _deadlineHeartbeat = now + _options.HeartbeatEvery;
        Search(now);
        _events.Enqueue(new SctpEvent.Connected());
    }

    private void Setup(byte[] chunk, long now)
    {
        (_setup, _setupTries) = (chunk, 0);
        _control.Enqueue(chunk);
        _deadlineSetup = now + _options.InitialRto;
    }

    private void SetupTimedOut(long now)
    {
        if (_setup is null)
        {
            _deadlineSetup = long.MaxValue;
            return;
        }

        if (++_setupTries > _options.MaxRetransmits)
        {
            // RFC 9260 §9.2: by then each end has all of the other's; only the last word, which the other may have said before it left, is missing.
            End(State is SctpState.ShutdownAckSent ? SctpEnd.ShutDown : SctpEnd.TimedOut);
            return;
        }

        _control.Enqueue(_setup);
        _deadlineSetup = now + Math.Min(_options.InitialRto << Math.Min(_setupTries, 8), _options.MaxRto);
    }

    private void Arrived(long now)
    {
        _heardAt = now;
        if (State is SctpState.Established)
            _deadlineHeartbeat = now + _options.HeartbeatEvery;
    }

    // RFC 9260 §8.3.
    private void Heartbeat(long now)
    {
        if (State is not SctpState.Established)
        {
            _deadlineHeartbeat = long.MaxValue;
            return;
        }

        if (now - _heardAt > _options.HeartbeatEvery * 3)
        {
            End(SctpEnd.TimedOut);
            return;
        }

        Span<byte> info = stackalloc byte[12];
        SctpParameters.Write(info, PlainChunk.HeartbeatInfo, info[4..]);
        BinaryPrimitives.WriteInt64BigEndian(info[4..], now);
        Answer(SctpChunkType.Heartbeat, info);
        _deadlineHeartbeat = now + Math.Min(_options.HeartbeatEvery, 5_000_000);
    }

    private bool TakeShutdown(in SctpChunk chunk, long now)
    {
        switch (chunk.Type)
        {
            case SctpChunkType.Shutdown when chunk.Value.Length == 4 && State is SctpState.Established or SctpState.ShutdownPending or SctpState.ShutdownSent or SctpState.ShutdownReceived:
                Acknowledge(BinaryPrimitives.ReadUInt32BigEndian(chunk.Value), now);
                if (State is SctpState.ShutdownSent)
                    AcknowledgeShutdown(now);
                else
                    State = SctpState.ShutdownReceived;
                break;
            case SctpChunkType.Shutdown when State is SctpState.ShutdownAckSent:
                AcknowledgeShutdown(now);
                break;
            case SctpChunkType.ShutdownAck when State is SctpState.ShutdownSent or SctpState.ShutdownAckSent:
                Answer(SctpChunkType.ShutdownComplete, []);
                End(SctpEnd.ShutDown);
                return false;
            case SctpChunkType.ShutdownComplete when State is SctpState.ShutdownAckSent:
                End(SctpEnd.ShutDown);
                return false;
        }

        return true;
    }

    // RFC 9260 §9.2: when all is acknowledged.
    private void ShutDownIfDone(long now)
    {
        if (State is not (SctpState.ShutdownPending or SctpState.ShutdownReceived) || Buffered > 0 || _pieces.Count > 0)
            return;
        if (State is SctpState.ShutdownReceived)
        {
            AcknowledgeShutdown(now);
            return;
        }

        State = SctpState.ShutdownSent;
        var bytes = new byte[8];
        Span<byte> cumulative = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(cumulative, _received!.Cumulative);
        PlainChunk.Write(bytes, SctpChunkType.Shutdown, cumulative);
        Setup(bytes, now);
    }

    private void AcknowledgeShutdown(long now)
    {
        State = SctpState.ShutdownAckSent;
        var bytes = new byte[4];
        PlainChunk.Write(bytes, SctpChunkType.ShutdownAck, []);
        Setup(bytes, now);
    }
}
