using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Relay.Credentials;

/// <summary>A user name and its password, as a TURN client wants them.</summary>
/// <param name="Username">The Unix second of expiry, a colon, an opaque id.</param>
/// <param name="Password">Base64 of HMAC-SHA256 over the user name.</param>
public sealed record RelayCredential(string Username, string Password)
{
    /// <inheritdoc/>
    public override string ToString() => "[redacted]";
}

/// <summary>Short-lived credentials that are checked without a table: the password is derived from the user name.</summary>
/// <remarks><code>username = unix-seconds ":" id        password = base64(HMAC-SHA256(secret, username))</code></remarks>
public static class RelayCredentials
{
    /// <summary>The most characters of an opaque id; printable ASCII without spaces and colons.</summary>
    public const int LongestId = 64;

    /// <summary>The most bytes of a user name.</summary>
    public const int LongestUsername = 12 + 1 + LongestId;

    private const int PasswordLength = 44;

    /// <summary>A credential that is good until <paramref name="expiryUnixSeconds"/>.</summary>
    /// <param name="secrets">The keys.</param>
    /// <param name="opaqueId">Whose quotas it counts against; 1 to <see cref="LongestId"/> characters. Say nothing about the person by it.</param>
    /// <param name="expiryUnixSeconds">The last second.</param>
    /// <exception cref="ArgumentException">The id or the second cannot be.</exception>
    public static RelayCredential Issue(RelaySecrets secrets, string opaqueId, long expiryUnixSeconds)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentNullException.ThrowIfNull(opaqueId);
        var username = expiryUnixSeconds.ToString(CultureInfo.InvariantCulture) + ":" + opaqueId;
        var bytes = Encoding.UTF8.GetBytes(username);
        if (!TryRead(bytes, out _, out _))
            throw new ArgumentException("The id has 1 to 64 printable ASCII characters without spaces and colons, and the second 1 to 12 digits.", nameof(opaqueId));
        Span<byte> password = stackalloc byte[PasswordLength];
        Derive(secrets.Keys[0], bytes, password);
        return new RelayCredential(username, Encoding.ASCII.GetString(password));
    }

    /// <summary>Reads a user name; false when it is none of ours.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> username, out long expiryUnixSeconds, out ReadOnlySpan<byte> id)
    {
        expiryUnixSeconds = 0;
        id = default;
        var colon = username.IndexOf((byte)':');
        if (colon is < 1 or > 12 || username.Length > LongestUsername
            || !Utf8Parser.TryParse(username[..colon], out expiryUnixSeconds, out var read) || read != colon || username[0] is (byte)'-' or (byte)'+')
            return false;
        id = username[(colon + 1)..];
        return id.Length is > 0 and <= LongestId && !id.ContainsAnyExceptInRange((byte)'!', (byte)'~') && !id.Contains((byte)':');
    }

    /// <summary>The key of the secret that made the message's integrity attribute.</summary>
    /// <returns>Its length; 0 when no secret did.</returns>
    internal static int FindKey(
        RelaySecrets secrets, in StunMessage message, ReadOnlySpan<byte> username, ReadOnlySpan<byte> realm, PasswordAlgorithmId algorithm, Span<byte> key)
    {
        Span<byte> password = stackalloc byte[PasswordLength];
        foreach (var secret in secrets.Keys)
        {
            Derive(secret, username, password);
            var length = StunCredentials.LongTermKey(username, realm, password, algorithm, key);
            if (Check(message, key[..length]))
                return length;
        }

        return 0;
    }

    /// <summary>RFC 8489 §9.2.4: the stronger attribute counts when both are there.</summary>
    internal static bool Check(in StunMessage message, ReadOnlySpan<byte> key) =>
        message.HasIntegritySha256 ? MessageIntegritySha256.Check(message, key) : MessageIntegrity.Check(message, key);

    private static void Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> username, Span<byte> password)
    {
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, username, mac);
        Base64.EncodeToUtf8(mac, password, out _, out _);
    }
}
