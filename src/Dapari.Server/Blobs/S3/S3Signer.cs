using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dapari.Server.Blobs.S3;

/// <summary>
/// Signs requests as S3 wants it: Amazon's Signature Version 4, in the Authorization header, with the whole body's hash
/// (Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header").
/// </summary>
internal static class S3Signer
{
    public const string EmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The value of x-amz-date.</summary>
    public static string Stamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>The query as it is signed and sent: encoded, in order, without a question mark.</summary>
    public static string Query(IEnumerable<(string Name, string Value)> query) =>
        string.Join('&', query.Select(q => (Name: Uri.EscapeDataString(q.Name), Value: Uri.EscapeDataString(q.Value))).OrderBy(q => q.Name, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}"));

    /// <summary>The Authorization header's value.</summary>
    /// <param name="serving">Key and region.</param>
    /// <param name="method">Of the request.</param>
    /// <param name="path">As it is sent, encoded once.</param>
    /// <param name="query">From <see cref="Query"/>.</param>
    /// <param name="headers">Those that are signed, by lower-case names: host, x-amz-date and x-amz-content-sha256 at least.</param>
    /// <param name="stamp">From <see cref="Stamp"/>.</param>
    /// <param name="bodyHash">SHA-256 of the body, in lower-case hexadecimal.</param>
    public static string Sign(S3Serving serving, string method, string path, string query, SortedList<string, string> headers, string stamp, string bodyHash)
    {
        var names = string.Join(';', headers.Keys);
        var canonical = new StringBuilder().Append(method).Append('\n').Append(path).Append('\n').Append(query).Append('\n');
        foreach (var (name, value) in headers)
            canonical.Append(name).Append(':').Append(value.Trim()).Append('\n');
        canonical.Append('\n').Append(names).Append('\n').Append(bodyHash);

        var day = stamp[..8];
        var scope = $"{day}/{serving.Region}/s3/aws4_request";
        var text = $"{Algorithm}\n{stamp}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical.ToString()))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + serving.Secret.Reveal());
        foreach (var part in new[] { day, serving.Region, "s3", "aws4_request" })
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        return $"{Algorithm} Credential={serving.KeyId}/{scope},SignedHeaders={names},Signature={signature}";
    }

    public static string Hash(ReadOnlySpan<byte> body) => body.IsEmpty ? EmptyHash : Convert.ToHexStringLower(SHA256.HashData(body));

    /// <summary>Names in ordinal order, as they are signed.</summary>
    public static SortedList<string, string> Headers() => new(StringComparer.Ordinal);
}
