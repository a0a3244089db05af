using System.Text.Json.Serialization;

namespace Dapari.Server.Admin;

/// <summary>What the operator decided while the server ran or stood still; kept in admin.json in the data folder.</summary>
/// <param name="Settings">Settings that win over those the server was started with, as <see cref="Options.Setting"/> reads them.</param>
/// <param name="Tokens">Registration codes that may be used.</param>
/// <param name="Addresses">Networks that are not served.</param>
/// <param name="Mailboxes">Mailboxes that nobody opens or writes to, in hexadecimal.</param>
internal sealed record RulesData(
    IReadOnlyDictionary<string, string> Settings, IReadOnlyList<TokenData> Tokens, IReadOnlyList<string> Addresses, IReadOnlyList<string> Mailboxes)
{
    public static RulesData Empty { get; } = new(new Dictionary<string, string>(), [], [], []);
}

/// <summary>One registration code: what is kept does not tell the code.</summary>
/// <param name="Id">To name it in lists; tells nothing of the code.</param>
/// <param name="Hash">SHA-256 of the code, in hexadecimal: a code has 120 random bits, so nothing slower is needed.</param>
/// <param name="Uses">How often it may still be used.</param>
/// <param name="ExpiresMs">Unix milliseconds.</param>
internal sealed record TokenData(string Id, string Hash, int Uses, long ExpiresMs);

/// <summary>The file's codec.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RulesData))]
internal sealed partial class RulesJson : JsonSerializerContext;
