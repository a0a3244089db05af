namespace Dapari.Node.Api.Bodies;

/// <summary>Files for anybody who has the link.</summary>
/// <param name="Id">Hexadecimal.</param>
/// <param name="Link">To be passed on.</param>
/// <param name="Paths">Full paths of the files.</param>
/// <param name="Times">How often it may be used.</param>
/// <param name="Used">How often somebody got everything.</param>
/// <param name="EndsAt">Milliseconds since 1970.</param>
/// <param name="Served">Whether this process serves it; else a command does, or nobody.</param>
internal sealed record LinkShareBody(string Id, string Link, IReadOnlyList<string> Paths, int Times, int Used, long EndsAt, bool Served);

/// <summary>What a new share is of, or which is to be served again.</summary>
/// <param name="Paths">Full paths of files; empty with <paramref name="Again"/>.</param>
/// <param name="Times">How often it may be used; else once.</param>
/// <param name="ExpiresInSeconds">How long it works; else a day.</param>
/// <param name="Server">Where both ends meet; else the home server.</param>
/// <param name="Again">The link of one that is kept: it is served as it was made, and the rest does not count.</param>
internal sealed record NewLinkShareBody(IReadOnlyList<string> Paths, int? Times = null, uint? ExpiresInSeconds = null, string? Server = null, string? Again = null);
