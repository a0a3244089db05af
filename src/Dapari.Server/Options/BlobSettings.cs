using Dapari.Server.Blobs;

namespace Dapari.Server.Options;

/// <summary>The settings of drop-offs.</summary>
internal static class BlobSettings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<bool>("blobs", "on|off", "off: files cannot be left here for who is away", OnOff, (o, v) => With(o, b => b with { On = v })),
        Settings.Text("blob-folder", "DIR", "the folder for them, which all machines of a cluster share (default: in the data folder)", (o, v) => With(o, b => b with { Folder = Path.GetFullPath(v) })),
        Settings.One<long>("blob-bytes", "BYTES", "what a mailbox's owner leaves here at most (default 2G)", Settings.Size, (o, v) => With(o, b => b with { Quota = b.Quota with { Bytes = v } })),
        Settings.Count("blob-count", "files that a mailbox's owner leaves here at most (default 1000)", 1, 1_000_000, (o, v) => With(o, b => b with { Quota = b.Quota with { Blobs = v } })),
        Settings.Count("blob-days", "days that a file left here is kept at most (default 14)", 1, 3650, (o, v) => With(o, b => b with { Days = v })),
        Settings.One<long>("blob-total", "BYTES", "all files left here together (default 64G)", Settings.Size, (o, v) => With(o, b => b with { TotalBytes = v })),
        Settings.One<long>("blob-reserve", "BYTES", "what files left here leave free on the disk (default 1G)", Settings.Size, (o, v) => With(o, b => b with { ReserveBytes = v })),
        Settings.Count("blob-transfers", "their uploads and downloads at once (default 512)", 1, 65_536, (o, v) => With(o, b => b with { Transfers = v })),
        Settings.Count("blob-transfers-per-address", "of one address (default 256)", 1, 65_536, (o, v) => With(o, b => b with { TransfersPerAddress = v })),
    ];

    private static ServerOptions With(ServerOptions options, Func<BlobServing, BlobServing> change) => options with { Blobs = change(options.Blobs) };

    private static bool OnOff(string text, out bool on)
    {
        on = text == "on";
        return text is "on" or "off";
    }
}
