namespace Dapari.Node.Api.Bodies;

// The documents of the local API. Ids are hexadecimal, times are milliseconds since 1970 by this device's clock, kinds are words as "direct-path-open".
// Fields are only ever added.

/// <summary>How this peer stands.</summary>
/// <param name="Name">Its person's name; null: there is no identity yet.</param>
/// <param name="Id">As contacts know this person.</param>
/// <param name="HomeServer">Origin of the home server.</param>
/// <param name="Policy">Which ways messages go where a contact has no policy of their own.</param>
/// <param name="Trouble">What keeps the peer from working, or null.</param>
/// <param name="Waiting">Sealed things that are only on this device yet.</param>
/// <param name="Servers">Connections.</param>
/// <param name="Process">The process that holds the engine.</param>
internal sealed record StatusBody(
    string? Name, string? Id, string? HomeServer, string? Policy, string? Trouble, int Waiting, IReadOnlyList<ServerBody> Servers, int Process);

/// <summary>A connection to a server.</summary>
internal sealed record ServerBody(string Origin, string State, bool Home, ulong? RetryAt);

/// <summary>A contact, or somebody who asks to be one.</summary>
internal sealed record ContactBody(
    string Id, string Name, string TheirName, string State, bool Verified, string Policy, string EffectivePolicy, bool TheyHideAddress, uint Unread, uint Queued,
    bool Typing, bool InviteGone, string Server, ulong AddedAt, PathBody Path, MessageBody? LastMessage);

/// <summary>The direct path to a contact, and the way that a message would go now.</summary>
internal sealed record PathBody(string State, string? Network, uint? RoundTripMs, string? ClosedReason, bool Present, string NextRoute, string NextReason);

/// <summary>An invite of this person's.</summary>
internal sealed record InviteBody(string Id, string Link, bool Reusable, ulong CreatedAt, ulong? ExpiresAt, bool Revoked, uint Uses, string Label, bool Published);

/// <summary>An entry of a conversation.</summary>
internal sealed record MessageBody(
    string Id, string Contact, bool Outgoing, string Kind, string Text, string State, RouteBody? Route, ulong ShownAt, ulong? OnServerAt, ulong? DeliveredAt,
    ulong? ReadAt, string OrderKey, FilesBody? Files);

/// <summary>Which way something went, and why.</summary>
internal sealed record RouteBody(string Route, string Reason, string? Network, uint? RoundTripMs, ulong? LayMs);

/// <summary>The files of an entry.</summary>
/// <param name="Transfer">Of the transfer.</param>
/// <param name="Count">How many files.</param>
/// <param name="TotalSize">In bytes.</param>
/// <param name="Outcome">How it ended; null: it has not.</param>
/// <param name="Files">The first ones.</param>
/// <param name="Shares">When it is over: verified bytes by route.</param>
/// <param name="TookMs">When it is over: from the first wish to the last chunk.</param>
/// <param name="Lost">When it is over: files that did not come.</param>
internal sealed record FilesBody(
    string Transfer, uint Count, ulong TotalSize, string? Outcome, IReadOnlyList<FileBody> Files, IReadOnlyList<ShareBody>? Shares = null, ulong? TookMs = null, uint? Lost = null);

/// <summary>A file of an entry.</summary>
internal sealed record FileBody(string Name, ulong Size, string MediaType, string? Warning, bool Lost);

/// <summary>A transfer that is under way, or ended a moment ago.</summary>
/// <param name="Id">Of the transfer.</param>
/// <param name="Contact">With whom.</param>
/// <param name="Message">Its entry in the conversation.</param>
/// <param name="Outgoing">From here.</param>
/// <param name="State">"offered", "moving", "finishing" or "ended".</param>
/// <param name="Trouble">Why nothing moves, or null.</param>
/// <param name="Paused">Here.</param>
/// <param name="TotalBytes">In all.</param>
/// <param name="DoneBytes">Verified at its recipient, as far as this end knows.</param>
/// <param name="BytesPerSecond">Lately; 0: nothing moves.</param>
/// <param name="RemainingMs">At that speed.</param>
/// <param name="Route">By which it moves now.</param>
/// <param name="Shares">Of what is done, by route.</param>
/// <param name="AtServerBytes">Lie at a server.</param>
/// <param name="UploadedBytes">Of what is being left there now.</param>
internal sealed record TransferBody(
    string Id, string Contact, string Message, bool Outgoing, string State, string? Trouble, bool Paused, ulong TotalBytes, ulong DoneBytes, ulong BytesPerSecond,
    ulong? RemainingMs, string? Route, IReadOnlyList<ShareBody> Shares, ulong AtServerBytes, ulong UploadedBytes);

/// <summary>Bytes that went by a route.</summary>
/// <param name="Route">Which.</param>
/// <param name="Bytes">How many.</param>
/// <param name="Https">Of them, by HTTPS between a browser and a node; null: none.</param>
internal sealed record ShareBody(string Route, ulong Bytes, ulong? Https = null);

/// <summary>Files that were offered, as they stand.</summary>
/// <param name="Message">Its entry in the conversation.</param>
/// <param name="Name">The contact's.</param>
/// <param name="Transfer">How it moves; null: it is over.</param>
/// <param name="Kept">Arrived, and waits here to be saved.</param>
internal sealed record FileOfferBody(MessageBody Message, string Name, TransferBody? Transfer, bool Kept);

/// <summary>Files that were offered just now.</summary>
/// <param name="Transfer">Of the transfer.</param>
/// <param name="Message">Its entry in the conversation.</param>
internal sealed record SentFilesBody(string Transfer, string Message);

/// <summary>Where received files are now; null for those that their sender lost.</summary>
internal sealed record SavedFilesBody(IReadOnlyList<string?> Paths);

/// <summary>What a shell is to read.</summary>
internal sealed record ScriptBody(string Script);

/// <summary>A relay has begun: what a server needs to use it.</summary>
internal sealed record RelayBody(string SecretFile, IReadOnlyList<string> Urls);

/// <summary>A daemon has begun.</summary>
internal sealed record RunningBody(string Folder, int Process);

/// <summary>Entries in conversation order.</summary>
internal sealed record MessagesBody(IReadOnlyList<MessageBody> Messages, bool More);

/// <summary>Sixty digits to compare, and what a QR code of them carries.</summary>
internal sealed record SafetyBody(string Digits, string Code, bool Verified);

/// <summary>What happened: "status", "contact", "contact-gone", "message" or "transfer".</summary>
internal sealed record EventBody(string Kind)
{
    public StatusBody? Status { get; init; }

    public ContactBody? Contact { get; init; }

    public MessageBody? Message { get; init; }

    public TransferBody? Transfer { get; init; }

    /// <summary>With "message": incoming and new.</summary>
    public bool? Arrived { get; init; }

    /// <summary>With "contact-gone": who.</summary>
    public string? Id { get; init; }
}

/// <summary>Why something was not done.</summary>
/// <param name="Error">A word.</param>
/// <param name="Detail">For people.</param>
internal sealed record ErrorBody(string Error, string Detail);
