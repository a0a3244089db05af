namespace Dapari.Relay.Limits;

/// <summary>Counts allocations and kept ports for each credential's id and in all. May be used from any thread.</summary>
internal sealed class Ledger(RelayOptions options)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Account> _accounts = new(StringComparer.Ordinal);
    private int _total;

    public int Total => Volatile.Read(ref _total);

    public int Accounts
    {
        get
        {
            lock (_lock)
                return _accounts.Count;
        }
    }

    /// <summary>Counts <paramref name="count"/> more.</summary>
    public Charge TryCharge(string id, int count, out Account? account)
    {
        lock (_lock)
        {
            account = null;
            if (_total + count > options.Allocations)
                return Charge.AllFull;
            if (!_accounts.TryGetValue(id, out var found))
            {
                ForgetIdle();
                found = new Account(id, options.BytesPerSecond);
                _accounts.Add(id, found);
            }

            if (found.Allocations + count > options.AllocationsPerCredential)
                return Charge.CredentialFull;
            found.Allocations += count;
            _total += count;
            account = found;
            return Charge.Done;
        }
    }

    public void Return(Account account, int count)
    {
        lock (_lock)
        {
            account.Allocations -= count;
            _total -= count;
        }
    }

    // An idle account is remembered, or giving back and asking anew would refill its bucket; but not more of them than there may be live ones.
    private void ForgetIdle()
    {
        if (_accounts.Count < 2 * options.Allocations)
            return;
        foreach (var idle in _accounts.Values.Where(account => account.Allocations == 0).ToArray())
            _accounts.Remove(idle.Id);
    }
}

/// <summary>What came of counting.</summary>
internal enum Charge
{
    /// <summary>Counted.</summary>
    Done = 0,

    /// <summary>The credential has all it may.</summary>
    CredentialFull,

    /// <summary>The relay has all it may.</summary>
    AllFull,
}
