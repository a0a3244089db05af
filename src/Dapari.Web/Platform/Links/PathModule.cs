using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/path.js.</summary>
internal static partial class PathModule
{
    public const string Name = "dapari/path";

    [JSImport("isSupported", Name)]
    public static partial bool IsSupported();

    [JSImport("open", Name)]
    public static partial bool Open(int id, bool offerer, bool polite, string iceServers);

    [JSImport("describeRemote", Name)]
    public static partial void DescribeRemote(int id, bool isOffer, string sdp);

    [JSImport("addCandidate", Name)]
    public static partial void AddCandidate(int id, string candidate, string mid, int line, string fragment);

    [JSImport("endCandidates", Name)]
    public static partial void EndCandidates(int id);

    [JSImport("restart", Name)]
    public static partial void Restart(int id);

    [JSImport("send", Name)]
    public static partial bool Send(int id, byte[] bytes, int limit);

    [JSImport("close", Name)]
    public static partial void Close(int id);
}

/// <summary>What paths tell.</summary>
internal static partial class PathEvents
{
    public static BrowserPathLink? Listener { get; set; }

    [JSExport]
    internal static void Described(int id, bool offer, string sdp) => Listener?.OnDescribed(id, offer, sdp);

    [JSExport]
    internal static void Candidate(int id, string candidate, string mid, int line, string fragment) =>
        Listener?.OnCandidate(id, candidate, mid, line, fragment);

    [JSExport]
    internal static void CandidatesEnded(int id) => Listener?.OnCandidatesEnded(id);

    [JSExport]
    internal static void Opened(int id, string facts) => Listener?.OnOpened(id, facts);

    [JSExport]
    internal static void Facts(int id, string facts) => Listener?.OnFacts(id, facts);

    [JSExport]
    internal static void Received(int id, byte[] bytes) => Listener?.OnReceived(id, bytes);

    [JSExport]
    internal static void Closed(int id) => Listener?.OnClosed(id);
}
