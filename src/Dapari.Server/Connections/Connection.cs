using System.Net.WebSockets;
using Dapari.Server.Limits;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>
/// One WebSocket: reads frames one after the other, answers through a bounded outbox, holds its deadlines.
/// Posts and acknowledgements do not wait for the disk here: up to <see cref="InFlightLimit"/> are on their way while more are read.
/// </summary>
/// <remarks>Reading belongs to <see cref="RunAsync"/>; <see cref="Send"/> may be called from any thread.</remarks>
internal sealed partial class Connection : IDisposable
{
    /// <summary>Posts and acknowledgements that wait for the disk on one connection; more stops reading.</summary>
    private const int InFlightLimit = 128;

    /// <summary>How long the other side may take to close after we said why.</summary>
    private static readonly TimeSpan CloseDeadline = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly JoiningStream _stream;
    private readonly Hub _hub;
    private readonly Outbox _outbox;
    private readonly Action _abort;

    /// <summary>The other side has gone, as the socket knows it: also while nothing is read, because a mailbox is being opened.</summary>
    private readonly CancellationToken _left;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _inFlight = new(InFlightLimit);
    private readonly CancellationTokenSource _gone = new();
    private readonly long _openedAt;
    private long _lastFrameAt;
    private long _sendingSince;
    private long _closingSince;
    private int _closing;
    private WebSocketCloseStatus _closeStatus = WebSocketCloseStatus.NormalClosure;

    public Connection(WebSocket socket, JoiningStream stream, string host, bool hasTls, AddressKey address, Hub hub, Action abort, CancellationToken left)
    {
        _socket = socket;
        _stream = stream;
        _hub = hub;
        _host = host;
        _hasTls = hasTls;
        _address = address;
        _abort = abort;
        _left = left;
        _outbox = new Outbox(hub.Options.SendQueueBytes, hub.Budget);
        _deliveries = new Deliveries(hub.Office, hub.Clock, hub.Options.WindowEnvelopes, hub.Options.WindowBytes, Send, hub.Logger);
        _openedAt = _lastFrameAt = Now;
        _challenge = hub.Random.Bytes(ProofMessage.ChallengeLength);
    }

    /// <summary>Where it comes from.</summary>
    public System.Net.IPAddress? RemoteAddress { get; init; }

    /// <summary>Completes when the connection has ended.</summary>
    public Task Ended => _ended.Task;

    private long Now => _hub.Clock.Time.GetTimestamp();

    private bool IsClosing => Volatile.Read(ref _closing) != 0;

    /// <summary>Serves the connection to its end. Never throws.</summary>
    public async Task RunAsync()
    {
        _hub.Add(this);
        var sending = SendAllAsync();
        try
        {
            await ReceiveAllAsync();
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            Broken(_hub.Logger, e);
        }
        finally
        {
            _deliveries.End();
            ReleaseAll();
            Close(WebSocketCloseStatus.NormalClosure);
            await sending;
            _hub.Remove(this);
            await _gone.CancelAsync();
            _outbox.Drain();
            _ended.TrySetResult();
        }
    }

    /// <summary>Queues a frame. A full queue ends the connection: a reader so slow fetches the rest when it is back.</summary>
    public void Send(ServerFrame frame)
    {
        _hub.Meters.CountSent(frame);
        if (!IsClosing && !_outbox.TryAdd(FrameCodec.Write(frame)) && !IsClosing)
        {
            _hub.Meters.Slow.Add();
            SlowReader(_hub.Logger);
            Abort();
        }
    }

    /// <summary>Says that the server goes away, and closes.</summary>
    public void GoAway(uint comeBackAfterMs)
    {
        Send(new ServerFrame { GoingAway = new GoingAway { ComeBackAfterMs = comeBackAfterMs } });
        Close(WebSocketCloseStatus.EndpointUnavailable);
    }

    /// <summary>Another connection proved ownership of a mailbox.</summary>
    public void Taken(OwnerSlot slot) => Send(new ServerFrame { MailboxTaken = new MailboxTaken { MailboxId = slot.IdBytes } });

