using System.Collections.Concurrent;
using Dapari.Node.Files.Storage;
using Dapari.Wire;

namespace Dapari.Node.Files;

/// <summary>The sources and destinations that are open, each in a folder of its own under its transfer's number. Safe for threads.</summary>
/// <param name="folder">Where those folders are.</param>
/// <param name="news">What is told of them.</param>
internal sealed class FileBooks(string folder, IFileNews news) : IDisposable
{
    private readonly ConcurrentDictionary<TransferId, SourceFiles> _sources = new();
    private readonly ConcurrentDictionary<TransferId, Destination> _destinations = new();

    /// <summary>What is told.</summary>
    public IFileNews News => news;

    /// <summary>The folder of a transfer.</summary>
    public string FolderOf(TransferId transfer) => Path.Combine(folder, transfer.ToString());

    /// <summary>What is served; null: it is not open.</summary>
    public SourceFiles? Source(TransferId transfer) => _sources.GetValueOrDefault(transfer);

    /// <summary>Where chunks are kept; null: it is not open.</summary>
    public Destination? Destination(TransferId transfer) => _destinations.GetValueOrDefault(transfer);

    /// <summary>In place of one that may be open.</summary>
    public void Put(TransferId transfer, SourceFiles source)
    {
        Close(transfer);
        _sources[transfer] = source;
    }

    /// <summary>In place of one that may be open.</summary>
    public void Put(TransferId transfer, Destination destination)
    {
        Close(transfer);
        _destinations[transfer] = destination;
    }

    /// <summary>Lets go of a transfer's files.</summary>
    public void Close(TransferId transfer)
    {
        if (_sources.TryRemove(transfer, out var source))
            source.Dispose();
        if (_destinations.TryRemove(transfer, out var destination))
            destination.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var transfer in _sources.Keys.Concat(_destinations.Keys))
            Close(transfer);
    }
}
