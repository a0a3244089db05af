using System.Text;
using System.Xml;

namespace Dapari.Rtc.Mapping;

/// <summary>XML from routers, which is hostile until read: no DTD, no entities, nothing fetched, and no more of it than is told.</summary>
internal static class UpnpXml
{
    public static XmlReader Reader(ReadOnlyMemory<byte> document) => XmlReader.Create(
        new MemoryStream(document.ToArray(), writable: false),
        new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = IgdDescription.Longest, IgnoreComments = true, IgnoreProcessingInstructions = true });

    /// <summary>The text of the element that the reader is at, which stays at its end; null: it is too long or holds elements.</summary>
    public static string? Text(XmlReader reader, int longest)
    {
        if (reader.IsEmptyElement)
            return "";
        var text = new StringBuilder();
        var fits = true;
        var depth = reader.Depth;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.NodeType is not (XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace))
                fits = false;
            else if (text.Length + reader.Value.Length > longest)
                fits = false;
            else if (fits)
                text.Append(reader.Value);
        }

        return fits ? text.ToString().Trim() : null;
    }
}
