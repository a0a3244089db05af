using Dapari.Peer.Hosting;

namespace Dapari.Node.Files.Channels;

/// <summary>
/// The channel "dapari-files" to one contact (docs/protocol/files.md): messages of <see cref="Wire.Files.FileChannelCodec"/>, carried whole. Pieces and pages go by lanes; what
/// goes by one lane arrives in order, what goes by two in any order. An RTC data channel is one lane, which control messages share. Safe for threads.
/// </summary>
internal interface IFileChannel : IDisposable
{
    /// <summary>How many lanes there are, at least 1.</summary>
    int Lanes { get; }

    /// <summary>How many of them, from the first, this end sends by; at least 1.</summary>
    int SendingLanes => Lanes;

    /// <summary>The most bytes of a chunk in one piece, a multiple of 64 KiB: 65,536 for data channels.</summary>
    int PieceBytes { get; }

    /// <summary>Whether what is sent goes by HTTPS now.</summary>
    bool IsByHttps => false;

    /// <summary>What a lane's messages come by.</summary>
    FileCarrier CarrierOf(int lane) => FileCarrier.Channel;

    /// <summary>Queues a control message; never waits. False: the channel is gone, or so much waits that it is as good as gone.</summary>
    bool TrySendControl(ReadOnlyMemory<byte> message);

    /// <summary>Where a lane's next message is best put together: sealed where it lies, so its content is of no use afterwards.</summary>
    /// <param name="lane">Which.</param>
    /// <param name="length">At most a piece with its header.</param>
    Memory<byte> SendingRoom(int lane, int length);

    /// <summary>
    /// Sends a piece or a page by a lane; done when the lane takes the next one, and the memory is the caller's again. One call at a time for each lane. This is the sender's
    /// back-pressure.
    /// </summary>
    /// <exception cref="IOException">The channel is gone.</exception>
    ValueTask SendAsync(int lane, ReadOnlyMemory<byte> message, CancellationToken cancellation);

    /// <summary>
    /// Brings what arrives, until the channel ends; never throws. Called once, when the channel is open.
    /// </summary>
    /// <param name="receiver">Takes messages: of one lane one at a time; the lane's next is read when the former was taken, which is the recipient's back-pressure.</param>
    /// <param name="cancellation">Ends it.</param>
    Task RunAsync(IFileReceiver receiver, CancellationToken cancellation);
}

/// <summary>Takes what a channel brings.</summary>
internal interface IFileReceiver
{
    /// <summary>A control message, whole; its owner's from here on. Must not wait.</summary>
    void TakeControl(byte[] message);

    /// <summary>Where a lane's next message may lie, so that nothing is copied: until it is taken.</summary>
    Memory<byte> Room(int lane, int length);

    /// <summary>
    /// A piece or a page, whole. Memory that is the channel's is so again when the task is done; what lies in <see cref="Room"/> is the receiver's.
    /// </summary>
    ValueTask TakeAsync(int lane, ReadOnlyMemory<byte> message);

    /// <summary>Whether something of a lane was put off until more comes.</summary>
    bool IsBusy(int lane);

    /// <summary>Nothing came by a lane for a while: what was put off is done. Before the lane's next message is taken.</summary>
    ValueTask RestAsync(int lane);
}

/// <summary>Makes channels for the paths that it knows: one for paths of TCP, one for paths of WebRTC.</summary>
internal interface IFileChannelSource
{
    /// <summary>
    /// The channel of a path: made by one end and awaited by the other. The task ends with an <see cref="IOException"/> or a cancellation if there will be none.
    /// </summary>
    /// <param name="path">As the engine names it.</param>
    /// <param name="offerer">Whether this end offered the path.</param>
    /// <param name="cancellation">Nobody wants it any more.</param>
    /// <returns>Null: the path is not one of this source's.</returns>
    Task<IFileChannel>? TryOpen(ulong path, bool offerer, CancellationToken cancellation);
}
