using Dapari.Node.Files.Channels;
using Dapari.Node.Files.Storage;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Node.Files.Lines;

/// <summary>
/// An open channel to a contact: what is served by it, and what may come. Each lane sends and takes by itself, so that hashing, sealing, reading and writing use as many cores as there are
/// lanes. Safe for threads.
/// </summary>
/// <param name="contact">Whose.</param>
/// <param name="channel">Owned from here on.</param>
/// <param name="books">Sources and destinations.</param>
/// <param name="control">Takes control messages.</param>
internal sealed class ContactLine(ContactId contact, IFileChannel channel, FileBooks books, Action<byte[]> control) : IFileReceiver, IDisposable
{
    private readonly ServingQueue _serving = new(channel.SendingLanes);
    private readonly ExpectedChunks _expected = new();
    private readonly Part?[] _parts = new Part?[channel.Lanes];
    // As the one that is written now and another that waits for it.
    private readonly BatchWriter _writer = new(spares: 2);
    private readonly ChunkBatch[] _batches = [.. Enumerable.Range(0, channel.Lanes).Select(_ => new ChunkBatch())];

    /// <summary>What may come.</summary>
    public ExpectedChunks Expected => _expected;

    /// <summary>What is to be sent.</summary>
    public ServingQueue Serving => _serving;

    /// <summary>Whether its bytes go by HTTPS now.</summary>
    public bool IsByHttps => channel.IsByHttps;

    /// <summary>Queues a control message; false: the channel is gone.</summary>
    public bool TrySendControl(ReadOnlyMemory<byte> message) => channel.TrySendControl(message);

    /// <summary>Carries both ways until the channel ends; never throws but a bug.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sending = Enumerable.Range(0, channel.SendingLanes).Select(lane => Task.Run(() => SendAsync(lane, ending.Token), CancellationToken.None)).ToList();
        var writing = Task.Run(_writer.RunAsync, CancellationToken.None);
        await channel.RunAsync(this, ending.Token);
        foreach (var batch in _batches)
        {
            batch.Hash();
            _writer.Add(batch);
        }

