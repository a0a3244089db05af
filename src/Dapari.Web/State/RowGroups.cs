namespace Dapari.Web.State;

/// <summary>Consecutive rows of a conversation that are drawn by one component.</summary>
/// <param name="Key">Stays while the group's first row stays.</param>
/// <param name="Rows">At least one.</param>
public sealed record RowGroup(string Key, IReadOnlyList<ChatRow> Rows);

/// <summary>
/// Cuts rows into groups, so that a change walks through the rows of its group only. Where a group begins is told by the row's own id, one of
/// sixteen: a row more or less at either end, or in the middle, leaves the other groups as they are.
/// </summary>
public static class RowGroups
{
    private const string FirstKey = "first";

    /// <summary>Cuts.</summary>
    /// <param name="rows">In conversation order.</param>
    /// <param name="former">The groups before: one whose rows are the same objects keeps its own.</param>
    public static List<RowGroup> Cut(IReadOnlyList<ChatRow> rows, IReadOnlyList<RowGroup> former)
    {
        var groups = new List<RowGroup>();
        var at = 0;
        for (var begin = 0; begin < rows.Count;)
        {
            var end = begin + 1;
            while (end < rows.Count && !Begins(rows[end])) end++;
            var key = Begins(rows[begin]) ? rows[begin].Id : FirstKey;
            var old = at;
            while (old < former.Count && former[old].Key != key) old++;
            if (old < former.Count) at = old + 1;
            groups.Add(old < former.Count && AreSame(former[old].Rows, rows, begin, end) ? former[old] : new RowGroup(key, [.. Slice(rows, begin, end)]));
            begin = end;
        }

        return groups;
    }

    private static bool Begins(ChatRow row) => row.Id[^1] == '0';

    private static IEnumerable<ChatRow> Slice(IReadOnlyList<ChatRow> rows, int begin, int end)
    {
        for (var i = begin; i < end; i++) yield return rows[i];
    }

    private static bool AreSame(IReadOnlyList<ChatRow> former, IReadOnlyList<ChatRow> rows, int begin, int end)
    {
        if (former.Count != end - begin) return false;
        for (var i = begin; i < end; i++)
        {
            if (!ReferenceEquals(former[i - begin], rows[i])) return false;
        }

        return true;
    }
}
