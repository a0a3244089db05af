using System.Globalization;
using System.Net;
using System.Xml;

namespace Dapari.Rtc.Mapping;

/// <summary>A router's answer to a call (UPnP Device Architecture 1.1 §3.2.2, §3.2.3): values, or an error.</summary>
/// <param name="Fault">Whether it was done.</param>
/// <param name="WantsEternal">It takes no mapping that ends by itself (error 725).</param>
/// <param name="Address">The external address with port 0, if it is told.</param>
public readonly record struct SoapAnswer(MappingFault Fault, bool WantsEternal, Endpoint Address)
{
    /// <summary>A longer answer is not read, in bytes.</summary>
    public const int Longest = 16 * 1024;

    private const int MostDepth = 16;

    /// <summary>Reads it.</summary>
    /// <param name="document">As it came.</param>
    /// <param name="done">Whether HTTP called it a success.</param>
    public static SoapAnswer Read(ReadOnlyMemory<byte> document, bool done)
    {
        var malformed = new SoapAnswer(MappingFault.Malformed, false, default);
        if (document.Length > Longest)
            return malformed;
        var (answered, code, address) = (false, 0, default(Endpoint));
        try
        {
            using var reader = UpnpXml.Reader(document);
            while (reader.Read())
            {
                if (reader.Depth > MostDepth)
                    return malformed;
                if (reader.NodeType != XmlNodeType.Element)
                    continue;
                if (reader.LocalName == "errorCode")
                    _ = int.TryParse(UpnpXml.Text(reader, 8), NumberStyles.None, CultureInfo.InvariantCulture, out code);
                else if (reader.LocalName == "NewExternalIPAddress" && IPAddress.TryParse(UpnpXml.Text(reader, 64), out var told) && Endpoint.From(told, 0) is { IsV4: true } mapped)
                    address = mapped;
                else
                    answered |= reader.LocalName.EndsWith("Response", StringComparison.Ordinal);
            }
        }
        catch (XmlException)
        {
            return malformed;
        }

        // WANIPConnection:1 §2.4.16, WANIPConnection:2 §2.5.17: 718 another's port, 725 only without an end, 728 and 501 no room or not now.
        return code switch
        {
            0 => answered && done ? new SoapAnswer(MappingFault.None, false, address) : malformed,
            718 or 729 => new SoapAnswer(MappingFault.PortTaken, false, default),
            725 => new SoapAnswer(MappingFault.Refused, true, default),
            501 or 728 => new SoapAnswer(MappingFault.Busy, false, default),
            401 or 402 or 602 => new SoapAnswer(MappingFault.NotSpoken, false, default),
            _ => new SoapAnswer(MappingFault.Refused, false, default),
        };
    }
}