        _writer.Complete();
        await writing;
        await ending.CancelAsync();
        _serving.Close();
        channel.Dispose();
        await Task.WhenAll(sending);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _serving.Close();
        channel.Dispose();
    }

    /// <inheritdoc/>
    public void TakeControl(byte[] message) => control(message);

    /// <inheritdoc/>
    public Memory<byte> Room(int lane, int length) => _batches[lane].Room(length);

    /// <inheritdoc/>
    public bool IsBusy(int lane) => _batches[lane].Count > 0;

    /// <inheritdoc/>
    public async ValueTask RestAsync(int lane)
    {
        _batches[lane].Hash();
        _batches[lane] = await _writer.ExchangeAsync(_batches[lane]);
    }

    /// <inheritdoc/>
    public ValueTask TakeAsync(int lane, ReadOnlyMemory<byte> message)
    {
        // What is malformed, or nobody asked for, is thrown away: a look at a header each.
        if (!FileChannelCodec.TryRead(message.Span, out var read, out _, channel.PieceBytes) || books.Destination(read.Transfer) is not { } destination)
            return ValueTask.CompletedTask;
        if (read.Kind == FileMessageKind.Piece)
            return TakePiece(lane, destination, read) ? RestAsync(lane) : ValueTask.CompletedTask;
        if (read.Kind == FileMessageKind.Page && _expected.Any(read.Transfer, read.Item) is { } chunk && !destination.AddPage(read.Item, read.Page, read.Bytes))
            books.News.Wrong(read.Transfer, new ChunkRange { Item = read.Item, First = (uint)chunk, Count = 1 }, fromDropOff: false);
        return ValueTask.CompletedTask;
    }

    // True: with it the lane's batch is full.
    private bool TakePiece(int lane, Destination destination, FileMessage piece)
    {
        if (piece.Item >= destination.Place.Items.Count)
            return false;
        var length = destination.Place.Items[piece.Item].Shape.ChunkLength(piece.Chunk);
        if (piece.Offset == 0 && piece.Bytes.Length == length)
        {
            if (!_expected.TryTake(piece.Transfer, piece.Item, piece.Chunk))
                return false;
            // Only a lane with room of its own brings as much in one piece.
            if (length == FileShape.ChunkBytes)
                _batches[lane].Add(destination, piece.Item, piece.Chunk, channel.CarrierOf(lane));
            else
                destination.Take(piece.Item, piece.Chunk, piece.Bytes, channel.CarrierOf(lane));
            return _batches[lane].IsFull;
        }

        var part = _parts[lane];
        if (piece.Offset == 0)
        {
            if (!_expected.Has(piece.Transfer, piece.Item, piece.Chunk))
                return false;
            part = _parts[lane] = new Part(piece.Transfer, piece.Item, piece.Chunk, part?.Bytes ?? new byte[FileShape.ChunkBytes]);
        }

        if (part is null || part.Transfer != piece.Transfer || part.Item != piece.Item || part.Chunk != piece.Chunk || part.Filled != piece.Offset || part.Filled + piece.Bytes.Length > length)
            return false;
        piece.Bytes.CopyTo(part.Bytes.AsSpan(part.Filled));
        part.Filled += piece.Bytes.Length;
        if (part.Filled == length && _expected.TryTake(piece.Transfer, piece.Item, piece.Chunk))
            destination.Take(piece.Item, piece.Chunk, part.Bytes.AsSpan(0, length), channel.CarrierOf(lane));
        return false;
    }

    private async Task SendAsync(int lane, CancellationToken cancellation)
    {
        try
        {
            while (await _serving.TakeAsync(lane) is { } chunk)
            {
                var transfer = chunk.Of.Transfer;
                var item = (int)chunk.Of.Range.Item;
                try
                {
                    await SendAsync(lane, chunk, books.Source(transfer) ?? throw new SourceFault(item, changed: false), cancellation);
                }
                catch (SourceFault fault)
                {
                    _serving.Remove(transfer, item);
                    books.News.SourceFailed(transfer, item, fault.Changed);
                    continue;
                }

                if (_serving.Sent(chunk))
                    books.News.Served(contact, transfer, chunk.Of.Range);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // With one lane the channel is gone; what reads it tells.
            channel.Dispose();
        }
    }

    private async Task SendAsync(int lane, ServingQueue.Chunk chunk, SourceFiles source, CancellationToken cancellation)
    {
        var (transfer, item) = (chunk.Of.Transfer, (int)chunk.Of.Range.Item);
        if (item >= source.Place.Items.Count)
            throw new SourceFault(item, changed: false);
        if (chunk.Pages)
        {
            foreach (var (name, hashes) in source.Pages(item, chunk.Number))
            {
                var page = new byte[FileChannelCodec.PageHeader + hashes.Length];
                FileChannelCodec.WritePageHeader(page, transfer, (ushort)item, name);
                hashes.CopyTo(page.AsSpan(FileChannelCodec.PageHeader));
                await channel.SendAsync(lane, page, cancellation);
            }
        }

        var length = source.Place.Items[item].Shape.ChunkLength(chunk.Number);
        for (var offset = 0; offset < length; offset += channel.PieceBytes)
        {
            var bytes = Math.Min(channel.PieceBytes, length - offset);
            var piece = channel.SendingRoom(lane, FileChannelCodec.PieceHeader + bytes);
            FileChannelCodec.WritePieceHeader(piece.Span, transfer, (ushort)item, (uint)chunk.Number, offset);
            source.Read(item, (chunk.Number * FileShape.ChunkBytes) + offset, piece.Span[FileChannelCodec.PieceHeader..]);
            await channel.SendAsync(lane, piece, cancellation);
        }
    }

    private sealed class Part(TransferId transfer, int item, uint chunk, byte[] bytes)
    {
        public TransferId Transfer => transfer;

        public int Item => item;

        public uint Chunk => chunk;

        public byte[] Bytes => bytes;

        public int Filled { get; set; }
    }
}
