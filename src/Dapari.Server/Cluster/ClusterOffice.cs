using System.Collections.Concurrent;
using System.Diagnostics;
using Dapari.Server.Connections;
using Dapari.Server.Offices;
using Dapari.Server.Storage;
using Dapari.Server.Telemetry;
using Dapari.Wire;
using Npgsql;
using Orleans.Serialization;

namespace Dapari.Server.Cluster;

/// <summary>
/// The office of a machine in a cluster. A mailbox is a grain (Orleans says which machine has it, and gives it to another when that one dies); what is kept is in PostgreSQL; posts and
/// deliveries go by the machines' own ways:
/// 1. a mailbox comes to the machine that its owner is connected to, so everything between owner and mailbox happens within one process;
/// 2. who posts from the same machine goes straight to it, who posts from another goes through that machine's desk, many posts in a parcel;
/// 3. each machine's writers make the posts of many mailboxes durable in one transaction, which checks that the mailboxes are still its own.
/// </summary>
internal sealed partial class ClusterOffice : IPostOffice, IAsyncDisposable
{
    /// <summary>Writers of one machine; a mailbox belongs to one of them.</summary>
    private const int Writers = 2;

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    private readonly ClusterServing _serving;
    private readonly ILogger _logger;
    private readonly NpgsqlDataSource _database;
    private readonly PostgresRows _rows;
    private readonly PostgresWriter[] _writers;
    private readonly ConcurrentDictionary<long, ClusterMailbox> _mailboxes = [];
    private readonly ConcurrentDictionary<long, FarMailbox> _far = [];
    private readonly ConcurrentDictionary<SiloAddress, FarLane> _lanes = [];
    private IHost? _orleans;
    private IGrainFactory? _grains;
    private DeskClient? _desks;
    private IClusterMembershipService? _members;
    private Hub? _hub;
    private int _ticks;
    private int _disposed;

    public ClusterOffice(ClusterServing serving, NpgsqlDataSource database, ServerClock clock, ILogger logger)
    {
        _serving = serving;
        _database = database;
        _logger = logger;
        _rows = new PostgresRows(database, clock);
        _writers = [.. Enumerable.Range(0, Writers).Select(_ => new PostgresWriter(database, clock, serving.Patience, Commits, Lose, logger))];
    }

    /// <summary>This machine, as the others know it.</summary>
    public SiloAddress Silo { get; private set; } = SiloAddress.Zero;

    /// <summary>Never a test's: Orleans' own time is the system's.</summary>
    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>How long a post waits for a mailbox to be found.</summary>
    public TimeSpan Patience => _serving.Patience;

    public Hub Hub => _hub!;

    public bool IsFailing => Array.Exists(_writers, w => w.IsFailing);

    public CommitTimes Commits { get; } = new();

    public bool BreaksOnFailure => true;

    public long PatienceTicks => Math.Max(Stopwatch.Frequency / 500, _writers.Max(w => w.CommitTicks));

    /// <summary>Mailboxes that this machine has.</summary>
    public int Mailboxes => _mailboxes.Count;

    public void Attach(Hub hub) => _hub = hub;

    /// <summary>Orleans runs.</summary>
    public void Begin(IHost orleans, SiloAddress silo)
    {
        Silo = silo;
        _grains = orleans.Services.GetRequiredService<IGrainFactory>();
        _desks = orleans.Services.GetRequiredService<DeskClient>();
        _members = orleans.Services.GetRequiredService<IClusterMembershipService>();
        _orleans = orleans;
    }

