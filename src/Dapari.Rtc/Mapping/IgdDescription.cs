using System.Diagnostics.CodeAnalysis;
using System.Xml;

namespace Dapari.Rtc.Mapping;

/// <summary>What a router says of itself: the service that maps ports, and where it is asked (UPnP Device Architecture 1.1 §2.3).</summary>
/// <param name="Service">Its type: WANIPConnection:1, WANIPConnection:2 or WANPPPConnection:1.</param>
/// <param name="Control">Where calls go.</param>
public sealed record IgdDescription(string Service, Uri Control)
{
    /// <summary>A longer document is not read, in bytes.</summary>
    public const int Longest = 128 * 1024;

    private const int MostDepth = 32;
    private const int LongestText = 512;

    // The better one first. UPnP IGD:2 §2.4, IGD:1 §2.4.
    private static readonly string[] _services =
        ["urn:schemas-upnp-org:service:WANIPConnection:2", "urn:schemas-upnp-org:service:WANIPConnection:1", "urn:schemas-upnp-org:service:WANPPPConnection:1"];

    /// <summary>Reads a description. DTDs, entities and what leads to another address are refused.</summary>
    /// <param name="document">As it came.</param>
    /// <param name="location">Where from.</param>
    /// <param name="router">The router's address.</param>
    /// <param name="description">The best service of those that it has.</param>
    public static bool TryRead(ReadOnlyMemory<byte> document, Uri location, in Endpoint router, [NotNullWhen(true)] out IgdDescription? description)
    {
        ArgumentNullException.ThrowIfNull(location);
        description = null;
        if (document.Length is 0 or > Longest)
            return false;
        var best = _services.Length;
        try
        {
            using var reader = UpnpXml.Reader(document);
            string? service = null, control = null;
            while (reader.Read())
            {
                if (reader.Depth > MostDepth)
                    return false;
                if (reader.NodeType == XmlNodeType.EndElement && reader.LocalName == "service")
                {
                    var rank = Array.IndexOf(_services, service);
                    if (rank >= 0 && rank < best && control is not null && Resolve(location, control, router) is { } url)
                        (best, description) = (rank, new IgdDescription(_services[rank], url));
                    (service, control) = (null, null);
                }
                else if (reader is { NodeType: XmlNodeType.Element, LocalName: "serviceType" })
                    service = UpnpXml.Text(reader, LongestText);
                else if (reader is { NodeType: XmlNodeType.Element, LocalName: "controlURL" })
                    control = UpnpXml.Text(reader, LongestText);
            }
        }
        catch (XmlException)
        {
            description = null;
        }

        return description is not null;
    }

    private static Uri? Resolve(Uri location, string control, in Endpoint router) =>
        Uri.TryCreate(location, control, out var url) && SsdpAnswer.IsAt(url.AbsoluteUri, router, out var at) ? at : null;
}
