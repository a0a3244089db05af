using System.Globalization;

namespace Dapari.Server.Storage.Journal;

/// <summary>One file of the journal. Written by the writer's thread alone; read from any.</summary>
/// <remarks>
/// <code>
/// "dapari journal 1" (16 bytes) | number (8, little-endian) | salt (8) | frames … | zeros to the end of what was set aside
/// frame: length of the records (4) | CRC-32C of the salt and of what follows (4) | number of the frame (8) | records
/// </code>
/// Frames are numbered through all segments without a gap: a hole is found, and what an earlier use of the disk's blocks left is none of ours. The salt is random:
/// nobody can post an envelope that looks like a frame.
/// </remarks>
internal sealed class JournalSegment(string name, long number, ulong salt, IJournalFile file) : IDisposable
{
    public const int HeaderLength = 32;
    public const int FrameHeaderLength = 16;
    private int _live;

    /// <summary>Opens every segment's file.</summary>
    public static ReadOnlySpan<byte> Magic => "dapari journal 1"u8;

    public string Name { get; } = name;

    /// <summary>From 1, without a gap.</summary>
    public long Number { get; } = number;

    public ulong Salt { get; } = salt;

    public IJournalFile File { get; } = file;

    /// <summary>Where the next frame begins.</summary>
    public long End { get; set; } = HeaderLength;

    /// <summary>Bytes that were set aside for it.</summary>
    public long Room { get; } = file.Length;

    /// <summary>Envelopes in it that wait in memory's index. Of the writer's thread.</summary>
    public int Live => _live;

    public void Enters() => _live++;

    public void Leaves() => _live--;

    public static string NameOf(long number) => number.ToString("d10", CultureInfo.InvariantCulture) + ".journal";

    /// <summary>False: not a segment's name.</summary>
    public static bool TryNumber(string name, out long number)
    {
        number = 0;
        return name.EndsWith(".journal", StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, name.Length - 8), NumberStyles.None, CultureInfo.InvariantCulture, out number) && name == NameOf(number);
    }

    public void Dispose() => File.Dispose();
}
