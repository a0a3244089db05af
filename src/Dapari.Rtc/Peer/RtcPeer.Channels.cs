using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Sctp;

namespace Dapari.Rtc.Peer;

/// <summary>Channels (RFC 8831) and their opening (RFC 8832).</summary>
public sealed partial class RtcPeer
{
    /// <summary>Channels at a time.</summary>
    public const int MaxChannels = 256;

    private readonly Dictionary<ushort, RtcChannel> _channels = [];
    private readonly List<RtcChannel> _unopened = [];
    private readonly List<RtcChannel> _high = [];
    private readonly List<RtcChannel> _ending = [];
    private SctpMessage _waiting;
    private bool _hasWaiting;

    /// <summary>Opens a channel, as soon as there is a connection; <see cref="RtcEventKind.ChannelOpened"/> tells when messages may go.</summary>
    /// <returns>The channel; closed from the start when there are too many, or the peer is over.</returns>
    /// <exception cref="ArgumentException">A name is longer than 1,024 bytes.</exception>
    public RtcChannel OpenChannel(string label, string protocol, ChannelReliability reliability, bool ordered)
    {
        var opening = new OpenMessage(label, protocol, reliability, ordered);
        _ = opening.ToArray();
        var channel = new RtcChannel(opening, isOurs: true);
        if (End != RtcEnd.None || _channels.Count + _unopened.Count >= MaxChannels)
        {
            channel.State = ChannelState.Closed;
            return channel;
        }

        _unopened.Add(channel);
        OpenWaiting();
        return channel;
    }

    /// <summary>Closes a channel: what was sent still arrives, then <see cref="RtcEventKind.ChannelClosed"/> is told at both ends.</summary>
    public void CloseChannel(RtcChannel channel, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(channel);
        _now = nowUs;
        switch (channel.State)
        {
            case ChannelState.Waiting:
                _unopened.Remove(channel);
                Closed(channel);
                break;
            case ChannelState.Open:
                channel.State = ChannelState.Closing;
                _sctp.ResetStream((ushort)channel.Id, nowUs);
                break;
        }
    }

    /// <summary>Takes a message to be sent; its bytes are copied.</summary>
    /// <param name="channel">An open channel of this peer.</param>
    /// <param name="message">May be empty.</param>
    /// <param name="text">Whether it is UTF-8 text, and not bytes.</param>
    /// <param name="nowUs">The time.</param>
    public SendResult Send(RtcChannel channel, ReadOnlySpan<byte> message, bool text, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(channel);
        _now = nowUs;
        if (channel.State != ChannelState.Open || End != RtcEnd.None)
            return SendResult.NotOpen;
        if (message.Length > _options.Sctp.MaxMessage || (_remote!.MaxMessageSize > 0 && message.Length > _remote.MaxMessageSize))
            return SendResult.TooLong;
        var protocol = (text, message.IsEmpty) switch
        {
            (true, false) => PayloadProtocol.Text,
            (false, false) => PayloadProtocol.Binary,
            (true, true) => PayloadProtocol.EmptyText,
            _ => PayloadProtocol.EmptyBinary,
        };
        // RFC 8832 §6: until the opening is answered nothing may overtake it.
        var delivery = channel.Acknowledged ? channel.Delivery : channel.Delivery with { Unordered = false };
        var result = _sctp.Send((ushort)channel.Id, protocol, message.IsEmpty ? [0] : message, delivery, nowUs);
        if (result == SctpSend.Full)
            channel.WasRefused = true;
        if (!channel.IsHigh && (channel.WasRefused || _sctp.BufferedOf((ushort)channel.Id) > channel.LowThreshold))
        {
            channel.IsHigh = true;
            _high.Add(channel);
        }

        return result switch
        {
            SctpSend.Accepted => SendResult.Accepted,
            SctpSend.Full => SendResult.Full,
            SctpSend.BadLength => SendResult.TooLong,
            _ => SendResult.NotOpen,
        };
    }

    /// <summary>Bytes of the channel that were accepted and are not acknowledged.</summary>
    public long BufferedBytes(RtcChannel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return channel.Id < 0 ? 0 : _sctp.BufferedOf((ushort)channel.Id);
    }

    /// <summary>The next message of any channel, in the order in which they became whole. What is not taken holds the other end's sending back.</summary>
    /// <param name="channel">Which channel.</param>
    /// <param name="text">Whether its sender says that it is UTF-8 text; nobody has checked.</param>
    /// <param name="into">Gets the bytes.</param>
    public bool TryReceive([NotNullWhen(true)] out RtcChannel? channel, out bool text, IBufferWriter<byte> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (!TryTakeMessage(out channel, out text, out var message))
            return false;
        using (message)
            into.Write(message.Data.Span);
        return true;
    }

    /// <summary>The same without a copy: <paramref name="message"/> is to be disposed.</summary>
    internal bool TryTakeMessage([NotNullWhen(true)] out RtcChannel? channel, out bool text, out SctpMessage message)
    {
        while (_hasWaiting)
        {
            (message, _hasWaiting) = (_waiting, false);
            channel = _channels.GetValueOrDefault(message.Stream);
            Pump(tell: false);
            if (channel is null)
            {
                message.Dispose();
                continue;
            }

            text = message.Protocol is PayloadProtocol.Text or PayloadProtocol.EmptyText;
            if (message.Protocol is PayloadProtocol.EmptyText or PayloadProtocol.EmptyBinary)
                message = message.AsEmpty();
            return true;
        }

        (channel, text, message) = (null, false, default);
        return false;
    }

