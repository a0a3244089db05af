using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

// What files.js and its worker tell. Each is set once, by the one object that carries it; nothing is told before.

internal static partial class FileEvents
{
    internal static Action<string, bool>? OnChannel { get; set; }

    internal static Action<string, byte[]>? OnControl { get; set; }

    internal static Action<string>? OnDestinationReady { get; set; }

    internal static Action<string, int, bool>? OnDestinationFailed { get; set; }

    internal static Action<string, byte[]>? OnManifestRead { get; set; }

    internal static Action<string>? OnVerified { get; set; }

    internal static Action<string, int, double, double, bool>? OnWrong { get; set; }

    internal static Action<string, string, bool>? OnFetchFailed { get; set; }

    internal static Action<string, string, int, double, double>? OnServed { get; set; }

    internal static Action<string, bool>? OnSourceReady { get; set; }

    internal static Action<string, int, bool>? OnSourceFailed { get; set; }

    internal static Action<string, double>? OnUploaded { get; set; }

    internal static Action<string, string>? OnLeftAtServer { get; set; }

    internal static Action<string, int>? OnUploadFailed { get; set; }

    internal static Action<string, byte[]>? OnFinished { get; set; }

    internal static Action<string, double>? OnPreparing { get; set; }

    internal static Action<string>? OnPicked { get; set; }

    internal static Action<bool>? OnDragging { get; set; }

    internal static Action<double>? OnVoiceLevel { get; set; }

    [JSExport]
    internal static void Channel(string contact, bool open) => OnChannel?.Invoke(contact, open);

    [JSExport]
    internal static void Control(string contact, byte[] bytes) => OnControl?.Invoke(contact, bytes);

    [JSExport]
    internal static void DestinationReady(string transfer) => OnDestinationReady?.Invoke(transfer);

    [JSExport]
    internal static void DestinationFailed(string transfer, int trouble, bool lost) => OnDestinationFailed?.Invoke(transfer, trouble, lost);

    [JSExport]
    internal static void ManifestRead(string transfer, byte[] bytes) => OnManifestRead?.Invoke(transfer, bytes);

    [JSExport]
    internal static void Verified(string ranges) => OnVerified?.Invoke(ranges);

    [JSExport]
    internal static void Wrong(string transfer, int item, double first, double count, bool left) => OnWrong?.Invoke(transfer, item, first, count, left);

    [JSExport]
    internal static void FetchFailed(string transfer, string blob, bool gone) => OnFetchFailed?.Invoke(transfer, blob, gone);

    [JSExport]
    internal static void Served(string contact, string transfer, int item, double first, double count) => OnServed?.Invoke(contact, transfer, item, first, count);

    [JSExport]
    internal static void SourceReady(string transfer, bool ready) => OnSourceReady?.Invoke(transfer, ready);

    [JSExport]
    internal static void SourceFailed(string transfer, int item, bool changed) => OnSourceFailed?.Invoke(transfer, item, changed);

    [JSExport]
    internal static void Uploaded(string transfer, double bytes) => OnUploaded?.Invoke(transfer, bytes);

    [JSExport]
    internal static void LeftAtServer(string transfer, string spans) => OnLeftAtServer?.Invoke(transfer, spans);

    [JSExport]
    internal static void UploadFailed(string transfer, int fault) => OnUploadFailed?.Invoke(transfer, fault);

    [JSExport]
    internal static void Finished(string transfer, byte[] heads) => OnFinished?.Invoke(transfer, heads);

    [JSExport]
    internal static void Preparing(string transfer, double bytes) => OnPreparing?.Invoke(transfer, bytes);

    [JSExport]
    internal static void Picked(string files) => OnPicked?.Invoke(files);

    [JSExport]
    internal static void Dragging(bool on) => OnDragging?.Invoke(on);

    [JSExport]
    internal static void VoiceLevel(double level) => OnVoiceLevel?.Invoke(level);
}
