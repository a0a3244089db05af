using System.Collections.Concurrent;
using Dapari.Server.Admin;
using Dapari.Server.Blobs;
using Dapari.Server.Limits;
using Dapari.Server.Offices;
using Dapari.Server.Options;
using Dapari.Server.Push;
using Dapari.Server.Relays;
using Dapari.Server.Storage.Operations;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Connections;

/// <summary>What all connections share: who is connected, which connection has which mailbox, and how many there may be.</summary>
internal sealed class Hub : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<AddressKey, int> _perAddress = [];
    private readonly ConcurrentDictionary<Connection, byte> _connections = [];
    private readonly ConcurrentDictionary<long, OwnerSlot> _owners = [];
    private readonly ConcurrentDictionary<PrekeyStoreId, Connection> _prekeyOwners = [];
    private readonly ITimer _tick;
    private ServerOptions _options;
    private int _total;
    private bool _goingAway;
    private long _turns;

    public Hub(ServerOptions options, ServerClock clock, RandomSource random, IPostOffice office, RelayAccessDesk relay, BlobStore blobs, ILogger logger)
    {
        _options = options;
        Clock = clock;
        Random = random;
        Office = office;
        Relay = relay;
        Blobs = blobs;
        Logger = logger;
        Limits = new RateLimits(options.Rates, clock.Time);
        Budget = new OutboxBudget(options.AllSendQueuesBytes);
        office.Attach(this);
        _tick = clock.Time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    /// <summary>As they are now: the operator changes some while the server runs.</summary>
    public ServerOptions Options
    {
        get => Volatile.Read(ref _options);
        set => Volatile.Write(ref _options, value);
    }

    /// <summary>Who is let in.</summary>
    public required ServerRules Rules { get; init; }

    public ServerClock Clock { get; }

    public RandomSource Random { get; }

    public IPostOffice Office { get; }

    public RelayAccessDesk Relay { get; }

    public BlobStore Blobs { get; }

    public ILogger Logger { get; }

    public RateLimits Limits { get; }

    public OutboxBudget Budget { get; }

    /// <summary>What is counted for the operator.</summary>
    public ServerMeters Meters { get; } = new();

    /// <summary>Wakes devices whose app is closed; null: nobody is woken.</summary>
    public PushDesk? Pushes { get; set; }

    /// <summary>Everybody has been told to come back later.</summary>
    public bool IsGoingAway => Volatile.Read(ref _goingAway);

    public int ConnectionCount => _connections.Count;

    /// <summary>Whether the address may have one more connection now. Each true needs a <see cref="Leave"/>.</summary>
    public bool TryEnter(AddressKey address)
    {
        if (!Limits.Connections.TryTake(address, out _))
            return false;
        lock (_gate)
        {
            var here = _perAddress.GetValueOrDefault(address);
            if (_goingAway || here >= Options.ConnectionsPerAddress || _total >= Options.MaxConnections)
                return false;
            _perAddress[address] = here + 1;
            _total++;
            return true;
        }
    }

    public void Leave(AddressKey address)
    {
        lock (_gate)
        {
            _total--;
            if (--_perAddress[address] == 0)
                _perAddress.Remove(address);
        }
    }

    public void Add(Connection connection)
    {
        _connections[connection] = 0;
        if (Volatile.Read(ref _goingAway)) // It came while all others were told.
            connection.GoAway(ComeBackAfterMs(1));
    }

    public void Remove(Connection connection) => _connections.TryRemove(connection, out _);

    /// <summary>For an opening that begins now.</summary>
    public long NextTurn() => Interlocked.Increment(ref _turns);

    /// <summary>
    /// Gives a mailbox to a connection; another one that had it is told and loses it. One that asked later keeps it: it is the same peer, which gave this connection up while its opening
    /// was waiting for something.
    /// </summary>
    public void Take(OwnerSlot slot)
    {
        OwnerSlot? loser = null;
        Pushes?.Forget(slot.Number);
        _owners.AddOrUpdate(
            slot.Number,
            _ =>
            {
                loser = null;
                return slot;
            },
            (_, present) =>
            {
                loser = present.Turn > slot.Turn ? slot : present;
                return loser == slot ? present : slot;
            });
        if (loser is null)
            return;
        loser.Deliveries.Close(loser);
        if (loser == slot || loser.Owner != slot.Owner)
            loser.Owner.Taken(loser);
    }

    public void Release(OwnerSlot slot)
    {
        _owners.TryRemove(KeyValuePair.Create(slot.Number, slot));
        slot.Deliveries.Close(slot);
    }

    /// <summary>The mailbox is gone: nobody has it.</summary>
    public void Forget(long mailbox)
    {
        if (_owners.TryRemove(mailbox, out var slot))
            slot.Deliveries.Close(slot);
    }

    /// <summary>Another machine delivers the mailbox from now on; its connection here hears that it lost it.</summary>
    public void TakeAway(long mailbox)
    {
        if (!_owners.TryRemove(mailbox, out var slot))
            return;
        slot.Deliveries.Close(slot);
        slot.Owner.Taken(slot);
    }

    /// <summary>The mailbox cannot be delivered from here any more, and nobody knows from where: its owner has to come again.</summary>
    public void Drop(long mailbox)
    {
        if (!_owners.TryRemove(mailbox, out var slot))
            return;
        slot.Deliveries.Close(slot);
        slot.Owner.Abort();
    }

    /// <summary>Gives a post to a connected owner before it is written, if none of its sender's is on its way to the file.</summary>
    public void OfferToOwner(SenderSlot sender, PostOperation post)
    {
        var owner = Owner(post.Number);
        post.IsOwnerThere = owner is not null;
        if (owner is null || !sender.IsClear || !owner.Deliveries.TryHandOver(owner, post, Office.PatienceTicks))
            sender.Queued();
    }

    /// <summary>A post came to its end, and its sender was told: a connected owner gets it, unless it had it before.</summary>
    public void Settle(SenderSlot sender, PostOperation post, bool stored)
    {
        if (stored && post.Refusal == Refusal.Unspecified && post.Sequence != 0)
        {
            if (Owner(post.Number) is { } owner)
                owner.Deliveries.Posted(owner, post);
            else if (!post.IsAcknowledged && !post.WasForwarded)
                Pushes?.Posted(post.Number);
        }

        if (post.Holder is OwnerSlot holder)
        {
            holder.Deliveries.Settled(holder, post);
            post.Mailbox!.Settled();
        }
        else if (!post.WasForwarded)
        {
            if (post.Sequence != 0)
                post.Mailbox!.Announced();
            sender.Completed();
        }
    }

    /// <summary>False: the owner is not connected here.</summary>
    public bool DeliverLive(long mailbox, Live live)
    {
        var owner = Owner(mailbox);
        owner?.Owner.DeliverLive(new ServerFrame { LiveDeliver = new LiveDeliver { MailboxId = live.MailboxId, Envelope = live.Envelope } });
        return owner is not null;
    }

    /// <summary>Connections from addresses that are blocked now end, and mailboxes that are have nobody.</summary>
    public void EndBlocked()
    {
        foreach (var (connection, _) in _connections)
        {
            if (Rules.IsBlocked(connection.RemoteAddress))
                connection.Abort();
        }

        foreach (var (_, slot) in _owners)
        {
            if (Rules.IsBlocked(slot.Id))
                Release(slot);
        }
    }

    public OwnerSlot? Owner(long mailbox) => _owners.GetValueOrDefault(mailbox);

    public void TakePrekeyStore(PrekeyStoreId store, Connection connection) => _prekeyOwners[store] = connection;

    public void ReleasePrekeyStore(PrekeyStoreId store, Connection connection) => _prekeyOwners.TryRemove(KeyValuePair.Create(store, connection));

    /// <summary>Tells the owner's connection that few prekeys are left.</summary>
    public void TellPrekeyCount(PrekeyStoreId store, int oneTime, int kem)
    {
        if (_prekeyOwners.TryGetValue(store, out var owner))
            owner.Send(new ServerFrame { PrekeyCount = new PrekeyCount { StoreId = store.ToByteString(), OneTime = (uint)oneTime, OneTimeKem = (uint)kem } });
    }

    /// <summary>Tells everybody when to come back, spread out, and closes; done when all have gone or the time is over.</summary>
    public async Task GoAwayAsync(TimeSpan patience)
    {
        lock (_gate)
            _goingAway = true;
        var connections = _connections.Keys.ToArray();
        foreach (var connection in connections)
            connection.GoAway(ComeBackAfterMs(connections.Length));
        try
        {
            await Task.WhenAll(connections.Select(c => c.Ended)).WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            foreach (var connection in connections)
                connection.Abort();
        }
    }

    public void Dispose() => _tick.Dispose();

    /// <summary>Between half a second and two, and two milliseconds more for each connection: the crowd returns at 500 a second.</summary>
    private uint ComeBackAfterMs(int connections)
    {
        var spread = (uint)Math.Min(60_000, 1500 + connections * 2);
        return 500 + BitConverter.ToUInt32(Random.Bytes(4)) % spread;
    }

    private void Tick()
    {
        Office.Tick();
        foreach (var (connection, _) in _connections)
            connection.CheckDeadlines();
    }
}
