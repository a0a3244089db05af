using Dapari.Peer.Engine;
using Dapari.Peer.Files;
using Dapari.Wire;
using Dapari.Wire.V1;
using Kind = Dapari.Wire.V1.ServerFrame.KindOneofCase;

namespace Dapari.Peer.Servers;

/// <summary>What servers say: answers find what was asked, the rest finds its part. False: the server broke the protocol.</summary>
internal sealed class ServerAnswers(Parts parts)
{
    private const uint ShortestPatienceMs = 200;
    private const uint LongestPatienceMs = 60_000;

    public bool Handle(Step step, ServerConnection connection, ServerFrame frame)
    {
        if (frame.Request == 0)
            return HandleUnasked(step, connection, frame);
        var asked = connection.TakeAsked(frame.Request);
        if (asked is null)
            return false;
        if (asked is Asked.Greeting)
            return frame.KindCase == Kind.Welcome && Welcome(step, connection, frame.Welcome);
        if (connection.State != LinkState.Online)
            return false;
        if (frame.KindCase == Kind.Refused)
            return Refused(step, connection, asked, frame.Refused);
        return Answered(step, connection, asked, frame);
    }

    /// <summary>The connection ended before the answer: whoever asked hears it.</summary>
    public void Unanswered(Step step, Asked asked)
    {
        switch (asked)
        {
            case Asked.ToPost post:
                parts.Outbox.NotPosted(post.Entry);
                break;
            case Asked.ForPrekeys keys:
                parts.Keys.NotAnswered(step, keys.Contact);
                break;
            case Asked.ForInvite invite:
                parts.Openings.NotAnswered(invite.Contact);
                break;
            case Asked.ForRelay:
                parts.Relays.NotAnswered();
                break;
            case Asked.ToBeginBlob or Asked.ForBlobRoom:
                parts.Files.DropOffs.NotAnswered(step, asked);
                break;
        }
    }

    private bool Welcome(Step step, ServerConnection connection, Welcome welcome)
    {
        if (connection.State != LinkState.Greeting || !ProtocolVersion.IsSpoken(welcome.Version))
            return false;
        connection.Welcomed(step, welcome);
        parts.Boxes.Online(step, connection);
        parts.Prekeys.Online(step, connection);
        parts.Invites.Online(step, connection);
        parts.Openings.Online(step, connection);
        parts.Keys.Online(step, connection);
        parts.Outbox.Online(step, connection);
        parts.Paths.Online(step, connection);
        return true;
    }

    private bool HandleUnasked(Step step, ServerConnection connection, ServerFrame frame)
    {
        switch (frame.KindCase)
        {
            case Kind.Deliver when connection.IsOnline && MailboxId.TryRead(frame.Deliver.MailboxId, out var id):
                parts.Boxes.Delivered(step, connection, id, frame.Deliver);
                return true;
            case Kind.LiveDeliver when connection.IsOnline && MailboxId.TryRead(frame.LiveDeliver.MailboxId, out var id):
                parts.Boxes.LiveDelivered(step, connection, id, frame.LiveDeliver);
                return true;
            case Kind.MailboxTaken when MailboxId.TryRead(frame.MailboxTaken.MailboxId, out var id):
                parts.Boxes.Taken(connection, id);
                return true;
            case Kind.GoingAway:
                parts.Servers.GoAway(step, connection, frame.GoingAway.ComeBackAfterMs);
                return true;
            case Kind.PrekeyCount when connection.IsOnline:
                parts.Prekeys.Counted(step, connection, frame.PrekeyCount);
                return true;
            // Followed by the server's closing; the backoff begins now.
            case Kind.Refused:
                return false;
            // A kind of a newer version, said to whom it may concern.
            case Kind.None:
                return true;
            default:
                return false;
        }
    }

