using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Dapari.Server.Web;

/// <summary>One file of the web app with the forms that it was compressed to.</summary>
internal sealed record WebFile(string Path, string ContentType, string ETag, bool Immutable, string? Brotli, string? Gzip);

/// <summary>
/// The published web app, looked up in a list made at start: no request's path ever reaches the file system.
/// A path that names no file and has no extension is a place inside the app and gets its page.
/// </summary>
internal sealed partial class WebFiles
{
    private const string Page = "/index.html";

    // The page of a share's link is small and stands alone (docs/protocol/shares.md).
    private const string SharePage = "/share.html";
    private readonly Dictionary<string, WebFile> _files = new(StringComparer.Ordinal);

    /// <summary>Reads the folder's list. A folder that is not there gives an empty one.</summary>
    public WebFiles(string? folder)
    {
        if (folder is null || !Directory.Exists(folder))
            return;
        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".webmanifest"] = "application/manifest+json";
        types.Mappings[".dat"] = "application/octet-stream";
        types.Mappings[".wasm"] = "application/wasm";
        var names = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToHashSet(StringComparer.Ordinal);
        foreach (var name in names)
        {
            if ((name.EndsWith(".br", StringComparison.Ordinal) || name.EndsWith(".gz", StringComparison.Ordinal)) && names.Contains(name[..^3]))
                continue;
            var path = "/" + Path.GetRelativePath(folder, name).Replace('\\', '/');
            _files[path] = new WebFile(
                name,
                types.TryGetContentType(name, out var type) ? (type.StartsWith("text/", StringComparison.Ordinal) ? type + "; charset=utf-8" : type) : "application/octet-stream",
                ETagOf(name),
                path.StartsWith("/_framework/", StringComparison.Ordinal) && Fingerprinted().IsMatch(path),
                names.Contains(name + ".br") ? name + ".br" : null,
                names.Contains(name + ".gz") ? name + ".gz" : null);
        }
    }

    public bool HasApp => _files.ContainsKey(Page);

    /// <summary>Hashes of the page's inline scripts (its import map).</summary>
    public IReadOnlyList<string> ScriptHashes => _files.TryGetValue(Page, out var page) ? InlineScripts.Hashes(File.ReadAllText(page.Path)) : [];

    public async Task ServeAsync(HttpContext context)
    {
        var request = context.Request;
        var response = context.Response;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers.Allow = "GET, HEAD";
            return;
        }

        if (Find(request.Path.Value ?? "/") is not { } file)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            response.Headers.CacheControl = "no-store";
            return;
        }

        var (path, encoding) = Choose(file, request.Headers.AcceptEncoding.ToString());
        var etag = encoding is null ? $"\"{file.ETag}\"" : $"\"{file.ETag}-{encoding}\"";
        response.Headers.CacheControl = file.Immutable ? "public,max-age=31536000,immutable" : "no-cache";
        response.Headers.ETag = etag;
        if (file.Brotli is not null || file.Gzip is not null)
            response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (request.Headers.IfNoneMatch.ToString().Split(',').Any(t => t.Trim() == etag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        if (encoding is not null)
            response.Headers.ContentEncoding = encoding;
        response.ContentType = file.ContentType;
        response.ContentLength = new FileInfo(path).Length;
        if (HttpMethods.IsGet(request.Method))
            await response.SendFileAsync(path, context.RequestAborted);
    }

    private WebFile? Find(string path)
    {
        if (path is "/s" or "/s/")
            return _files.GetValueOrDefault(SharePage);
        if (_files.TryGetValue(path == "/" ? Page : path, out var file))
            return file;
        return !Path.HasExtension(path) && !path.StartsWith("/_framework/", StringComparison.Ordinal) ? _files.GetValueOrDefault(Page) : null;
    }

    private static (string Path, string? Encoding) Choose(WebFile file, string accepted)
    {
        if (file.Brotli is not null && Accepts(accepted, "br"))
            return (file.Brotli, "br");
        return file.Gzip is not null && Accepts(accepted, "gzip") ? (file.Gzip, "gzip") : (file.Path, null);
    }

    /// <summary>RFC 9110 §12.5.3: named and not with weight zero.</summary>
    private static bool Accepts(string accepted, string coding) =>
        StringWithQualityHeaderValue.TryParseList([accepted], out var values)
        && values.Any(v => v.Value.Equals(coding, StringComparison.OrdinalIgnoreCase) && v.Quality is not 0);

    private static string ETagOf(string name)
    {
        using var stream = File.OpenRead(name);
        return Convert.ToHexStringLower(SHA256.HashData(stream).AsSpan(0, 8));
    }

    /// <summary>A name with the ten characters of its content's hash, as the build makes them.</summary>
    [GeneratedRegex("""\.[0-9a-z]{10}\.[0-9a-z]+$""", RegexOptions.CultureInvariant)]
    private static partial Regex Fingerprinted();
}