    /// <summary>All that follows from what the association did.</summary>
    private void Pump(bool tell = true)
    {
        while (_sctp.TryTake(out var told))
            Handle(told);
        while (!_hasWaiting && _sctp.TryReceive(out var message))
        {
            switch (message.Protocol)
            {
                case PayloadProtocol.Control:
                    Control(message.Stream, message.Data.Span);
                    message.Dispose();
                    break;
                case PayloadProtocol.Text or PayloadProtocol.Binary or PayloadProtocol.EmptyText or PayloadProtocol.EmptyBinary when _channels.ContainsKey(message.Stream):
                    (_waiting, _hasWaiting) = (message, true);
                    if (tell)
                        _events.Enqueue(new RtcEvent(RtcEventKind.MessageWaiting));
                    break;
                default:
                    message.Dispose();
                    break;
            }
        }

        for (var i = _ending.Count - 1; i >= 0; i--)
        {
            var channel = _ending[i];
            if (channel.OutgoingReset && _sctp.Taken - (_hasWaiting ? 1 : 0) >= channel.EndsAt)
            {
                _ending.RemoveAt(i);
                _channels.Remove((ushort)channel.Id);
                Closed(channel);
            }
        }

        for (var i = _high.Count - 1; i >= 0; i--)
        {
            var channel = _high[i];
            if (channel.State == ChannelState.Open && (channel.WasRefused ? _sctp.Buffered > _options.Sctp.SendBuffer / 2 : _sctp.BufferedOf((ushort)channel.Id) > channel.LowThreshold))
                continue;
            _high.RemoveAt(i);
            (channel.IsHigh, channel.WasRefused) = (false, false);
            if (channel.State == ChannelState.Open)
                _events.Enqueue(new RtcEvent(RtcEventKind.BufferedLow, channel));
        }
    }

    private void Handle(SctpEvent told)
    {
        switch (told)
        {
            case SctpEvent.Connected:
                _isConnected = true;
                _events.Enqueue(new RtcEvent(RtcEventKind.Connected));
                OpenWaiting();
                break;
            case SctpEvent.IncomingReset { Stream: var stream } when _channels.TryGetValue(stream, out var channel):
                // What came before is still to be read.
                if (channel.EndsAt == long.MaxValue)
                    _ending.Add(channel);
                channel.EndsAt = Math.Min(channel.EndsAt, _sctp.Completed);
                if (channel.State == ChannelState.Open)
                {
                    // RFC 8831 §6.7: the other direction follows.
                    channel.State = ChannelState.Closing;
                    _sctp.ResetStream(stream, _now);
                }

                break;
            case SctpEvent.OutgoingReset { Stream: var stream } when _channels.TryGetValue(stream, out var channel):
                channel.OutgoingReset = true;
                break;
            case SctpEvent.Ended { Why: var why }:
                Finish(why switch
                {
                    SctpEnd.ShutDown or SctpEnd.Aborted => RtcEnd.ClosedByPeer,
                    SctpEnd.TimedOut => RtcEnd.TimedOut,
                    SctpEnd.ProtocolViolation => RtcEnd.ProtocolViolation,
                    _ => RtcEnd.Closed,
                });
                break;
        }
    }

    private void OpenWaiting()
    {
        if (!IsConnected)
            return;
        foreach (var channel in _unopened)
        {
            if (FreeStream() is not { } stream)
            {
                Closed(channel);
                continue;
            }

            (channel.Id, channel.State) = (stream, ChannelState.Open);
            _channels.Add(stream, channel);
            _sctp.Send(stream, PayloadProtocol.Control, channel.Opening.ToArray(), default, _now);
            _events.Enqueue(new RtcEvent(RtcEventKind.ChannelOpened, channel));
        }

        _unopened.Clear();
    }

    // RFC 8832 §6: the DTLS client has the even ones, the server the odd ones.
    private ushort? FreeStream()
    {
        for (var stream = _dtls!.Role == DtlsRole.Client ? 0 : 1; stream < _sctp.OutgoingStreams; stream += 2)
        {
            if (!_channels.ContainsKey((ushort)stream))
                return (ushort)stream;
        }

        return null;
    }

    private void Control(ushort stream, ReadOnlySpan<byte> bytes)
    {
        if (_channels.TryGetValue(stream, out var known))
        {
            if (bytes is [AckMessage.Type])
                known.Acknowledged = true;
            return;
        }

        // RFC 8832 §6: an opening that is malformed, or comes by a stream of our own parity, is refused by a reset.
        if (!OpenMessage.TryRead(bytes, out var opening) || _channels.Count >= MaxChannels || (stream % 2 == 0) == (_dtls!.Role == DtlsRole.Client))
        {
            _sctp.ResetStream(stream, _now);
            return;
        }

        var channel = new RtcChannel(opening, isOurs: false) { Id = stream, State = ChannelState.Open };
        _channels.Add(stream, channel);
        _sctp.Send(stream, PayloadProtocol.Control, [AckMessage.Type], default, _now);
        _events.Enqueue(new RtcEvent(RtcEventKind.ChannelOpened, channel));
    }

    private void CloseChannels()
    {
        foreach (var channel in _channels.Values.Concat(_unopened))
            Closed(channel);
        // What came before the end may still be read, and needs its channel.
        _unopened.Clear();
        _ending.Clear();
        _high.Clear();
    }

    private void Closed(RtcChannel channel)
    {
        if (channel.State == ChannelState.Closed)
            return;
        channel.State = ChannelState.Closed;
        _events.Enqueue(new RtcEvent(RtcEventKind.ChannelClosed, channel));
    }
}
