using System.Text.Json.Serialization;

namespace Dapari.Node.Api.Bodies;

/// <summary>Begins an identity.</summary>
internal sealed record NewIdentityBody([property: JsonRequired] string Name, [property: JsonRequired] string Server, string? Code = null);

/// <summary>Makes an invite.</summary>
/// <param name="Reusable">For more than one.</param>
/// <param name="ExpiresInSeconds">0 or null: never.</param>
/// <param name="Label">For the maker's eyes.</param>
internal sealed record NewInviteBody(bool Reusable = false, ulong? ExpiresInSeconds = null, string? Label = null);

/// <summary>Opens an invite.</summary>
internal sealed record LinkBody([property: JsonRequired] string Link);

/// <summary>Says something.</summary>
/// <param name="Text">What.</param>
/// <param name="Id">32 hexadecimal digits, chosen by who says it: said twice it is sent once.</param>
internal sealed record NewMessageBody([property: JsonRequired] string Text, string? Id = null);

/// <summary>Whether somebody is writing to a contact just now; said again while it goes on.</summary>
internal sealed record TypingBody([property: JsonRequired] bool Active);

/// <summary>Changes what is set for a contact; null: as it is.</summary>
/// <param name="Answer">To a request: "accept", "refuse" or "block".</param>
/// <param name="Blocked">Nothing of theirs is taken any more.</param>
/// <param name="Verified">The safety number was compared.</param>
/// <param name="Policy">"default", "automatic", "direct-only" or "server-only".</param>
/// <param name="Name">The name given here; empty: theirs.</param>
internal sealed record ContactChangeBody(string? Answer = null, bool? Blocked = null, bool? Verified = null, string? Policy = null, string? Name = null);

/// <summary>A person's own settings; null: as it is.</summary>
/// <param name="Name">As contacts see it.</param>
/// <param name="Policy">"automatic", "direct-only" or "server-only".</param>
/// <param name="ReadReceipts">Contacts are told what was read.</param>
/// <param name="ReceiveUnaskedBytes">Files of contacts up to this size are received without asking; 0: none are.</param>
internal sealed record SettingsBody(string? Name = null, string? Policy = null, bool? ReadReceipts = null, ulong? ReceiveUnaskedBytes = null);

/// <summary>Offers files.</summary>
/// <param name="Paths">Full paths of files and folders of this machine.</param>
/// <param name="Caption">A word with them.</param>
/// <param name="Way">"automatic", "direct" or "server"; null: automatic.</param>
internal sealed record SendFilesBody([property: JsonRequired] IReadOnlyList<string> Paths, string? Caption = null, string? Way = null);

/// <summary>Where received files go: a full path.</summary>
internal sealed record SaveFilesBody([property: JsonRequired] string Folder);

/// <summary>Where a backup goes, and what it is sealed with.</summary>
internal sealed record BackupBody([property: JsonRequired] string Path, [property: JsonRequired] string Passphrase);
