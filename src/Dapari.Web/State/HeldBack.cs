using System.Globalization;
using Dapari.Peer.Local;
using Dapari.Web.Platform;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>A command that waits for the end of the moment in which it can be undone.</summary>
/// <param name="Id">What it is about.</param>
/// <param name="DueMs">Wall clock from when on it may be carried out, milliseconds since 1970.</param>
/// <param name="Command">What is to be done.</param>
internal sealed record Held(ByteString Id, long DueMs, Command Command);

/// <summary>
/// The commands that are held back, kept in the browser's settings: a tab may be closed or die within that moment, and what the person saw
/// happen must not come back. One line for each: id, due time, command, the first in hexadecimal, the last in base64.
/// </summary>
internal sealed class HeldBack(IBrowser browser)
{
    private const string Setting = "held";

    // More than anybody can hold back within a few seconds; the setting may have been tampered with.
    private const int Most = 32;

    /// <summary>All of them; lines that make no sense are passed over.</summary>
    public IReadOnlyList<Held> Read() => [.. Lines().Select(Parse).OfType<Held>()];

    /// <summary>Whether it still waits: another tab may have carried it out or taken it back.</summary>
    public bool Contains(Held held) => Lines().Contains(Format(held));

    /// <summary>Keeps one.</summary>
    public void Add(Held held) => Write([.. Lines().TakeLast(Most - 1), Format(held)]);

    /// <summary>It was done or taken back.</summary>
    public void Remove(Held held) => Write([.. Lines().Where(line => line != Format(held))]);

    private string[] Lines() => browser.ReadSetting(Setting)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private void Write(string[] lines) => browser.WriteSetting(Setting, lines.Length == 0 ? null : string.Join('\n', lines));

    private static string Format(Held held) => string.Create(
        CultureInfo.InvariantCulture, $"{Convert.ToHexStringLower(held.Id.Span)} {held.DueMs} {held.Command.ToByteString().ToBase64()}");

    private static Held? Parse(string line)
    {
        try
        {
            return line.Split(' ') is [var id, var due, var command] && long.TryParse(due, NumberStyles.None, CultureInfo.InvariantCulture, out var dueMs)
                ? new Held(ByteString.CopyFrom(Convert.FromHexString(id)), dueMs, Command.Parser.ParseFrom(ByteString.FromBase64(command)))
                : null;
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
