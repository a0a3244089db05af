using Dapari.Server.Blobs;
using Dapari.Server.Blobs.S3;

namespace Dapari.Server.Options;

/// <summary>The settings of drop-offs.</summary>
internal static class BlobSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<bool>("blobs", "on|off", "off: files cannot be left here for who is away", OnOff, (o, v) => With(o, b => b with { On = v })),
        Settings.Text("blob-folder", "DIR", "the folder for them, which all machines of a cluster share (default: in the data folder)", (o, v) => With(o, b => b with { Folder = Path.GetFullPath(v) })),
        Settings.One<Uri>("blob-s3-endpoint", "URL", "keep them in a store that speaks S3, instead of a folder: its address", Settings.Origin, (o, v) => WithS3(o, s => s with { Endpoint = v })),
        Settings.One<string>("blob-s3-bucket", "NAME", "the bucket, which is there already", Bucket, (o, v) => WithS3(o, s => s with { Bucket = v })),
        Settings.One<string>("blob-s3-region", "NAME", "its region (default us-east-1)", Word, (o, v) => WithS3(o, s => s with { Region = v })),
        Settings.One<string>("blob-s3-key-id", "NAME", "the key's public half", Word, (o, v) => WithS3(o, s => s with { KeyId = v })),
        Settings.Text("blob-s3-secret", "TEXT", "the key's secret half: in this variable or in the settings' file, never on the command line", (o, v) => WithS3(o, s => s with { Secret = new(v) })) with { IsSecret = true },
        new("blob-s3-secret-file", "FILE", "a file with nothing but the key's secret half", (o, v) => SecretFile(o, v[^1])),
        Settings.One<string>("blob-s3-prefix", "TEXT", "what all names in the bucket begin with, when it is not this server's alone", Prefix, (o, v) => WithS3(o, s => s with { Prefix = v })),
        Settings.One<bool>("blob-s3-style", "path|host", "host: the bucket is part of the host name (default path)", Style, (o, v) => WithS3(o, s => s with { IsBucketInHost = v })),
        Settings.One<long>("blob-bytes", "BYTES", "what a mailbox's owner leaves here at most (default 2G)", Settings.Size, (o, v) => With(o, b => b with { Quota = b.Quota with { Bytes = v } })),
        Settings.Count("blob-count", "files that a mailbox's owner leaves here at most (default 1000)", 1, 1_000_000, (o, v) => With(o, b => b with { Quota = b.Quota with { Blobs = v } })),
        Settings.Count("blob-days", "days that a file left here is kept at most (default 14)", 1, 3650, (o, v) => With(o, b => b with { Days = v })),
        Settings.One<long>("blob-total", "BYTES", "all files left here together (default 64G)", Settings.Size, (o, v) => With(o, b => b with { TotalBytes = v })),
        Settings.One<long>("blob-reserve", "BYTES", "what files left here leave free on the disk (default 1G)", Settings.Size, (o, v) => With(o, b => b with { ReserveBytes = v })),
        Settings.Count("blob-transfers", "their uploads and downloads at once (default 512)", 1, 65_536, (o, v) => With(o, b => b with { Transfers = v })),
        Settings.Count("blob-transfers-per-address", "of one address (default 256)", 1, 65_536, (o, v) => With(o, b => b with { TransfersPerAddress = v })),
    ];

    private static ServerOptions With(ServerOptions options, Func<BlobServing, BlobServing> change) => options with { Blobs = change(options.Blobs) };

    private static ServerOptions WithS3(ServerOptions options, Func<S3Serving, S3Serving> change) => With(options, b => b with { S3 = change(b.S3 ?? new S3Serving()) });

    private static (ServerOptions, string?) SecretFile(ServerOptions options, string path)
    {
        try
        {
            var secret = File.ReadAllText(path).Trim();
            return secret.Length == 0 ? (options, $"{path} is empty") : (WithS3(options, s => s with { Secret = new(secret) }), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (options, $"{path} cannot be read");
        }
    }

    /// <summary>Amazon S3 User Guide, "General purpose bucket naming rules".</summary>
    private static bool Bucket(string text, out string value)
    {
        value = text;
        return text.Length is >= 3 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-') && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1]);
    }

    private static bool Word(string text, out string value)
    {
        value = text;
        return text.Length is > 0 and <= 256 && !text.Any(c => c is <= ' ' or > '~' or '/' or ',');
    }

    /// <summary>Nothing that would have to be encoded, and no step up.</summary>
    private static bool Prefix(string text, out string value)
    {
        value = text.EndsWith('/') ? text : text + "/";
        return value.Length <= 200 && value.Split('/')[..^1].All(part => part.Length > 0 && part is not ("." or "..") && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'));
    }

    private static bool Style(string text, out bool isBucketInHost)
    {
        isBucketInHost = text == "host";
        return text is "path" or "host";
    }

    private static bool OnOff(string text, out bool on)
    {
        on = text == "on";
        return text is "on" or "off";
    }
}
