using Dapari.Server.Storage.Journal;

namespace Dapari.Server.Storage.Operations;

/// <summary>The store at one moment: a reading transaction of the database, and the journal's segments, which grow no more and stay until the copy ends.</summary>
internal sealed record CopyMoment(Database Database, IReadOnlyList<JournalSegment> Segments);

/// <summary>Holds the store's present state for a copy. Whoever gets it disposes of the database and sends an <see cref="EndCopyOperation"/>.</summary>
internal sealed class BeginCopyOperation(string database) : MailboxOperation<CopyMoment>
{
    public override bool IsQuestion => true;

    public override void Publish(MailboxStore store)
    {
        var snapshot = Database.Open(database, readOnly: true);
        try
        {
            // A reading transaction sees what the last commit left from its first read on.
            snapshot.Execute("BEGIN");
            snapshot.Scalar("SELECT settled FROM journal");
            Result = new CopyMoment(snapshot, store.BeginCopy());
        }
        catch (StorageException)
        {
            snapshot.Dispose();
            throw;
        }
    }
}

/// <summary>Brings everything from the journal to the database: for a copy that needs no journal, or an older build.</summary>
internal sealed class SettleAllOperation : MailboxOperation<bool>
{
    public override bool IsQuestion => true;

    public override void Publish(MailboxStore store)
    {
        store.SettleAll();
        Result = true;
    }
}

/// <summary>Segments that were settled while they were copied may go.</summary>
internal sealed class EndCopyOperation : MailboxOperation
{
    public override bool IsQuestion => true;

    public override void Publish(MailboxStore store) => store.EndCopy();

    public override void Complete(bool stored)
    {
    }
}
