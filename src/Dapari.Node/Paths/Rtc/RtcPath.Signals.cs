using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Wire.V1;

namespace Dapari.Node.Paths.Rtc;

/// <summary>Perfect negotiation (W3C WebRTC 1.0 §10.7), on the driver's thread: descriptions and candidates, told and taken.</summary>
internal sealed partial class RtcPath
{
    // Kept while their description has not come; and names that are asked for at a time.
    private const int MostEarly = 64;
    private const int MostNames = 16;
    private readonly bool _offerer;
    private readonly bool _polite;
    private readonly List<IceCandidate> _early = [];
    private readonly List<IceCandidate> _untold = [];
    private readonly HashSet<string> _theirKinds = [];
    private SessionDescription? _theirs;
    private int _version;
    private int _names;
    private bool _described;
    private bool _offering;
    private bool _gathered;
    private bool _endTold;
    private bool _theirEnd;

    private void Offer(RtcPeer peer)
    {
        _offering = true;
        // RFC 8842 §5.2: every offer leaves the role to the answer, which in a restart is the one that they have.
        Describe(peer.LocalDescription with { Setup = SetupRole.ActPass }, offer: true);
    }

    private void Take(RtcPeer peer, Signal signal, long now)
    {
        if (_over)
            return;
        switch (signal.PartCase)
        {
            case Signal.PartOneofCase.OfferSdp when SdpReader.TryRead(signal.OfferSdp, out var offer, out _):
                TakeOffer(peer, offer, now);
                break;
            case Signal.PartOneofCase.AnswerSdp when _offering && SdpReader.TryRead(signal.AnswerSdp, out var answer, out _) && answer.Setup != SetupRole.ActPass:
                _offering = false;
                TakeDescription(peer, answer, now);
                break;
            case Signal.PartOneofCase.Candidate when IceCandidate.TryParse(signal.Candidate.Candidate_, out var candidate):
                TakeCandidate(peer, signal.Candidate.UsernameFragment is { Length: > 0 } fragment ? candidate with { Fragment = fragment } : candidate, now);
                break;
            case Signal.PartOneofCase.EndOfCandidates:
                _theirEnd = true;
                SettleEnd(peer, now);
                break;
        }
    }

    private void TakeOffer(RtcPeer peer, SessionDescription offer, long now)
    {
        // Who made the first offer has the role that its answer left to it, whoever offers later.
        if ((_offering && !_polite) || (_offerer && _theirs is null))
            return;
        _offering = false;
        var role = _offerer ? _theirs!.Setup : offer.Setup;
        if (!TakeDescription(peer, offer with { Setup = role }, now))
            return;
        var own = peer.LocalDescription;
        Describe(_offerer ? own with { Setup = role == SetupRole.Active ? SetupRole.Passive : SetupRole.Active } : own, offer: false);
    }

    private bool TakeDescription(RtcPeer peer, SessionDescription theirs, long now)
    {
        _theirEnd = theirs.EndOfCandidates;
        if (!peer.SetRemote(theirs with { EndOfCandidates = false }, now))
        {
            End();
            return false;
        }

        _theirs = theirs;
        foreach (var told in theirs.Candidates)
            Note(told);
        foreach (var candidate in _early.FindAll(IsCurrent))
            peer.AddRemoteCandidate(candidate, now);
        _early.RemoveAll(IsCurrent);
        SettleEnd(peer, now);
        return true;
    }

    // Which kinds they have; a name in an address's place hides one of their own network.
    private void Note(IceCandidate candidate) => _theirKinds.Add(candidate.Name is not null ? "hidden" : candidate.Type switch
    {
        CandidateType.Relayed => "relay",
        CandidateType.Host => "own",
        _ => "router",
    });

    private void TakeCandidate(RtcPeer peer, IceCandidate candidate, long now)
    {
        Note(candidate);
        if (_theirs is not null && IsCurrent(candidate))
            peer.AddRemoteCandidate(candidate, now);
        else if (_early.Count < MostEarly)
            _early.Add(candidate);
    }

    private bool IsCurrent(IceCandidate candidate) => candidate.Fragment is null || candidate.Fragment == _theirs?.Ice.Fragment;

    /// <summary>All of theirs are known, and none is being asked for: only now may looking for a way be given up.</summary>
    private void SettleEnd(RtcPeer peer, long now)
    {
        if (_theirEnd && _names == 0 && _theirs is not null)
            peer.EndOfRemoteCandidates(now);
    }

    private async Task ResolveAsync(IceCandidate candidate)
    {
        if (_parts.Names is not { } names || _names >= MostNames)
            return;
        _names++;
        try
        {
            var address = await names.ResolveAsync(candidate.Name!, _stopping.Token);
            _driver.Do((peer, now) =>
            {
                _names--;
                if (!address.IsNone && IsCurrent(candidate) && !_over)
                    peer.AddRemoteCandidate(candidate.Resolved(address), now);
                SettleEnd(peer, now);
            });
        }
        catch (OperationCanceledException)
        {
            // Nobody wants it any more.
        }
    }

    private void Describe(SessionDescription own, bool offer)
    {
        var text = SdpWriter.Write(own, _session, ++_version);
        SignalMade(this, offer ? new Signal { OfferSdp = text } : new Signal { AnswerSdp = text });
        _described = true;
        foreach (var candidate in _untold)
            Tell(candidate);
        _untold.Clear();
        if (_gathered)
            TellEnd();
    }

    private void Tell(IceCandidate candidate)
    {
        if (!_described)
        {
            _untold.Add(candidate);
            return;
        }

        SignalMade(this, new Signal
        {
            Candidate = new Candidate { Candidate_ = candidate.ToString(), SdpMid = _theirs?.Mid ?? "0", SdpMLineIndex = 0, UsernameFragment = candidate.Fragment ?? "" },
        });
    }

    private void TellEnd()
    {
        _gathered = true;
        if (!_described || _endTold)
            return;
        _endTold = true;
        SignalMade(this, new Signal { EndOfCandidates = true });
    }
}
