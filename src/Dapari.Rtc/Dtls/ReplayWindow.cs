namespace Dapari.Rtc.Dtls;

/// <summary>Which records of an epoch were taken (RFC 6347 §4.1.2.6), for the last 1,024: at full speed a few hundred packets may overtake each other.</summary>
internal sealed class ReplayWindow
{
    public const int Size = 1024;

    private readonly ulong[] _taken = new ulong[Size / 64];
    private ulong _newest;
    private bool _any;

    /// <summary>Whether a record of this number may still be taken.</summary>
    public bool IsFresh(ulong sequence)
    {
        if (!_any || sequence > _newest)
            return true;
        return _newest - sequence < Size && (_taken[Word(sequence)] & Bit(sequence)) == 0;
    }

    /// <summary>Counts one that was authentic.</summary>
    public void Take(ulong sequence)
    {
        if (!_any || sequence > _newest)
        {
            // What lies between belongs to the new window and was not taken.
            var ahead = _any ? sequence - _newest : Size;
            if (ahead >= Size)
                Array.Clear(_taken);
            else
            {
                for (var passed = _newest + 1; passed < sequence; passed++)
                    _taken[Word(passed)] &= ~Bit(passed);
            }

            (_newest, _any) = (sequence, true);
        }

        _taken[Word(sequence)] |= Bit(sequence);
    }

    private static int Word(ulong sequence) => (int)((sequence % Size) / 64);

    private static ulong Bit(ulong sequence) => 1UL << (int)(sequence % 64);
}
