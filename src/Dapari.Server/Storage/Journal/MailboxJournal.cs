using System.Buffers.Binary;
using Dapari.Wire;

namespace Dapari.Server.Storage.Journal;

/// <summary>How a commit ended.</summary>
internal enum CommitResult
{
    /// <summary>The frame is on the disk.</summary>
    Durable,

    /// <summary>Nothing was kept; there may be room again later.</summary>
    NoRoom,

    /// <summary>The disk failed in the middle: nobody knows what it kept, and nothing may be written any more.</summary>
    Broken,
}

/// <summary>One frame's records, and where in the segment they begin.</summary>
internal delegate void Replay(JournalSegment segment, ReadOnlySpan<byte> records, int start);

/// <summary>
/// The append-only journal: the truth about envelopes that are not in the database yet. One frame for each group of operations, one write, one sync. Of the writer's thread.
/// </summary>
/// <remarks>
/// 1. A frame goes to the place after the last one. If the write fails, the next frame goes to the same place: a half one is overwritten.
/// 2. The sync makes it durable. If that fails, the journal is broken for good (<see cref="CommitResult.Broken"/>): the system may have thrown the written pages away and
///    call them clean, so that a second sync would succeed and mean nothing. The process has to begin anew from what the disk has.
/// 3. A segment's room is taken when it is made. The last part of it is for removals alone: on a full disk posts are refused, and what is fetched still goes. If even that
///    part is used up, or a copy has closed the segment, a small one is made for removals, as long as the disk has room for that.
/// </remarks>
internal sealed class MailboxJournal : IDisposable
{
    private readonly IJournalFolder _folder;
    private readonly RandomSource _random;
    private readonly int _segmentBytes;
    private readonly int _removalBytes;
    private readonly LinkedList<JournalSegment> _segments = [];
    private JournalSegment? _active;
    private long _lastSegment;
    private long _nextFrame = 1;

    /// <param name="folder">Where the segments are.</param>
    /// <param name="segmentBytes">What is set aside for one. A single large frame may make it longer.</param>
    /// <param name="random">Makes the salts.</param>
    public MailboxJournal(IJournalFolder folder, int segmentBytes, RandomSource random)
    {
        _random = random;
        _folder = folder;
        _segmentBytes = segmentBytes;
        _removalBytes = segmentBytes / 16;
    }

    public JournalBatch Batch { get; } = new();

    public bool IsBroken { get; private set; }

    /// <summary>Segments, the one that is written to among them.</summary>
    public int SegmentCount => _segments.Count;

    /// <summary>The oldest segment that is not written to any more.</summary>
    public JournalSegment? Oldest => _segments.First?.Value is { } first && first != _active ? first : null;

    /// <summary>All segments, the oldest first.</summary>
    public IReadOnlyCollection<JournalSegment> Segments => _segments;

    /// <summary>
    /// Opens what is there and gives every frame's records to <paramref name="replay"/>, in order. Segments up to <paramref name="settled"/> are removed: all in them is in the
    /// database. What a crash left half written at the very end is passed over, and the next frame goes there: on a full disk there may be no room for another segment.
    /// </summary>
    /// <exception cref="StorageException">The disk has spoilt what was durable, or cannot be read.</exception>
    public void Recover(long settled, Replay replay)
    {
        try
        {
            var names = _folder.Names();
            var numbers = new List<long>();
            foreach (var name in names)
            {
                if (!JournalSegment.TryNumber(name, out var number))
                    continue;
                if (number > settled)
                    numbers.Add(number);
                else
                    _folder.Delete(name);
            }

            numbers.Sort();
            _lastSegment = Math.Max(settled, numbers.Count > 0 ? numbers[^1] : 0);
            var first = true;
            for (var i = 0; i < numbers.Count; i++)
            {
                var name = JournalSegment.NameOf(numbers[i]);
                if (numbers[i] != settled + 1 + i)
                    throw Spoilt(JournalSegment.NameOf(settled + 1 + i), "it is missing");
                var file = _folder.Open(name);
                var bytes = new byte[file.Length];
                file.Read(bytes, 0);
                if (!TryHeader(bytes, numbers[i], out var salt))
                {
                    file.Dispose();
                    if (i < numbers.Count - 1)
                        throw Spoilt(name, "its first bytes are not a segment's");
                    // The power went while it was made, before there was a frame in it.
                    _folder.Delete(name);
                    _lastSegment--;
                    break;
                }

                var segment = new JournalSegment(name, numbers[i], salt, file);
                _segments.AddLast(segment);
                ReplaySegment(segment, bytes, ref first, replay);
                // What the process before wrote may not have been synced when it was killed: from now on it is answered for.
                file.Sync();
            }

            _folder.SyncNames();
            _active = _segments.Last?.Value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(0, $"the journal cannot be read: {e.Message}");
        }
    }

