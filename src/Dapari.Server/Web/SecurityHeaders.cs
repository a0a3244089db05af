using Dapari.Server.Options;

namespace Dapari.Server.Web;

/// <summary>The headers that every answer carries.</summary>
internal sealed class SecurityHeaders(ServerOptions options, IReadOnlyList<string> scriptHashes)
{
    // docs/decisions/0025: of all scripts this one may reach other machines, and nothing else; it is a worker's.
    internal const string LaneScript = "/js/files-lane.js";
    internal const string LanePolicy = "default-src 'none'; connect-src https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private readonly string _policy = Policy(options.OtherServers, scriptHashes);

    // With a certificate of our own authority no HSTS: it would make a device that does not trust it yet refuse for good,
    // and it would bind every other port of "localhost".
    private readonly bool _isCertified = options.Certificate is not null || options.PublicUrl?.Scheme == Uri.UriSchemeHttps;

    public void Apply(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = context.Request.Path == LaneScript ? LanePolicy : _policy;
        headers.XContentTypeOptions = "nosniff";
        // An invite's secret is in the fragment, which no referrer carries; no page needs to know even the path.
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), midi=()";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (_isCertified && context.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
    }

    internal static string Policy(IReadOnlyList<Uri> otherServers, IReadOnlyList<string> scriptHashes)
    {
        var scripts = string.Concat(scriptHashes.Select(h => " " + h));
        var connects = string.Concat(otherServers.Select(o => $" {o.GetLeftPart(UriPartial.Authority)} {WebSocket(o)}"));
        return $"default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
            + $"connect-src 'self'{connects}; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'; object-src 'none'";
    }

    private static string WebSocket(Uri origin) => (origin.Scheme == Uri.UriSchemeHttps ? "wss://" : "ws://") + origin.Authority;
}
