namespace Dapari.Node.Api;

/// <summary>A request of the local API, whatever door it came by.</summary>
/// <param name="Method">GET, POST, PATCH or DELETE.</param>
/// <param name="Path">Decoded parts after "/v1/".</param>
/// <param name="Query">Decoded values.</param>
/// <param name="Body">JSON, or nothing.</param>
internal sealed record ApiRequest(string Method, IReadOnlyList<string> Path, IReadOnlyDictionary<string, string> Query, ReadOnlyMemory<byte> Body)
{
    private static readonly Dictionary<string, string> _none = [];

    /// <summary>A request without a query.</summary>
    public static ApiRequest Of(string method, ReadOnlyMemory<byte> body, params string[] path) => new(method, path, _none, body);

    /// <summary>A request without a body.</summary>
    public static ApiRequest Get(params string[] path) => Of("GET", default, path);
}

/// <summary>What is answered.</summary>
/// <param name="Status">As of HTTP.</param>
/// <param name="Body">JSON.</param>
internal sealed record ApiAnswer(int Status, byte[] Body)
{
    /// <summary>Whether it was done.</summary>
    public bool IsDone => Status is >= 200 and < 300;
}
