using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Peer;

namespace Dapari.Rtc.Sockets.Peers;

/// <summary>Messages from other threads: each channel's in their order, and no more of them than have room to wait.</summary>
public sealed partial class RtcDriver
{
    private readonly Dictionary<RtcChannel, Queue<Waiting>> _waiting = [];
    private readonly List<RtcChannel> _emptied = [];

    private readonly record struct Waiting(ReadOnlyMemory<byte> Message, bool Text, TaskCompletionSource<SendResult> Done);

    /// <summary>
    /// Sends a message and completes when the peer has taken it: that is how a sender is slowed down to what the path carries. Several may be under way; more
    /// than <see cref="RtcDriverOptions.WaitingMessages"/> in one channel are refused as <see cref="SendResult.Full"/>. Any thread.
    /// </summary>
    /// <param name="channel">A channel of this peer.</param>
    /// <param name="message">Left alone until this completes.</param>
    /// <param name="text">Whether it is UTF-8 text.</param>
    /// <returns><see cref="SendResult.NotOpen"/> also when the channel or the driver ends before.</returns>
    public Task<SendResult> SendAsync(RtcChannel channel, ReadOnlyMemory<byte> message, bool text)
    {
        ArgumentNullException.ThrowIfNull(channel);
        var done = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        Do((peer, now) => Send(peer, channel, new Waiting(message, text, done), now));
        if (_over) // Perhaps nobody carries it out any more.
            done.TrySetResult(SendResult.NotOpen);
        return done.Task;
    }

    private void Send(RtcPeer peer, RtcChannel channel, in Waiting message, long now)
    {
        if (_waiting.TryGetValue(channel, out var before))
        {
            if (before.Count < _options.WaitingMessages)
                before.Enqueue(message);
            else
                message.Done.TrySetResult(SendResult.Full);
            return;
        }

        var result = peer.Send(channel, message.Message.Span, message.Text, now);
        if (result != SendResult.Full)
        {
            message.Done.TrySetResult(result);
            return;
        }

        var queue = new Queue<Waiting>();
        queue.Enqueue(message);
        _waiting.Add(channel, queue);
    }

    private bool SendWaiting()
    {
        if (_waiting.Count == 0)
            return false;
        var moved = false;
        foreach (var (channel, queue) in _waiting)
        {
            while (queue.TryPeek(out var next))
            {
                var result = _peer.Send(channel, next.Message.Span, next.Text, NowUs);
                if (result == SendResult.Full)
                    break;
                moved = true;
                queue.Dequeue();
                next.Done.TrySetResult(result);
            }

            if (queue.Count == 0)
                _emptied.Add(channel);
        }

        foreach (var channel in _emptied)
            _waiting.Remove(channel);
        _emptied.Clear();
        return moved;
    }

    private void CancelWaiting(RtcChannel channel)
    {
        if (!_waiting.Remove(channel, out var queue))
            return;
        foreach (var message in queue)
            message.Done.TrySetResult(SendResult.NotOpen);
    }

    private void CancelWaiting()
    {
        foreach (var queue in _waiting.Values)
        {
            foreach (var message in queue)
                message.Done.TrySetResult(SendResult.NotOpen);
        }

        _waiting.Clear();
        // What is still asked for is carried out on a peer that is over: senders are told so.
        while (_asked.TryDequeue(out var step))
            step(_peer, NowUs);
    }
}
