using System.Xml;

namespace Dapari.Server.Blobs.S3;

/// <summary>What a store says in XML: an error, or a page of a list. Malformed text gives what could be read of it.</summary>
internal sealed record S3Answer
{
    /// <summary>Characters read of one at most: a page of a thousand names is about 500 KiB.</summary>
    private const int MostChars = 4 << 20;

    /// <summary>An error's code; empty: none was said.</summary>
    public string Code { get; private set; } = "";

    /// <summary>With an error about the region: the right one; null: not said.</summary>
    public string? Region { get; private set; }

    /// <summary>A list's names, in order.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>More names follow.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>False: it was not well-formed, or too long.</summary>
    public bool IsWhole { get; private set; }

    public static S3Answer Read(string text)
    {
        var answer = new S3Answer();
        try
        {
            // No document type, no resolver: nothing but the text itself is read.
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MostChars });
            while (reader.Read())
            {
                if (reader.NodeType == XmlNodeType.Element && reader.LocalName is "Code" or "Region" or "Key" or "IsTruncated")
                    answer.Take(reader);
            }

            answer.IsWhole = true;
        }
        catch (XmlException)
        {
            // What was read before counts.
        }

        return answer;
    }

    private void Take(XmlReader reader)
    {
        var name = reader.LocalName;
        if (reader.IsEmptyElement)
            return;
        reader.Read();
        var value = reader.NodeType == XmlNodeType.Text ? reader.Value : "";
        switch (name)
        {
            case "Code": Code = value; break;
            case "Region": Region = value; break;
            case "Key": Keys.Add(value); break;
            default: IsTruncated = value == "true"; break;
        }
    }
}
