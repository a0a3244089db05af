using System.Threading.Channels;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sockets.Peers;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>Keeps what a driven peer tells, for a test to wait for.</summary>
internal sealed class Listener : IRtcListener
{
    public List<IceCandidate> Candidates { get; } = [];

    public TaskCompletionSource Gathered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<RtcChannel> Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Channel<byte[]> Messages { get; } = Channel.CreateUnbounded<byte[]>();

    /// <summary>What to do with a candidate that is told by a name.</summary>
    public Action<IceCandidate>? Resolve { get; set; }

    public SelectedPair? Selected { get; private set; }

    public void Happened(RtcPeer peer, in RtcEvent told, long nowUs)
    {
        switch (told.Kind)
        {
            case RtcEventKind.CandidateFound:
                Candidates.Add(told.Candidate!);
                break;
            case RtcEventKind.NameToResolve:
                Resolve?.Invoke(told.Candidate!);
                break;
            case RtcEventKind.GatheringDone:
                Gathered.TrySetResult();
                break;
            case RtcEventKind.PairSelected:
                Selected = told.Pair;
                break;
            case RtcEventKind.ChannelOpened:
                Opened.TrySetResult(told.Channel!);
                break;
        }
    }

    public void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs) => Messages.Writer.TryWrite(message.ToArray());

    public void Failed(Exception fault)
    {
        Opened.TrySetException(fault);
        Messages.Writer.TryComplete(fault);
    }
}
