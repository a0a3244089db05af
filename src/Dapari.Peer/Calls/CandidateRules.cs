using Dapari.Peer.Store;
using Dapari.Wire.V1;
using Part = Dapari.Wire.V1.Signal.PartOneofCase;

namespace Dapari.Peer.Calls;

/// <summary>
/// Which steps of a negotiation may leave, and which come in, by the way chosen. The driver keeps to the way too; what it let slip ends here.
/// </summary>
internal static class CandidateRules
{
    /// <summary>Ours, as it may leave; null: it may not. Through the server only: no candidate but a relay's, and none tells what is behind it.</summary>
    public static Signal? Outgoing(Signal signal, Policy way)
    {
        var sent = signal.Clone();
        sent.AttemptId = Google.Protobuf.ByteString.Empty;
        return way == Policy.ServerOnly ? Judged(sent, Hidden) : sent;
    }

    /// <summary>Theirs, as the driver may have it; null: not at all. Direct only: no relay of theirs is used.</summary>
    public static Signal? Incoming(Signal signal, Policy way)
    {
        switch (signal.PartCase)
        {
            case Part.HangUp or Part.None:
                return null;
            // An empty candidate is the end of candidates in older drivers.
            case Part.Candidate when signal.Candidate.Candidate_.Length > 0 && !IceCandidate.TryRead(signal.Candidate.Candidate_, out _):
                return null;
        }

        return way == Policy.DirectOnly ? Judged(signal.Clone(), Direct) : signal;
    }

    private static string? Hidden(string line) =>
        IceCandidate.TryRead(line, out var candidate) && candidate.IsRelayed ? candidate.WithoutRelatedAddress() : null;

    private static string? Direct(string line) => IceCandidate.TryRead(line, out var candidate) && !candidate.IsRelayed ? line : null;

    private static Signal? Judged(Signal signal, Func<string, string?> judge)
    {
        switch (signal.PartCase)
        {
            case Part.OfferSdp:
                signal.OfferSdp = SdpCheck.WithCandidates(signal.OfferSdp, judge);
                break;
            case Part.AnswerSdp:
                signal.AnswerSdp = SdpCheck.WithCandidates(signal.AnswerSdp, judge);
                break;
            case Part.Candidate when signal.Candidate.Candidate_.Length > 0:
                if (judge(signal.Candidate.Candidate_) is not { } candidate)
                    return null;
                signal.Candidate.Candidate_ = candidate;
                break;
        }

        return signal;
    }
}
