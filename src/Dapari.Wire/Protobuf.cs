using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>Parses foreign Protobuf bytes: a result, never an exception.</summary>
public static class Protobuf
{
    /// <summary>Reads one message; the caller has checked the length of the whole.</summary>
    public static bool TryParse<T>(ReadOnlySpan<byte> source, MessageParser<T> parser, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>
    {
        ArgumentNullException.ThrowIfNull(parser);
        try
        {
            message = parser.ParseFrom(source);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            message = null;
            return false;
        }
    }
}
