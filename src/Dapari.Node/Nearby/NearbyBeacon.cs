using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Dapari.Crypto;
using Dapari.Node.Paths;
using Dapari.Rtc;
using Dapari.Rtc.Mdns;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Wire;

namespace Dapari.Node.Nearby;

/// <summary>
/// Announces this device on each network to its contacts alone, and hears theirs (docs/protocol/nearby.md). On every network under another name with other
/// tags, and after a quarter of an hour again. Safe for threads.
/// </summary>
internal sealed class NearbyBeacon : IDisposable
{
    /// <summary>What is announced and asked for.</summary>
    public const string Service = "_dapari._tcp.local";

    // So many announcements of one network are looked into in so long: each costs three hashes for each contact.
    private const int MostJudged = 64;
    private const int MostRemembered = 256;
    private const long SecondsOfDay = 86_400;
    private static readonly TimeSpan _budgetTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _nameLife = TimeSpan.FromMinutes(15);

    private readonly MulticastPort _port;
    private readonly RandomSource _random;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Net> _nets = [];
    private readonly Dictionary<string, ContactId?> _judged = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<ContactId, NearbyKeys> _contacts = new Dictionary<ContactId, NearbyKeys>();
    private ushort _listening;
    private bool _over;

    /// <param name="port">What it speaks by; stays its owner's.</param>
    /// <param name="random">For names and tags.</param>
    /// <param name="time">For repeating and renewing.</param>
    public NearbyBeacon(MulticastPort port, RandomSource random, TimeProvider time)
    {
        (_port, _random, _time, _began) = (port, random, time, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Advance(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        port.Received += OnReceived;
        port.Changed += OnChanged;
    }

    /// <summary>A contact announces itself; told again each time it does. From any thread.</summary>
    public event Action<Sighting>? Seen;

    private long NowUs => (long)_time.GetElapsedTime(_began).TotalMicroseconds;

    /// <summary>Looks for these and is found by them; nobody: nothing is announced or asked. The dictionary must not change any more.</summary>
    /// <param name="contacts">At most <see cref="WireLimits.NearbyContacts"/>.</param>
    /// <param name="listening">The port to tell.</param>
    public void Watch(IReadOnlyDictionary<ContactId, NearbyKeys> contacts, ushort listening)
    {
        lock (_lock)
        {
            if (_over)
                return;
            (_contacts, _listening) = (contacts, listening);
            _judged.Clear();
            // Old names and tokens are of who was a contact then.
            foreach (var net in _nets.Values)
                Leave(net);
            _nets.Clear();
            Join();
            Settle();
        }
    }

    /// <summary>The contact that connects with this token, for an announcement of the last half hour.</summary>
    public ContactId? Find(string token)
    {
        lock (_lock)
        {
            foreach (var net in _nets.Values)
            {
                if (net.Tokens.TryGetValue(token, out var contact) || net.FormerTokens.TryGetValue(token, out contact))
                    return contact;
            }

            return null;
        }
    }

    /// <summary>A contact who should connect may not have heard: announces again.</summary>
    public void Tell(int link)
    {
        lock (_lock)
        {
            if (!_nets.TryGetValue(link, out var net))
                return;
            net.Agent.Tell(NowUs);
            Settle();
        }
    }

    /// <summary>Somebody is looked for who was there: asks anew.</summary>
    public void Ask()
    {
        lock (_lock)
        {
            foreach (var net in _nets.Values)
                net.Agent.Browse(NowUs);
            Settle();
        }
    }

    /// <summary>Takes the announcements back.</summary>
    public void Dispose()
    {
        _port.Received -= OnReceived;
        _port.Changed -= OnChanged;
        lock (_lock)
        {
            if (_over)
                return;
            _over = true;
            foreach (var net in _nets.Values)
                Leave(net);
            _nets.Clear();
        }

        _timer.Dispose();
    }

    private void OnReceived(MulticastLink link, ReadOnlyMemory<byte> message)
    {
        var seen = new List<Sighting>();
        lock (_lock)
        {
            if (_over || !_nets.TryGetValue(link.Index, out var net))
                return;
            net.Agent.Receive(message.Span, NowUs);
            while (net.Agent.TryTakeFound(out var instance, out var gone))
            {
                if (!gone && Judge(net, instance) is { } sighting)
                    seen.Add(sighting);
            }

            Settle();
        }

        foreach (var sighting in seen)
            Seen?.Invoke(sighting);
    }

    private void OnChanged()
    {
        lock (_lock)
        {
            if (_over)
                return;
            Join();
            Settle();
        }
    }

    private void Advance()
    {
        lock (_lock)
        {
            if (_over)
                return;
            foreach (var net in _nets.Values)
            {
                if (net.RenewAt <= NowUs)
                    Renew(net);
                net.Agent.Advance(NowUs);
            }

            Settle();
        }
    }

    /// <summary>A beacon on every network that there is, and on none that is gone.</summary>
    private void Join()
    {
        var links = _contacts.Count == 0 ? [] : _port.Links;
        foreach (var (index, net) in _nets.ToList())
        {
            if (links.Any(link => link.Index == index))
                continue;
            Leave(net);
            _nets.Remove(index);
        }

        foreach (var link in links)
        {
            if (_nets.TryGetValue(link.Index, out var net) && net.Link.Addresses.SequenceEqual(link.Addresses))
                continue;
            if (net is null)
                _nets.Add(link.Index, net = new Net(link, new ServiceAgent(Service, new Dice(_random))));
            net.Link = link;
            Renew(net);
            net.Agent.Browse(NowUs);
        }
    }

    private void Leave(Net net)
    {
        net.Agent.Withdraw();
        while (net.Agent.TryTake(out var message))
            _port.Send(net.Link, message);
    }

    private void Renew(Net net)
    {
        var nonce = _random.Bytes(NearbyText.NonceLength);
        var day = Day();
        var tags = _contacts.Values.Select(keys =>
        {
            var tag = new byte[NearbyText.TagLength];
            keys.OwnTag(nonce, day, tag);
            return tag;
        });
        net.FormerTokens = net.Tokens;
        net.Tokens = _contacts.Where(one => !one.Value.Connects).ToDictionary(one => Convert.ToHexStringLower(one.Value.Token(nonce)), one => one.Key);
        net.RenewAt = NowUs + (long)_nameLife.TotalMicroseconds;
        net.Agent.Offer(
            new ServiceInstance(Convert.ToHexStringLower(_random.Bytes(8)), _listening, NearbyText.Write(nonce, tags, _random), Told(net.Link)), NowUs);
    }

    private static List<Endpoint> Told(MulticastLink link) =>
        [.. link.Addresses.OrderBy(one => one.AddressFamily != AddressFamily.InterNetwork).Take(ServiceInstance.MostAddresses).Select(one => Endpoint.From(one, 0))];

    private Sighting? Judge(Net net, ServiceInstance instance)
    {
        if (!NearbyText.TryRead(instance.Text.Span, out var nonce, out var tags))
            return null;
        var print = Convert.ToHexString(SHA256.HashData(instance.Text.Span));
        if (!_judged.TryGetValue(print, out var contact))
        {
            if (_time.GetElapsedTime(net.BudgetFrom) > _budgetTime)
                (net.BudgetFrom, net.Judged) = (_time.GetTimestamp(), 0);
            if (++net.Judged > MostJudged)
                return null;
            if (_judged.Count == MostRemembered)
                _judged.Clear();
            _judged.Add(print, contact = Recognise(nonce, tags));
        }

        if (contact is not { } whose)
            return null;
        var points = Points(net.Link, instance).ToList();
        return points.Count == 0 ? null : new Sighting(whose, net.Link.Index, nonce, points);
    }

    private ContactId? Recognise(byte[] nonce, byte[] tags)
    {
        Span<byte> tag = stackalloc byte[NearbyText.TagLength];
        var today = Day();
        foreach (var (contact, keys) in _contacts)
        {
            // Clocks may differ by a day.
            for (var day = today - 1; day <= today + 1; day++)
            {
                keys.TheirTag(nonce, day, tag);
                if (NearbyText.Holds(tags, tag))
                    return contact;
            }
        }

        return null;
    }

    private static IEnumerable<IPEndPoint> Points(MulticastLink link, ServiceInstance instance)
    {
        var loopback = link.Addresses.Any(IPAddress.IsLoopback);
        foreach (var told in instance.Addresses)
        {
            var address = told.Unmap().ToIPAddress();
            if (address.IsIPv6LinkLocal)
                address.ScopeId = link.Index;
            else if (!TcpAddresses.MayTry(address, loopback))
                continue;
            yield return new IPEndPoint(address, instance.Port);
        }
    }

    private long Day() => _time.GetUtcNow().ToUnixTimeSeconds() / SecondsOfDay;

    /// <summary>Sends what agents have and sets the timer.</summary>
    private void Settle()
    {
        var next = long.MaxValue;
        foreach (var net in _nets.Values)
        {
            while (net.Agent.TryTake(out var message))
                _port.Send(net.Link, message);
            next = Math.Min(next, Math.Min(net.RenewAt, net.Agent.NextDeadlineUs));
        }

        _timer.Change(next == long.MaxValue ? Timeout.InfiniteTimeSpan : TimeSpan.FromMicroseconds(Math.Max(0, next - NowUs) + 1_000), Timeout.InfiniteTimeSpan);
    }

    private sealed class Net(MulticastLink link, ServiceAgent agent)
    {
        public MulticastLink Link { get; set; } = link;

        public ServiceAgent Agent { get; } = agent;

        public Dictionary<string, ContactId> Tokens { get; set; } = [];

        public Dictionary<string, ContactId> FormerTokens { get; set; } = [];

        public long RenewAt { get; set; }

        public long BudgetFrom { get; set; }

        public int Judged { get; set; }
    }

    private sealed class Dice(RandomSource random) : Entropy
    {
        public override void Fill(Span<byte> destination) => random.Fill(destination);
    }
}