    /// <summary>Makes the batch durable. Its bytes are at <paramref name="start"/> of <paramref name="segment"/> then.</summary>
    /// <param name="hasPosts">It keeps envelopes; otherwise it may use the part that is set aside for removals.</param>
    /// <param name="segment">Where it went.</param>
    /// <param name="start">At which byte.</param>
    /// <param name="detail">Why not.</param>
    public CommitResult Commit(bool hasPosts, out JournalSegment? segment, out long start, out string detail)
    {
        (segment, start, detail) = (null, 0, "");
        if (IsBroken)
        {
            detail = "the journal is broken";
            return CommitResult.Broken;
        }

        try
        {
            var active = SegmentFor(Batch.Length, hasPosts);
            active.File.Write(Batch.Seal(_nextFrame, active.Salt), active.End);
            (segment, start) = (active, active.End);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            detail = e.Message;
            return CommitResult.NoRoom;
        }

        try
        {
            segment.File.Sync();
        }
        catch (IOException e)
        {
            IsBroken = true;
            detail = e.Message;
            return CommitResult.Broken;
        }

        segment.End += Batch.Length;
        _nextFrame++;
        return CommitResult.Durable;
    }

    /// <summary>Nothing is appended to the present segment any more: a copy of what was durable before is whole.</summary>
    public void Roll() => _active = null;

    /// <summary>The oldest segment is settled in the database: it is no part of the journal any more. <see cref="Delete"/> removes its file.</summary>
    public void RemoveOldest() => _segments.RemoveFirst();

    /// <summary>Removes the file of a segment that is settled.</summary>
    public void Delete(JournalSegment segment)
    {
        segment.Dispose();
        try
        {
            // A removal that a power cut undoes, or that fails, is repeated at the next start: the database says what is settled.
            _folder.Delete(segment.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // So it is.
        }
    }

    public void Dispose()
    {
        foreach (var segment in _segments)
            segment.Dispose();
    }

    private JournalSegment SegmentFor(int bytes, bool hasPosts)
    {
        if (_active is { } active)
        {
            var room = active.Room - active.End;
            if (bytes <= room - (hasPosts ? _removalBytes : 0))
                return active;
            if (active.End == JournalSegment.HeaderLength && active.Room >= _segmentBytes)
                return active; // Larger than a segment: it grows.
        }

        try
        {
            return Make(_segmentBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (hasPosts || bytes > _removalBytes - JournalSegment.HeaderLength)
                throw;
            return Make(_removalBytes);
        }
    }

    private JournalSegment Make(int bytes)
    {
        var number = _lastSegment + 1;
        var salt = BinaryPrimitives.ReadUInt64LittleEndian(_random.Bytes(8));
        var name = JournalSegment.NameOf(number);
        var file = _folder.Create(name, bytes);
        try
        {
            Span<byte> header = stackalloc byte[JournalSegment.HeaderLength];
            JournalSegment.Magic.CopyTo(header);
            BinaryPrimitives.WriteInt64LittleEndian(header[16..], number);
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], salt);
            file.Write(header, 0);
            file.Sync();
            _folder.SyncNames();
        }
        catch (IOException)
        {
            file.Dispose();
            _folder.Delete(name);
            throw;
        }

        _lastSegment = number;
        _active = new JournalSegment(name, number, salt, file);
        _segments.AddLast(_active);
        return _active;
    }

    private void ReplaySegment(JournalSegment segment, ReadOnlySpan<byte> bytes, ref bool first, Replay replay)
    {
        var at = JournalSegment.HeaderLength;
        if (first && bytes.Length >= at + JournalSegment.FrameHeaderLength)
        {
            var number = BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 8)..]);
            if (number > 0 && JournalFrames.TryRead(bytes, at, number, segment.Salt, out _))
            {
                _nextFrame = number;
                first = false;
            }
        }

        while (JournalFrames.TryRead(bytes, at, _nextFrame, segment.Salt, out var records))
        {
            var start = at + JournalSegment.FrameHeaderLength;
            replay(segment, records, start);
            at = start + records.Length;
            _nextFrame++;
        }

        segment.End = at;
        // A later segment's first frame must be the next one; behind a torn frame there may be none.
        if (JournalFrames.IsAnyAfter(bytes, at, _nextFrame, segment.Salt))
            throw Spoilt(segment.Name, $"frame {_nextFrame} is damaged, and later ones are not");
    }

    private static bool TryHeader(ReadOnlySpan<byte> bytes, long number, out ulong salt)
    {
        salt = 0;
        if (bytes.Length < JournalSegment.HeaderLength || !bytes.StartsWith(JournalSegment.Magic) || BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) != number)
            return false;
        salt = BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        return true;
    }

    private static StorageException Spoilt(string name, string how) =>
        new(0, $"the journal's {name} is spoilt ({how}): put a backup in its place, or move the folder \"journal\" away and lose what is in it");
}
