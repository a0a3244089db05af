namespace Dapari.Server.Blobs;

/// <summary>
/// Lets apps of other servers' origins leave and fetch drop-offs here (Fetch §3.2, CORS). Any origin: there are no cookies, and a token in Authorization is
/// the whole right. Which servers an app may connect to is said by the policy of the one that serves it.
/// </summary>
internal static class BlobSharing
{
    private const string DayInSeconds = "86400";

    /// <summary>The headers of every answer under <see cref="BlobEndpoint.Prefix"/>.</summary>
    public static void Apply(IHeaderDictionary headers)
    {
        headers.AccessControlAllowOrigin = "*";
        headers.AccessControlExposeHeaders = "Upload-Offset, Upload-Length, Content-Range, ETag, Retry-After";
        // SecurityHeaders keeps everything else to this origin.
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
    }

    /// <summary>Answers a preflight, before anything is looked for; false: it is none.</summary>
    public static bool TryAnswerPreflight(HttpContext context)
    {
        if (!HttpMethods.IsOptions(context.Request.Method) || context.Request.Headers.AccessControlRequestMethod.Count == 0)
            return false;
        var headers = context.Response.Headers;
        headers.AccessControlAllowMethods = "GET, HEAD, PUT, DELETE";
        headers.AccessControlAllowHeaders = "authorization, content-type, range, if-range";
        headers.AccessControlMaxAge = DayInSeconds;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
