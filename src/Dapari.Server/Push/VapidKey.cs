using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapari.Server.Hosting;

namespace Dapari.Server.Push;

/// <summary>The key by which push services know this server, and browsers let nobody else wake them (RFC 8292). Any thread.</summary>
internal sealed class VapidKey : IDisposable
{
    public const string FileName = "push.key";

    /// <summary>RFC 8292 §2 allows a day. A new one is made at half of this.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private const int MostAudiences = 64;

    private readonly ECDsa _key;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Header, DateTimeOffset RenewAt)> _headers = new(StringComparer.Ordinal);

    private VapidKey(ECDsa key)
    {
        _key = key;
        PublicKey = P256.Point(key.ExportParameters(false));
    }

    /// <summary>65 bytes: what browsers are given when they subscribe.</summary>
    public byte[] PublicKey { get; }

    /// <summary>A new one, as text to keep: PKCS #8 in Base64.</summary>
    public static string Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    /// <exception cref="FormatException">It is none.</exception>
    public static VapidKey Read(string text)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(text.Trim()), out _);
            if (key.ExportParameters(false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
                throw new FormatException("not a key of P-256");
            return new VapidKey(key);
        }
        catch (Exception e)
        {
            key.Dispose();
            throw e as FormatException ?? new FormatException("not a key in PKCS #8 and Base64", e);
        }
    }

    /// <summary>Reads the folder's key, or makes it: once, for good. With another one every device would have to subscribe anew.</summary>
    /// <exception cref="StartException">It cannot be read or made.</exception>
    public static VapidKey Open(string dataFolder)
    {
        var path = Path.Combine(dataFolder, FileName);
        try
        {
            if (!File.Exists(path))
                DurableFile.Write(path, Make() + "\n", isPrivate: true);
            return Read(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new StartException($"The key for push messages {path} cannot be used: {e.Message}");
        }
    }

    /// <summary>The Authorization header's value for a push service: "vapid t=…, k=…" (RFC 8292 §3).</summary>
    public string Header(Uri endpoint, string? contact, DateTimeOffset now)
    {
        var audience = endpoint.GetLeftPart(UriPartial.Authority);
        lock (_gate)
        {
            if (_headers.TryGetValue(audience, out var made) && now < made.RenewAt && now > made.RenewAt - Lifetime)
                return made.Header;
            if (_headers.Count >= MostAudiences)
                _headers.Clear();
            var header = $"vapid t={Token(audience, contact, now + Lifetime)}, k={Base64Url.EncodeToString(PublicKey)}";
            _headers[audience] = (header, now + Lifetime / 2);
            return header;
        }
    }

    public void Dispose() => _key.Dispose();

    // A JSON Web Token (RFC 7519) signed with ES256, whose signature is r and s side by side (RFC 7518 §3.4).
    private string Token(string audience, string? contact, DateTimeOffset expires)
    {
        using var claims = new MemoryStream();
        using (var json = new Utf8JsonWriter(claims))
        {
            json.WriteStartObject();
            json.WriteString("aud", audience);
            json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            if (contact is not null)
                json.WriteString("sub", contact);
            json.WriteEndObject();
        }

        var text = $"{Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8)}.{Base64Url.EncodeToString(claims.ToArray())}";
        var signature = _key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }
}
