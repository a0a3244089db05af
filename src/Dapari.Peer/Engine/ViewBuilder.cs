using Dapari.Peer.Calls;
using Dapari.Peer.Contacts;
using Dapari.Peer.Invites;
using Dapari.Peer.Local;
using Dapari.Peer.Routes;
using Dapari.Peer.Servers;
using Dapari.Peer.Store;
using Dapari.Wire.V1;
using PathState = Dapari.Peer.Local.PathState;

namespace Dapari.Peer.Engine;

/// <summary>
/// Makes snapshots. Only the views of contacts that changed are made anew; the others are shared between snapshots and never written again.
/// A notice is given only when something visible changed.
/// </summary>
internal sealed class ViewBuilder(Parts parts)
{
    private Snapshot _last = new();
    private ulong _revision;

    /// <summary>The latest snapshot.</summary>
    public Snapshot Last => _last;

    /// <summary>What was kept, as it is shown before the first step.</summary>
    public void Loaded(Moment now)
    {
        foreach (var contact in parts.State.Contacts.Values)
            contact.View = View(contact, now);
        Compose();
    }

    /// <summary>Everything anew, after loading.</summary>
    public void Start(Step step)
    {
        foreach (var contact in parts.State.Contacts.Values)
            step.Seen.Add(contact);
        step.ViewDirty = true;
    }

    public void Finish(Step step)
    {
        var dirty = false;
        foreach (var contact in step.Seen)
        {
            if (parts.State.Contacts.GetValueOrDefault(contact.Id) != contact)
                continue;
            var view = View(contact, step.Now);
            if (view.Equals(contact.View))
                continue;
            contact.View = view;
            dirty = true;
        }

        if (dirty || step.ViewDirty)
            dirty = Compose();
        if (!dirty && step.Changes.Count == 0)
            return;
        var notice = new Notice { Snapshot = dirty ? _last : null };
        notice.Messages.Add(step.Changes);
        step.Do(new PeerEffect.Notify(notice));
    }

    private bool Compose()
    {
        var state = parts.State;
        var snapshot = new Snapshot { Revision = _revision };
        if (state is { Self: { } self, Device: { } device })
        {
            snapshot.Self = new SelfView
            {
                IdentityKey = device.Identity.ToByteString(),
                Name = self.Name,
                HomeServer = self.HomeServer,
                DefaultPolicy = state.Effective(self.DefaultPolicy),
                SendReadReceipts = self.SendReadReceipts,
                SendTyping = self.SendTyping,
                DefaultCallPolicy = self.DefaultCallPolicy,
                ReceiveUnaskedBytes = parts.Files.Unasked,
            };
        }

        snapshot.Contacts.Add(state.Contacts.Values.Where(contact => contact is { IsLeaving: false, View: not null })
            .OrderByDescending(contact => contact.Record.LastMessage?.ShownAtMs ?? contact.Record.AddedAtMs)
            .ThenBy(contact => contact.Id)
            .Select(contact => contact.View!));
        snapshot.Invites.Add(state.Invites.Values.OrderByDescending(invite => invite.Record.CreatedAtMs).ThenBy(invite => invite.Id).Select(InviteDesk.View));
        snapshot.Servers.Add(parts.Servers.Connections.Select(View));
        snapshot.Calls.Add(new CallViews(state, parts.Calls.Board, CallWays.HasRelay(parts.IceServers)).All());
        snapshot.Transfers.Add(parts.Files.Views);
        if (snapshot.Equals(_last))
            return false;
        snapshot.Revision = ++_revision;
        _last = snapshot;
        return true;
    }

    private ContactView View(Contact contact, Moment now)
    {
        var record = contact.Record;
        var reach = parts.State.ReachOf(contact, Policy.Unspecified);
        var view = new ContactView
        {
            Id = record.Id,
            IdentityKey = record.IdentityKey,
            Name = Shown(record),
            TheirName = record.Name,
            GivenName = record.GivenName,
            State = record.State,
            Verified = record.Verified,
            Policy = record.Policy,
            TheyHideAddress = record.TheyHideAddress,
            Unread = record.Unread,
            ReadThrough = record.ReadThrough,
            TheyReadThrough = record.TheyReadThrough,
            TheyReadAtMs = record.TheyReadAtMs,
            LastMessage = record.LastMessage?.Clone(),
            Typing = contact.TypingUntil > now.MonotonicMs,
            Path = View(contact),
            Queued = contact.Queue.QueuedMessages,
            Server = contact.Address?.Server ?? contact.Device?.Prekeys?.Server ?? "",
            AddedAtMs = record.AddedAtMs,
            InviteGone = contact.InviteGone || record.InviteGone,
            EffectivePolicy = parts.State.PolicyFor(contact),
            CallPolicy = record.CallPolicy,
            EffectiveCallPolicy = reach.Way,
            CallReason = reach.Reason != Reason.Unspecified ? reach.Reason : reach.Way switch
            {
                Policy.ServerOnly => Reason.YouChoseServer,
                Policy.DirectOnly => Reason.YouChoseDirect,
                _ => Reason.Unspecified,
            },
        };
        return view;
    }

    private PathView View(Contact contact)
    {
        var path = contact.Path;
        var choice = parts.Paths.Choose(contact);
        return new PathView
        {
            State = path.Standing switch
            {
                PathStanding.Opening => PathState.Opening,
                PathStanding.Open => PathState.Open,
                PathStanding.Suspect => PathState.Suspect,
                _ => PathState.Closed,
            },
            Network = path.IsLive ? path.Network : Network.Unspecified,
            RoundTripMs = path.IsLive ? path.Facts.RoundTripMs : 0,
            SinceMs = path.SinceWallMs,
            ClosedReason = path.Standing == PathStanding.Closed ? path.ClosedReason : Reason.Unspecified,
            PeerPresent = path.Presence == PeerPresence.Present,
            NextRoute = choice.Route,
            NextReason = choice.Reason,
            DriverId = path.Standing == PathStanding.Closed ? 0 : path.Id,
        };
    }

    private ServerView View(ServerConnection connection)
    {
        var view = new ServerView
        {
            Origin = connection.Origin,
            State = connection.State switch
            {
                LinkState.Online => ServerState.Online,
                LinkState.Waiting => ServerState.Offline,
                LinkState.Off => ServerState.Unspecified,
                _ when connection.Failures > 0 => ServerState.Offline,
                _ => ServerState.Connecting,
            },
            RetryAtMs = connection.State == LinkState.Waiting ? (ulong)Math.Max(0, connection.RetryWallMs) : 0,
            RetentionDays = connection.Limits?.RetentionDays ?? 0,
            Home = parts.State.Self?.HomeServer == connection.Origin,
            PushKey = connection.PushKey,
        };
        foreach (var usage in connection.Usage.Values)
        {
            view.StoredBytes = unchecked(view.StoredBytes + usage.StoredBytes);
            view.QuotaBytes = unchecked(view.QuotaBytes + usage.QuotaBytes);
        }

        return view;
    }

    // A name is never empty on screen: who says none is shown by the key's first letters.
    internal static string Shown(ContactRecord record)
    {
        if (record.GivenName.Length > 0)
            return record.GivenName;
        if (record.Name.Length > 0)
            return record.Name;
        return record.IdentityKey.IsEmpty ? "…" : Convert.ToHexStringLower(record.IdentityKey.Span[..4]);
    }
}
