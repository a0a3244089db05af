using Dapari.Server.Storage;
using Dapari.Server.Storage.Journal;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Server.Tests.Stores;

/// <summary>A store without server and threads: a real database in a folder, a journal on a disk in memory, and small limits, so that everything happens soon.</summary>
internal sealed class StoreWorkbench : IDisposable
{
    public static readonly StoreLimits Small = new(SegmentBytes: 8 * 1024, CalmSegments: 2, MostSegments: 6, CalmEnvelopes: 40, MostEnvelopes: 120, Mailboxes: 3);

    private readonly StoreLimits _limits;
    private readonly List<string> _folders = [];
    private Readers? _readers;

    public StoreWorkbench(PowerCutFolder disk, StoreLimits? limits = null)
    {
        Disk = disk;
        _limits = limits ?? Small;
        _folders.Add(Directory.CreateTempSubdirectory("dapari-store-").FullName);
        Open();
    }

    public PowerCutFolder Disk { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));

    public WriteSession Session { get; private set; } = null!;

    public MailboxStore Store { get; private set; } = null!;

    private string Database => Path.Combine(_folders[^1], "dapari.db");

    /// <summary>A mailbox's number.</summary>
    public long NewMailbox()
    {
        Session.Begin();
        var number = Session.InsertMailbox(RandomSource.System.Bytes(16), new byte[32], new byte[32]);
        Session.Commit();
        return number;
    }

    public static PostOperation Post(long mailbox, byte[] id, byte[] envelope, int quota = 1000) =>
        new(mailbox, ByteString.CopyFrom(id), ByteString.CopyFrom(envelope), new MailboxQuota(1 << 24, quota), (_, _) => { }) { Request = 1 };

    public static AcknowledgeOperation Acknowledge(long mailbox, params ulong[] sequences) => new(mailbox, sequences, (_, _) => { }) { Request = 1 };

    public void Run(params MailboxOperation[] operations)
    {
        Store.Run([.. operations.Where(o => o.TryBegin(Store))]);
        foreach (var operation in operations)
        {
            operation.Complete(operation.IsKept);
            if (operation is PostOperation { Sequence: > 0, Mailbox: { } mailbox })
                mailbox.Announced();
        }
    }

    /// <summary>All that a mailbox holds, read in portions.</summary>
    public async Task<List<EnvelopeRow>> ReadAsync(long mailbox, int portion = 7)
    {
        var all = new List<EnvelopeRow>();
        while (true)
        {
            var rows = await Store.AfterAsync(_readers!, mailbox, all.Count == 0 ? 0 : all[^1].Sequence, portion, 3000, TestContext.Current.CancellationToken);
            if (rows.Count == 0)
                return all;
            all.AddRange(rows);
        }
    }

    public async Task<UsageOutcome> UsageAsync(long mailbox)
    {
        var usage = new UsageOperation(mailbox);
        Run(usage);
        return await usage.Completion;
    }

    /// <summary>All that there is to settle goes to the database.</summary>
    public void Settle()
    {
        while (Store.WantsStep)
            Store.Step();
    }

    /// <summary>The process is gone without a word: the database's files as they are, the journal as <paramref name="leave"/> leaves it; then a new start.</summary>
    public void Restart(Action<PowerCutFolder> leave)
    {
        var next = Directory.CreateTempSubdirectory("dapari-store-").FullName;
        foreach (var file in Directory.GetFiles(_folders[^1]).Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(next, Path.GetFileName(file)));
        Store?.Dispose();
        Session.Dispose();
        _readers?.Dispose();
        _folders.Add(next);
        leave(Disk);
        Open();
    }

    public void Dispose()
    {
        Store?.Dispose();
        Session.Dispose();
        _readers?.Dispose();
        foreach (var folder in _folders)
            Directory.Delete(folder, true);
    }

    private void Open()
    {
        Session = new WriteSession(Database, 0, new ServerClock(Time));
        _readers = new Readers(Database, 1);
        Store = new MailboxStore(new MailboxJournal(Disk, _limits.SegmentBytes, RandomSource.System), Session, _limits);
    }
}
