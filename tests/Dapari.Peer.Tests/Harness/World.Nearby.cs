using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Wire;

namespace Dapari.Peer.Tests.Harness;

/// <summary>One network that people may be on together: who looks for whom, found by what both know.</summary>
internal sealed partial class World
{
    private readonly Dictionary<Person, IReadOnlyList<NearbyContact>> _watched = [];
    private readonly HashSet<(Person Person, ContactId Contact, Person Other)> _near = [];
    private bool _together;

    public int NearbyMessages { get; private set; }

    /// <summary>What is said there is swallowed; nobody notices.</summary>
    public bool NearbySilent { get; set; }

    /// <summary>Changes what is said there.</summary>
    public Func<Person, byte[], byte[]>? OnNearby { get; set; }

    /// <summary>Everybody is on one network, or nobody is.</summary>
    public bool Together
    {
        get => _together;
        set
        {
            _together = value;
            Meet();
            Settle();
        }
    }

    public IReadOnlyList<NearbyContact> Watched(Person person) => _watched.GetValueOrDefault(person) ?? [];

    private void WatchNearby(Person person, IReadOnlyList<NearbyContact> contacts)
    {
        _watched[person] = contacts;
        Meet();
    }

    private void Meet()
    {
        var now = new HashSet<(Person Person, ContactId Contact, Person Other)>();
        foreach (var (person, contacts) in _together ? _watched : [])
        {
            foreach (var contact in contacts)
            {
                foreach (var (other, theirs) in _watched)
                {
                    if (other != person && theirs.Any(one => one.Own.Span.SequenceEqual(contact.Theirs.Span) && one.Theirs.Span.SequenceEqual(contact.Own.Span)))
                        now.Add((person, contact.Contact, other));
                }
            }
        }

        foreach (var gone in _near.Except(now).ToList())
        {
            _near.Remove(gone);
            gone.Person.Inputs.Enqueue(new PeerInput.NearbyLost(gone.Contact));
        }

        foreach (var met in now.Except(_near).ToList())
        {
            _near.Add(met);
            met.Person.Inputs.Enqueue(new PeerInput.NearbyFound(met.Contact));
        }
    }

    private void SendNearby(Person person, PeerEffect.SendNearby send)
    {
        foreach (var (_, _, other) in _near.Where(one => one.Person == person && one.Contact == send.Contact).ToList())
        {
            if (NearbySilent)
                return;
            var back = _near.Single(one => one.Person == other && one.Other == person);
            NearbyMessages++;
            other.Inputs.Enqueue(new PeerInput.NearbyReceived(back.Contact, OnNearby?.Invoke(person, send.Message) ?? send.Message));
        }
    }
}