    public void Tick()
    {
        foreach (var writer in _writers)
            writer.Tick();
        if (++_ticks % 60 != 0)
            return;
        foreach (var (number, mailbox) in _mailboxes)
        {
            if (Stopwatch.GetElapsedTime(mailbox.UsedAt) >= Idle && _hub!.Owner(number) is null)
                mailbox.Context.Deactivate(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Nothing happened here."));
        }

        foreach (var (number, far) in _far)
        {
            if (far.TryPutAway(Idle))
                _far.TryRemove(KeyValuePair.Create(number, far));
        }

        foreach (var (silo, lane) in _lanes)
        {
            if (IsEnding(silo) && _lanes.TryRemove(KeyValuePair.Create(silo, lane)))
                lane.Dispose();
        }
    }

    /// <summary>The grain's: this machine takes a mailbox. Null: there is none.</summary>
    public async Task<ClusterMailbox?> TakeAsync(Guid id, IGrainContext context, CancellationToken cancellation)
    {
        MailboxId.TryRead(id.ToByteArray(), out var mailboxId);
        var taken = await _rows.TakeMailboxAsync(mailboxId, cancellation);
        if (taken is not { } row)
            return null;
        var state = new MailboxState(row.Number) { NextSequence = row.Reserved - PostgresBatch.Reservation + 1, ReservedThrough = row.Reserved };
        state.Reserve();
        state.Acknowledged(row.Acknowledged);
        state.Settle(row.Envelopes, row.Bytes);
        var mailbox = new ClusterMailbox(mailboxId, row.Number, row.Epoch, state, context) { UsedAt = Stopwatch.GetTimestamp() };
        _mailboxes[row.Number] = mailbox;
        _hub!.Pushes?.Forget(row.Number);
        return mailbox;
    }

    /// <summary>The grain's: the mailbox goes elsewhere. Who is inside is waited for, who comes goes after it.</summary>
    /// <param name="mailbox">What it has.</param>
    /// <param name="isTaken">Its owner has connected to another machine; else a connection here has to come again.</param>
    /// <param name="cancellation">The time is over.</param>
    public async Task LetGoAsync(ClusterMailbox mailbox, bool isTaken, CancellationToken cancellation)
    {
        try
        {
            if (isTaken)
                _hub!.TakeAway(mailbox.Number);
            else
                _hub!.Drop(mailbox.Number);
            await mailbox.CloseAsync().WaitAsync(cancellation);
            if (!mailbox.IsLost)
                await _rows.LetMailboxGoAsync(mailbox, cancellation);
        }
        catch (Exception e) when (PostgresRows.IsFault(e) || e is StorageException or OperationCanceledException)
        {
            NotLetGo(_logger, e.Message); // Marks of the last second are lost, and sequences that nobody misses.
        }
        finally
        {
            mailbox.Lose();
            _mailboxes.TryRemove(KeyValuePair.Create(mailbox.Number, mailbox));
            mailbox.SetGone();
        }
    }

    /// <summary>Whether this machine has the mailbox under that epoch.</summary>
    public bool Has(long number, long epoch) => _mailboxes.TryGetValue(number, out var mailbox) && mailbox.Epoch == epoch && !mailbox.IsLost;

    /// <summary>The mailbox, entered: <see cref="ClusterMailbox.Exit"/> is owed.</summary>
    public bool TryEnter(long number, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ClusterMailbox? mailbox) =>
        _mailboxes.TryGetValue(number, out mailbox) && mailbox.TryEnter();

    /// <summary>Completes when nobody is inside a mailbox of this machine that is leaving; at once where it is not here, or stays.</summary>
    public Task LeavingAsync(long number) => _mailboxes.TryGetValue(number, out var mailbox) && mailbox.IsClosing ? mailbox.CloseAsync() : Task.CompletedTask;

    /// <summary>Asks the grain where it is. Null: it cannot be said now.</summary>
    public async Task<MailboxPlace?> TryLocateAsync(MailboxId id)
    {
        try
        {
            return await Grain(id).LocateAsync();
        }
        catch (Exception e) when (IsOrleansFault(e))
        {
            NotFound(_logger, e);
            return null;
        }
    }

    /// <summary>The machine has ended, or is ending.</summary>
    public bool IsEnding(SiloAddress silo) => _members!.CurrentSnapshot.GetSiloStatus(silo).IsTerminating();

    public IMailboxGrain Grain(MailboxId id) => _grains!.GetGrain<IMailboxGrain>(new Guid(id.ToArray()));

    public FarLane Lane(SiloAddress silo) => _lanes.GetOrAdd(silo, s => new FarLane(_desks!.At(s), Silo, _logger));

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        if (_orleans is not null)
        {
            await _orleans.StopAsync(); // Every mailbox is let go.
            if (_orleans is IAsyncDisposable orleans)
                await orleans.DisposeAsync();
        }

        foreach (var lane in _lanes.Values)
            lane.Dispose();
        foreach (var writer in _writers)
            await writer.DisposeAsync();
        await _database.DisposeAsync();
    }

    private PostgresWriter Writer(long number) => _writers[number % Writers];

    /// <summary>Another machine has it, or nobody knows what of it is kept. Its owner here has to come again; whoever posts looks for it.</summary>
    private void Lose(ClusterMailbox mailbox)
    {
        if (mailbox.IsTaken)
            Lost(_logger);
        _hub!.Drop(mailbox.Number);
        _mailboxes.TryRemove(KeyValuePair.Create(mailbox.Number, mailbox));
        mailbox.Context.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, "The mailbox has to be taken anew."));
    }

    /// <summary>What a call of another machine may end with, exceptions of newer builds that this one does not know among them.</summary>
    public static bool IsOrleansFault(Exception e) =>
        e is OrleansException or SerializerException or UnavailableExceptionFallbackException or TimeoutException or StorageException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException || PostgresRows.IsFault(e);

    [LoggerMessage(EventId = 1521, Level = LogLevel.Warning, Message = "Another machine has taken a mailbox of this one; nothing of it is written here any more.")]
    private static partial void Lost(ILogger logger);

    [LoggerMessage(EventId = 1522, Level = LogLevel.Debug, Message = "A mailbox was let go without a last word ({Detail}).")]
    private static partial void NotLetGo(ILogger logger, string detail);

    [LoggerMessage(EventId = 1523, Level = LogLevel.Debug, Message = "A mailbox could not be found now.")]
    private static partial void NotFound(ILogger logger, Exception exception);
}
