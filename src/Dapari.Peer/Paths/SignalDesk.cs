using Dapari.Peer.Contacts;
using Dapari.Peer.Conversations;
using Dapari.Peer.Engine;
using Dapari.Peer.Routes;
using Dapari.Wire.V1;
using Kind = Dapari.Wire.V1.Content.KindOneofCase;

namespace Dapari.Peer.Paths;

/// <summary>What comes on the live lane of an accepted contact.</summary>
internal sealed class SignalDesk(Parts parts)
{
    public void Arrived(Step step, Arrival arrival, Contact contact, Content content)
    {
        contact.LiveReports = 0;
        // What they could have said nearby, and gave to a server, says that they are not there any more.
        if (arrival.Door == ArrivalDoor.Live)
            contact.Path.NearDoubted = !arrival.IsNear;
        switch (content.KindCase)
        {
            case Kind.Presence:
                parts.Paths.PresenceArrived(step, contact, content.Presence);
                break;
            case Kind.Typing:
                parts.Chats.TypingArrived(step, contact, content.Typing);
                break;
            case Kind.Signal:
                Signal(step, arrival, contact, content.Signal);
                break;
            case Kind.Call:
                parts.Calls.SignalArrived(step, contact, content.Call);
                break;
            case Kind.CallForward:
                parts.Calls.ForwardArrived(step, contact, content.CallForward);
                break;
            case Kind.PathReport when arrival.Door == ArrivalDoor.Path:
                parts.Paths.ReportArrived(step, contact, content.PathReport);
                break;
            case Kind.PathProbe when arrival.Door == ArrivalDoor.Path:
                parts.Paths.ProbeArrived(step, contact, content.PathProbe);
                break;
        }
    }

    private void Signal(Step step, Arrival arrival, Contact contact, Signal signal)
    {
        var path = contact.Path;
        if (path.Standing != PathStanding.Closed && path.Attempt.AsSpan().SequenceEqual(signal.AttemptId.Span))
        {
            if (signal.PartCase == Dapari.Wire.V1.Signal.PartOneofCase.HangUp)
                parts.Paths.Close(step, contact, tell: false);
            else
            {
                if (signal.PartCase == Dapari.Wire.V1.Signal.PartOneofCase.OfferSdp && arrival.Door != ArrivalDoor.Path)
                    parts.Paths.Doubted(step, contact);
                step.Do(new PeerEffect.AcceptSignal(path.Id, signal));
            }

            return;
        }

        // Only an offer begins an attempt; the rest of a forgotten one is dropped.
        if ((signal.PartCase == Dapari.Wire.V1.Signal.PartOneofCase.OfferSdp || signal is { PartCase: Dapari.Wire.V1.Signal.PartOneofCase.Tcp, Tcp.Offer: true })
            && parts.Paths.TryJoin(step, contact, signal.AttemptId.ToByteArray()))
            step.Do(new PeerEffect.AcceptSignal(path.Id, signal));
    }
}
