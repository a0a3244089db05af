namespace Dapari.Wire.Files;

/// <summary>Hashes a chunk: <see cref="FileHash.Leaf"/>, or the platform's own way to the same.</summary>
/// <param name="chunk">1 to <see cref="FileShape.ChunkBytes"/> bytes; the caller's again after the call.</param>
public delegate TreeHash ChunkDigest(ReadOnlySpan<byte> chunk);

/// <summary>Makes a file's id from its bytes, given in any pieces. Keeps one chunk and a <see cref="TreeBuilder"/>: under 300 KiB. One owner.</summary>
/// <param name="digest">Hashes a chunk; null: <see cref="FileHash.Leaf"/>.</param>
/// <param name="page">Takes each finished page of hashes, see <see cref="TreeBuilder"/>.</param>
public sealed class FileHasher(ChunkDigest? digest = null, Action<TreePage, ReadOnlySpan<byte>>? page = null)
{
    private readonly TreeBuilder _tree = new(page);
    private readonly ChunkDigest _digest = digest ?? FileHash.Leaf;
    private byte[]? _rest;
    private int _kept;

    /// <summary>Bytes taken so far.</summary>
    public long Size { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    /// <exception cref="InvalidOperationException">The file is finished, or larger than <see cref="FileShape.MaxSize"/>.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > FileShape.MaxSize - Size)
            throw new InvalidOperationException("The file is larger than a file may be.");
        Size += bytes.Length;
        while (!bytes.IsEmpty)
        {
            // A whole chunk in one piece is hashed where it lies.
            if (_kept == 0 && bytes.Length >= FileShape.ChunkBytes)
            {
                _tree.Add(_digest(bytes[..FileShape.ChunkBytes]));
                bytes = bytes[FileShape.ChunkBytes..];
                continue;
            }

            _rest ??= new byte[FileShape.ChunkBytes];
            var taken = Math.Min(bytes.Length, FileShape.ChunkBytes - _kept);
            bytes[..taken].CopyTo(_rest.AsSpan(_kept));
            bytes = bytes[taken..];
            _kept += taken;
            if (_kept == FileShape.ChunkBytes)
                Cut();
        }
    }

    /// <summary>No bytes follow: the file's id.</summary>
    /// <exception cref="InvalidOperationException">It was finished before.</exception>
    public FileId Finish()
    {
        if (_kept > 0)
            Cut();
        return new FileId(_tree.Finish(), new FileShape(Size));
    }

    private void Cut()
    {
        _tree.Add(_digest(_rest.AsSpan(0, _kept)));
        _kept = 0;
    }
}
