namespace Dapari.Bench.Pairs;

/// <summary>A link whose receiver comes later than the messages.</summary>
internal interface IOfflineLink
{
    /// <summary>Of the sender: messages that the server has answered for. Of the receiver: questions of its own that it has answered.</summary>
    long Answered { get; }

    /// <summary>Of the receiver: what it has asked.</summary>
    long Asked { get; }

    /// <summary>The receiver says that it is there: what waits for it comes.</summary>
    Task BeginAsync();
}
