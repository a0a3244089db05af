namespace Dapari.Relay.Limits;

/// <summary>The bytes that an allocation took out of its account's bucket and has not spent: so the shared bucket is asked seldom.</summary>
internal struct Allowance
{
    private long _left;

    /// <summary>Spends <paramref name="bytes"/>; false when the account has no more now.</summary>
    public bool TrySpend(Account account, Direction direction, int bytes, long portion, long nowMs)
    {
        if (_left < bytes)
        {
            var taken = account.Take(direction, bytes - _left, portion, nowMs);
            if (taken == 0)
                return false;
            _left += taken;
        }

        _left -= bytes;
        return true;
    }
}