    /// <summary>After <see cref="RunAsync"/>. The semaphore stays usable: writes on their way still give their turns back.</summary>
    public void Dispose() => _gone.Dispose();

    public void Abort()
    {
        Interlocked.Exchange(ref _closing, 1);
        _outbox.Complete();
        try
        {
            _abort();
        }
        catch (ObjectDisposedException)
        {
            // Its request ended by itself a moment ago.
        }
    }

    /// <summary>Once a second: ends what does not keep its deadlines.</summary>
    public void CheckDeadlines()
    {
        var now = Now;
        if (IsOver(ref _sendingSince, _hub.Options.SendDeadline, now) || IsOver(ref _closingSince, CloseDeadline, now))
        {
            Abort();
            return;
        }

        if (IsClosing)
            return;
        var time = _hub.Clock.Time;
        if (!_welcomed && time.GetElapsedTime(_openedAt, now) >= _hub.Options.HelloDeadline
            || time.GetElapsedTime(Volatile.Read(ref _lastFrameAt), now) >= _hub.Options.IdleDeadline)
            Close(WebSocketCloseStatus.PolicyViolation);
        else
            _deliveries.Pump();
    }

    private bool IsOver(ref long since, TimeSpan deadline, long now) =>
        Volatile.Read(ref since) is not 0 and var start && _hub.Clock.Time.GetElapsedTime(start, now) >= deadline;

    /// <summary>Lets what is queued go out, then closes. Frames that still come are ignored.</summary>
    private void Close(WebSocketCloseStatus status)
    {
        if (Interlocked.Exchange(ref _closing, 1) != 0)
            return;
        _closeStatus = status;
        Volatile.Write(ref _closingSince, Now);
        _outbox.Complete();
    }

    private void RefuseAndClose(ulong request, Refusal refusal, WebSocketCloseStatus status)
    {
        Refuse(request, refusal);
        Close(status);
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (await _outbox.WaitAsync())
            {
                while (_outbox.TryTake(out var frame, out var more))
                {
                    _stream.IsMoreComing = more;
                    Volatile.Write(ref _sendingSince, Now);
                    await _socket.SendAsync(frame, WebSocketMessageType.Binary, WebSocketMessageFlags.EndOfMessage | WebSocketMessageFlags.DisableCompression,
                        CancellationToken.None);
                    Volatile.Write(ref _sendingSince, 0);
                    _outbox.Sent(frame);
                }
            }

            await _socket.CloseOutputAsync(_closeStatus, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            Broken(_hub.Logger, e);
            Abort();
        }
    }

    private async Task ReceiveAllAsync()
    {
        using var buffer = new FrameBuffer();
        while (true)
        {
            // Ten thousand idle connections hold no buffers: the first read of a frame waits with none.
            var received = await _socket.ReceiveAsync(buffer.IsEmpty ? Memory<byte>.Empty : buffer.Free, CancellationToken.None);
            if (buffer.IsEmpty && received is { EndOfMessage: false, MessageType: not WebSocketMessageType.Close })
                received = await _socket.ReceiveAsync(buffer.Free, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
                return;
            if (IsClosing) // Only the close is waited for.
                continue;
            if (received.MessageType != WebSocketMessageType.Binary)
            {
                RefuseAndClose(0, Refusal.Malformed, WebSocketCloseStatus.InvalidMessageType);
                continue;
            }

            if (!buffer.TryAdvance(received.Count, received.EndOfMessage))
            {
                RefuseAndClose(0, Refusal.TooLarge, WebSocketCloseStatus.MessageTooBig);
                continue;
            }

            if (!received.EndOfMessage)
                continue;
            Volatile.Write(ref _lastFrameAt, Now);
            if (!FrameCodec.TryRead(buffer.Frame, out ClientFrame? frame, out _))
                RefuseAndClose(0, Refusal.Malformed, WebSocketCloseStatus.ProtocolError);
            else
                await HandleAsync(frame);
            buffer.Clear();
        }
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Debug, Message = "A connection broke.")]
    private static partial void Broken(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1202, Level = LogLevel.Debug, Message = "A connection read too slowly and was closed.")]
    private static partial void SlowReader(ILogger logger);
}
