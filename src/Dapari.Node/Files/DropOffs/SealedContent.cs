using System.Net;
using Dapari.Node.Files.Storage;
using Dapari.Wire.Files;

namespace Dapari.Node.Files.DropOffs;

/// <summary>
/// A part of a blob as the body of a request: read, held to the tree, sealed and sent a unit at a time. What the tree does not know is never sealed: one key and number never seal two
/// different chunks.
/// </summary>
/// <param name="plan">Where everything lies.</param>
/// <param name="seal">Owned by the caller.</param>
/// <param name="source">What is read.</param>
/// <param name="offset">From here.</param>
/// <param name="length">So many bytes.</param>
internal sealed class SealedContent(DropOffPlan plan, DropOffSeal seal, SourceFiles source, long offset, long length) : HttpContent
{
    /// <summary>Why it could not be read, if that ended the request.</summary>
    public SourceFault? Fault { get; private set; }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var plain = new byte[FileShape.ChunkBytes];
        var unit = new byte[FileShape.ChunkBytes + DropOffLayout.TagBytes];
        var (at, end) = (offset, offset + length);
        try
        {
            foreach (var run in plan.Runs)
            {
                if (at >= end)
                    break;
                if (run.ChunkEnd(run.End - 1) <= at)
                    continue;
                if (run.Pages > 0 && at < run.ChunkOffset(run.First))
                {
                    byte[] pages = [.. source.Pages(run.Item, run.First).SelectMany(page => page.Hashes)];
                    at = await SendAsync(stream, run.Unit, run.Offset, pages, new byte[pages.Length + DropOffLayout.TagBytes], at, end, cancellationToken);
                }

                for (var chunk = run.First + run.WholeBelow(at); chunk < run.End && at < end; chunk++)
                {
                    var bytes = plain.AsMemory(0, run.Shape.ChunkLength(chunk));
                    source.ReadChecked(run.Item, chunk, bytes.Span);
                    at = await SendAsync(stream, run.ChunkUnit(chunk), run.ChunkOffset(chunk), bytes, unit, at, end, cancellationToken);
                }
            }
        }
        catch (SourceFault fault)
        {
            Fault = fault;
            throw new IOException("The source cannot be read as it was.", fault);
        }
    }

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length1)
    {
        length1 = length;
        return true;
    }

    private async Task<long> SendAsync(Stream stream, long number, long begin, ReadOnlyMemory<byte> plain, byte[] unit, long at, long end, CancellationToken cancellation)
    {
        seal.Seal(number, plain.Span, unit);
        var until = Math.Min(end, begin + plain.Length + DropOffLayout.TagBytes);
        await stream.WriteAsync(unit.AsMemory((int)(at - begin), (int)(until - at)), cancellation);
        return until;
    }
}
