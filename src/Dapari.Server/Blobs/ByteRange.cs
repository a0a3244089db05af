using System.Globalization;

namespace Dapari.Server.Blobs;

/// <summary>What a Range header asks for.</summary>
internal enum RangeKind
{
    /// <summary>No range, or one that is ignored: the whole is asked for.</summary>
    Whole,

    Part,

    /// <summary>Nothing of it is there.</summary>
    Unsatisfiable,
}

/// <summary>A part of a drop-off, both ends included.</summary>
internal readonly record struct ByteRange(RangeKind Kind, long First, long Last)
{
    private static readonly ByteRange All = new(RangeKind.Whole, 0, 0);
    private static readonly ByteRange Nothing = new(RangeKind.Unsatisfiable, 0, 0);

    public long Count => Last - First + 1;

    /// <summary>
    /// RFC 9110 §14.2: another unit, a malformed range and several ranges are ignored, as a server may. Of a part whose end is not there yet, what is
    /// there is given: an answer may hold less than was asked for (§15.3.7), and says by Content-Range what it holds.
    /// </summary>
    /// <param name="header">The field's value; null: none.</param>
    /// <param name="size">The length of the whole; above 0.</param>
    /// <param name="there">How much of it, from its beginning, is there.</param>
    public static ByteRange Read(string? header, long size, long there)
    {
        const string Unit = "bytes=";
        if (header is null || !header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
            return All;
        var range = header.AsSpan(Unit.Length).Trim(" \t");
        var dash = range.IndexOf('-');
        if (dash < 0)
            return All;

        long first;
        var last = size - 1;
        if (dash == 0)
        {
            // §14.1.2: the last so many; more than there are is all.
            if (!TryNumber(range[1..], out var suffix))
                return All;
            if (suffix == 0)
                return Nothing;
            first = Math.Max(0, size - suffix);
        }
        else
        {
            if (!TryNumber(range[..dash], out first))
                return All;
            if (dash + 1 < range.Length)
            {
                if (!TryNumber(range[(dash + 1)..], out var end) || end < first)
                    return All;
                last = Math.Min(last, end);
            }
        }

        return first < there ? new ByteRange(RangeKind.Part, first, Math.Min(last, there - 1)) : Nothing;
    }

    /// <summary>1*DIGIT. What does not fit is larger than any file.</summary>
    private static bool TryNumber(ReadOnlySpan<char> text, out long value)
    {
        value = long.MaxValue;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
            return false;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value))
            value = long.MaxValue;
        return true;
    }
}
