using Dapari.Node.Files.Https;
using Dapari.Wire;

namespace Dapari.Node.Shares;

/// <summary>A visitor's lane by HTTPS beside the channel of its share: down alone. Safe for threads.</summary>
internal sealed class ShareLane : IAsyncDisposable
{
    /// <summary>Said in the channel: what was asked for comes by the lane from here on.</summary>
    public const byte ByLane = 8;

    private readonly HttpsDoor _door;
    private readonly HttpsLane _lane;
    private readonly byte[] _ticket;

    private ShareLane(HttpsDoor door, HttpsLane lane, byte[] ticket, byte[] offer) => (_door, _lane, _ticket, Offer) = (door, lane, ticket, offer);

    /// <summary>What the visitor is told.</summary>
    public byte[] Offer { get; }

    /// <summary>Done when nothing goes by it any more.</summary>
    public Task Ended => _lane.Ended;

    /// <summary>Whether the visitor has shown that what goes down arrives.</summary>
    public bool IsOpen => _lane.IsOpen;

    /// <summary>Makes one for a page; null: the door has too many.</summary>
    public static ShareLane? TryOpen(HttpsDoor door, string origin, RandomSource random, TimeProvider time)
    {
        var (ticket, down, up) = (random.Bytes(LaneWord.TicketBytes), random.Bytes(LaneWord.KeyBytes), random.Bytes(LaneWord.KeyBytes));
        var lane = new HttpsLane(origin, down, up, null, 0, time);
        if (door.TryAdd(ticket, lane))
            return new ShareLane(door, lane, ticket, LaneWord.WriteOffer(ticket, down, up, door.Address));
        lane.Dispose();
        return null;
    }

    /// <summary>As <see cref="HttpsLane.TrySendAsync"/>.</summary>
    public ValueTask<bool> TrySendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation) => _lane.TrySendAsync(message, cancellation);

    /// <summary>As <see cref="HttpsLane.Rescue"/>.</summary>
    public IReadOnlyList<byte[]> Rescue() => _lane.Rescue();

    /// <summary>As <see cref="HttpsLane.Acknowledge"/>.</summary>
    public void Acknowledge(ulong records) => _lane.Acknowledge(records);

    /// <summary>Nothing more goes by it.</summary>
    public void End() => _lane.End();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _door.Remove(_ticket);
        await _lane.CloseAsync();
        _lane.Dispose();
    }
}
