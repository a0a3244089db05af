using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Files;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Conversations;

/// <summary>Offers of files come in as messages do.</summary>
internal sealed partial class Inbox
{
    private void Offer(Step step, Arrival arrival, Contact contact, EnvelopeId envelope, FileOffer offer)
    {
        var caption = MessageText.Normalize(offer.Caption);
        if (!MessageId.TryRead(offer.MessageId, out var id) || offer.Clock is 0 or > long.MaxValue || MessageText.Check(caption) == TextFault.TooLong)
            return;
        if (contact.Lately.TryGet(id, out var shown))
        {
            if (!shown.Outgoing)
                parts.Receipts.Owe(step, contact, id, shown.Route, arrival.Door == ArrivalDoor.Path);
            return;
        }

        var message = Incoming(step, arrival, contact, envelope, id, MessageOrder.Accept(offer.Clock, contact.Record.Clock));
        message.Kind = MessageKind.Files;
        message.Text = caption;
        message.File = FileEntries.Of(offer, Policy.Unspecified);
        message.ComposedAtMs = offer.ComposedAtMs;
        message.Route = RouteOf(arrival, contact, offer.IntendedRoute, offer.IntendedReason);
        ShowOrPark(step, arrival, contact, envelope, id, message, offer);
    }
}
