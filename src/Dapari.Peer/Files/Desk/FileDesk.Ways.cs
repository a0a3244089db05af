using Dapari.Peer.Contacts;
using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Routes;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Peer.Files;

/// <summary>By which ways files go: the channel on an open path, and a server where the person chose it and no path comes.</summary>
internal sealed partial class FileDesk
{
    /// <summary>How long a path to somebody who may be there is waited for before something is left at the server.</summary>
    public const long HopeMs = 10_000;

    private readonly Dictionary<ContactId, long> _hopeUntil = [];

    // Contacts whose path the driver was given.
    // An open path whose channel does not come although something would go by it: asked for again after so long.
    private const long ChannelPatienceMs = 10_000;

    // Since when the driver was asked for the channel, by contact.
    private readonly Dictionary<ContactId, long> _attached = [];

    /// <summary>The way in effect for a transfer of ours: chosen for it, or the contact's.</summary>
    public Policy WayOf(Transfer transfer) =>
        _parts.State.Contacts.GetValueOrDefault(transfer.Contact) is { } contact ? WayOf(contact, transfer.Record.Way) : Policy.ServerOnly;

    public bool MayUseChannel(Transfer transfer) => WayOf(transfer) != Policy.ServerOnly;

    public bool MayLeave(Transfer transfer) => WayOf(transfer) != Policy.DirectOnly && IsAccepted(transfer.Contact);

    public bool AwaitsChannel(Transfer transfer) => WayOf(transfer) != Policy.ServerOnly && Hopes(transfer.Contact);

    /// <summary>A path carries: the channel is made on it.</summary>
    public void PathOpened(Step step, Contact contact)
    {
        if (!_parts.State.FilesSupported)
            return;
        _attached[contact.Id] = step.Now.MonotonicMs;
        Order(step, new FileOrder.Attach(contact.Id, contact.Path.Id, contact.Path.IsOfferer));
    }

    /// <summary>The path is gone, and its channel with it.</summary>
    public void PathGone(Step step, Contact contact)
    {
        if (_attached.Remove(contact.Id))
            Order(step, new FileOrder.Detach(contact.Id));
        if (_machine.RouteOf(contact.Id) is not null)
        {
            Hope(step, contact);
            Run(step, (machine, inner) => machine.ChannelClosed(inner, contact.Id));
        }
        else
        {
            WayChanged(step, contact);
        }
    }

    /// <summary>What a policy allows, or what is known of the other being there, changed.</summary>
    public void WayChanged(Step step, Contact contact)
    {
        if (!_machine.Open.Any(transfer => transfer.Contact == contact.Id))
            return;
        Run(step, (machine, inner) => machine.RulesChanged(inner, contact.Id));
        Want();
    }

    private void ChannelOpened(Step step, ContactId id)
    {
        if (_attached.ContainsKey(id) && _parts.State.Contacts.GetValueOrDefault(id) is { IsAccepted: true, Path.IsLive: true } contact)
            Run(step, (machine, inner) => machine.ChannelOpened(inner, id, contact.Path.Route));
    }

    /// <summary>When a channel that is missed is asked for again.</summary>
    private long? ChannelDeadline => _attached.Where(one => Misses(one.Key)).Select(one => (long?)one.Value + ChannelPatienceMs).Min();

    private bool Misses(ContactId id) => _wanting.Contains(id) && _machine.RouteOf(id) is null;

    private void MissChannels(Step step)
    {
        foreach (var id in _attached.Where(one => Misses(one.Key) && one.Value + ChannelPatienceMs <= _now).Select(one => one.Key).ToList())
        {
            _attached[id] = _now;
            if (_parts.State.Contacts.GetValueOrDefault(id) is { Path.IsLive: true } contact)
                Order(step, new FileOrder.Attach(id, contact.Path.Id, contact.Path.IsOfferer));
        }
    }

    private bool IsAccepted(ContactId id) => _parts.State.Contacts.GetValueOrDefault(id) is { IsAccepted: true };

    /// <summary>For a while a path is waited for before anything is left at a server.</summary>
    private void Hope(Step step, Contact contact) => _hopeUntil[contact.Id] = step.Now.MonotonicMs + HopeMs;

    private bool Hopes(ContactId id) =>
        _hopeUntil.TryGetValue(id, out var until) && until > _now && _parts.State.Contacts.GetValueOrDefault(id) is { } contact
        && _parts.Paths.IsEligible(contact) && contact.Path is { NoPath: false, Presence: not PeerPresence.Absent };

    private Policy WayOf(Contact contact, Policy chosen) => chosen == Policy.Unspecified ? _parts.State.PolicyFor(contact) : chosen;

    /// <summary>Whether no path to the contact can come about, whatever the network does.</summary>
    private bool IsHidden(Contact contact) =>
        !_parts.State.PathsSupported || contact.Record.TheyHideAddress || _parts.State.PolicyFor(contact) == Policy.ServerOnly;
}