    private bool Answered(Step step, ServerConnection connection, Asked asked, ServerFrame frame)
    {
        switch (asked)
        {
            case Asked.Alive when frame.KindCase == Kind.Pong:
            case Asked.ToOpenSender or Asked.ToSetWake when frame.KindCase == Kind.Done:
                return true;
            case Asked.ToAcknowledge acknowledge when frame.KindCase == Kind.Done:
                parts.Boxes.Acknowledged(step, connection, acknowledge.Box);
                return true;
            case Asked.ToOpenBox open when frame.KindCase == Kind.MailboxOpened:
                parts.Boxes.Opened(step, connection, open.Box, frame.MailboxOpened);
                return true;
            case Asked.ToOpenBox { Creates: true } open when frame.KindCase == Kind.Done:
                parts.Boxes.Opened(step, connection, open.Box, new MailboxOpened());
                return true;
            case Asked.ToDeleteBox delete when frame.KindCase == Kind.Done:
                parts.Boxes.DeletedAtServer(step, delete.Box);
                return true;
            case Asked.ForUsage usage when frame.KindCase == Kind.Usage:
                connection.Usage[usage.Box.Id] = frame.Usage;
                step.ViewDirty = true;
                if (usage.Box.Invite is { } invited)
                    parts.Invites.Counted(step, invited, frame.Usage.StoredEnvelopes);
                return true;
            case Asked.ToPost post when frame.KindCase == Kind.Posted:
                parts.Outbox.Posted(step, post.Entry, frame.Posted);
                return true;
            case Asked.ToSendLive live when frame.KindCase == Kind.LiveResult:
                parts.Paths.LiveAnswered(step, live.Contact, frame.LiveResult.RecipientConnected);
                return true;
            case Asked.ToPublish publish when frame.KindCase == Kind.Done:
                parts.Invites.Published(step, publish.Invite);
                return true;
            case Asked.ToWithdraw withdraw when frame.KindCase == Kind.Done:
                parts.Invites.Withdrawn(step, withdraw.Invite);
                return true;
            case Asked.ForInvite invite when frame.KindCase == Kind.Invite:
                parts.Openings.Fetched(step, invite.Contact, frame.Invite.Blob);
                return true;
            case Asked.ToPutPrekeys put when frame.KindCase == Kind.PrekeyCount:
                parts.Prekeys.Uploaded(step, connection, put, frame.PrekeyCount);
                return true;
            case Asked.ForRelay when frame.KindCase == Kind.RelayAccess:
                parts.Relays.Taken(step, frame.RelayAccess);
                return true;
            case Asked.ToBeginBlob begin when frame.KindCase == Kind.BlobBegun:
                parts.Files.DropOffs.Begun(step, begin, frame.BlobBegun);
                return true;
            case Asked.ToTrimBlob when frame.KindCase == Kind.BlobBegun:
                return true;
            case Asked.ForBlobRoom room when frame.KindCase == Kind.BlobUsage:
                DropOffDesk.Told(step, room, frame.BlobUsage);
                return true;
            case Asked.ForPrekeys keys when frame.KindCase == Kind.Prekeys:
                parts.Keys.Taken(step, keys.Contact, frame.Prekeys.Bundle);
                return true;
            default:
                return false;
        }
    }

    private bool Refused(Step step, ServerConnection connection, Asked asked, Refused refused)
    {
        if (refused.Refusal is Refusal.Malformed or Refusal.Version)
        {
            Unanswered(step, asked);
            return false;
        }

        if (refused.Refusal is Refusal.Rate or Refusal.Storage)
        {
            var patience = Math.Clamp(refused.RetryAfterMs, ShortestPatienceMs, LongestPatienceMs);
            connection.PatienceUntil = Math.Max(connection.PatienceUntil, step.Now.MonotonicMs + patience);
        }

        switch (asked)
        {
            case Asked.ToOpenBox open:
                parts.Boxes.Refused(step, connection, open, refused.Refusal);
                break;
            case Asked.ToDeleteBox delete:
                parts.Boxes.DeletionRefused(step, connection, delete.Box, refused.Refusal);
                break;
            case Asked.ToSetWake wake:
                WakeDesk.Refused(connection, wake, refused.Refusal);
                break;
            case Asked.ToAcknowledge acknowledge when refused.Refusal is Refusal.Rate or Refusal.Storage:
                parts.Boxes.AcknowledgementRefused(acknowledge);
                break;
            case Asked.ToOpenSender sender:
                connection.OpenSenders.Remove(sender.Mailbox);
                if (refused.Refusal is Refusal.UnknownMailbox)
                    parts.Outbox.DoorShut(step, sender.Contact, gone: true);
                break;
            case Asked.ToPost post:
                parts.Outbox.PostRefused(step, connection, post.Entry, refused.Refusal);
                break;
            case Asked.ToPublish publish:
                parts.Invites.PublishingRefused(step, publish.Invite, refused.Refusal);
                break;
            case Asked.ToWithdraw withdraw:
                parts.Invites.WithdrawalRefused(step, withdraw.Invite, refused.Refusal);
                break;
            case Asked.ToPutPrekeys when refused.Refusal is Refusal.Rate or Refusal.Storage:
                parts.Prekeys.Refused();
                break;
            case Asked.ForInvite invite:
                parts.Openings.Refused(step, invite.Contact, refused.Refusal);
                break;
            case Asked.ToBeginBlob or Asked.ForBlobRoom:
                parts.Files.DropOffs.Refused(step, asked, refused.Refusal);
                break;
            case Asked.ForRelay:
                parts.Relays.Refused(step, refused.Refusal);
                break;
            case Asked.ForPrekeys keys:
                parts.Keys.Refused(step, keys.Contact, refused.Refusal);
                break;
        }

        return true;
    }
}
