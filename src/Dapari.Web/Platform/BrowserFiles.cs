using System.Runtime.InteropServices.JavaScript;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>Files between the person and this origin, by files-pick.js, files-save.js and files-voice.js; each is loaded when it is first needed.</summary>
internal sealed partial class BrowserFiles : IBrowserFiles
{
    private const int Keeps = 1, Picks = 2, CanRecord = 4, Writes = 8;
    private const int Cancelled = 4;

    private readonly FileModules _modules;
    private readonly int _facts = BrowserPage.FileFacts();
    private Task? _pick;
    private Task? _save;
    private Task? _voice;
    private int _lastWatch;

    public BrowserFiles(FileModules modules)
    {
        _modules = modules;
        FileEvents.OnPicked = text =>
        {
            if (PickedText.Read(text) is { } picked) Picked?.Invoke(picked);
        };
        FileEvents.OnDragging = on => Dragging?.Invoke(on);
        FileEvents.OnVoiceLevel = level => VoiceLevel?.Invoke(level);
        FileEvents.OnPreparing = (transfer, bytes) => Preparing?.Invoke(FileText.Transfer(transfer), (long)bytes);
    }

    public event Action<PickedFiles>? Picked;

    public event Action<bool>? Dragging;

    public event Action<TransferId, long>? Preparing;

    public event Action<double>? VoiceLevel;

    /// <summary>Whether this browser keeps and moves files.</summary>
    public static bool CanKeep => (BrowserPage.FileFacts() & Keeps) != 0;

    public bool IsSupported => (_facts & Keeps) != 0;

    public bool PicksFolders => (_facts & Picks) != 0;

    public bool Records => (_facts & CanRecord) != 0;

    public bool WritesAnywhere => (_facts & Writes) != 0;

    public async Task<PickedFiles?> PickAsync(FilePick what)
    {
        await PickingAsync();
        return PickedText.Read(await Js.Pick(what switch { FilePick.Pictures => "pictures", FilePick.Folder => "folder", FilePick.Camera => "camera", _ => "files" }));
    }

    public IDisposable WatchDrops(string elementId)
    {
        var watch = ++_lastWatch;
        BrowserPage.WatchDrops(watch, elementId);
        return new Watch(watch);
    }

    public async Task<PickedFiles?> TakeSharedAsync()
    {
        if (!BrowserPage.WasShared()) return null;
        await PickingAsync();
        return PickedText.Read(await Js.TakeShared());
    }

    public async Task<PreparedFiles> PrepareAsync(PickedFiles picked, TransferId transfer, bool keepMetadata, CancellationToken cancellation)
    {
        if (picked.TotalSize > Dapari.Wire.Files.FileShape.MaxSize || picked.Files.Count > WireLimits.FilesPerTransfer) return new PreparedFiles(PrepareOutcome.TooLarge, [], null, null);
        await PickingAsync();
        cancellation.ThrowIfCancellationRequested();
        var name = transfer.ToString();
        using var cancel = cancellation.Register(() => Js.Tell("cancel", name));
        var (outcome, failed, items) = PickedText.ReadPrepared(await Js.Prepare(picked.Id, name, keepMetadata));
        if (outcome == Cancelled) throw new OperationCanceledException(cancellation);
        if (outcome != (int)PrepareOutcome.Done) return new PreparedFiles((PrepareOutcome)outcome, [], null, failed.Length == 0 ? null : failed);
        FileBlob? manifest = null;
        byte[] bytes = [];
        if (!PickedText.FitInline(items))
        {
            foreach (var item in items) item.Preview = null;
            var all = new FileManifest { Items = { items } };
            if (all.CalculateSize() > WireLimits.ManifestBytes)
            {
                await RemoveAsync(transfer);
                return new PreparedFiles(PrepareOutcome.TooLarge, [], null, null);
            }

            bytes = all.ToByteArray();
        }

        var root = await Js.KeepManifest(name, bytes);
        if (root.Length == 0) return new PreparedFiles(PrepareOutcome.NoRoom, [], null, null);
        if (bytes.Length != 0) manifest = new FileBlob { Root = ByteString.CopyFrom(Convert.FromHexString(root)), Size = (ulong)bytes.Length };
        if (!cancellation.IsCancellationRequested) return new PreparedFiles(PrepareOutcome.Done, items, manifest, null);
        await RemoveAsync(transfer);
        throw new OperationCanceledException(cancellation);
    }

    public async Task<bool> ChooseAgainAsync(TransferId transfer, PickedFiles picked)
    {
        await PickingAsync();
        return await Js.ChooseAgain(transfer.ToString(), picked.Id);
    }

    public async Task<string?> PeekAsync(PickedFiles picked, int index)
    {
        await PickingAsync();
        return Some(await Js.Peek(picked.Id, index));
    }

    public PickedFiles Without(PickedFiles picked, int index)
    {
        Js.Without(picked.Id, index);
        return picked with { Files = [.. picked.Files.Where((_, at) => at != index)] };
    }

    public async Task<PickedFiles?> TakeAgainAsync(TransferId transfer, IReadOnlyList<SaveName> names)
    {
        await PickingAsync();
        return PickedText.Read(await Js.TakeAgain(transfer.ToString(), PickedText.Names(names)));
    }

    public void Release(PickedFiles picked)
    {
        if (_pick is { IsCompletedSuccessfully: true }) Js.Release(picked.Id);
    }

    public async Task<bool> StartVoiceAsync()
    {
        await PickingAsync();
        await (_voice ??= LoadAsync("files-voice", Js.ConnectVoice));
        return await Js.StartVoice();
    }

    public async Task<PickedFiles?> StopVoiceAsync(bool keep) => _voice is { IsCompletedSuccessfully: true } ? PickedText.Read(await Js.StopVoice(keep)) : null;

    public async Task<string?> UrlAsync(TransferId transfer, uint item, string mediaType)
    {
        await SavingAsync();
        return Some(await Js.Url(transfer.ToString(), (int)item, mediaType));
    }

    public string PreviewUrl(ReadOnlyMemory<byte> picture) => BrowserPage.PictureUrl(picture.ToArray());

    public void Release(string url) => BrowserPage.ReleaseUrl(url);

    public async Task<SaveOutcome> SaveAsync(TransferId transfer, uint item, string name, string mediaType)
    {
        await SavingAsync();
        return (SaveOutcome)await Js.Save(transfer.ToString(), (int)item, name, mediaType);
    }

    public async Task<SaveOutcome> SaveAllAsync(TransferId transfer, IReadOnlyList<SaveName> names)
    {
        await SavingAsync();
        return (SaveOutcome)await Js.SaveAll(transfer.ToString(), PickedText.Names(names));
    }

    public async Task RemoveAsync(TransferId transfer)
    {
        await SavingAsync();
        await Js.Remove(transfer.ToString());
    }

    public async Task<long> ReadUsedAsync()
    {
        await SavingAsync();
        return (long)await Js.Used();
    }

    public async Task RemoveAllAsync(IReadOnlyList<TransferId> except)
    {
        await SavingAsync();
        await Js.RemoveAll(string.Join(',', except));
    }

    public async Task<FileManifest?> ReadManifestAsync(TransferId transfer)
    {
        await SavingAsync();
        using var found = await Js.Manifest(transfer.ToString());
        if (found?.GetPropertyAsByteArray("bytes") is not { } bytes) return null;
        try
        {
            return FileManifest.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // It was never read by the engine, or is none.
        }
    }

    private static string? Some(string text) => text.Length == 0 ? null : text;

    private Task PickingAsync() => _pick ??= LoadAsync("files-pick", Js.ConnectPick);

    private Task SavingAsync() => _save ??= LoadAsync("files-save", () => Task.CompletedTask);

    private async Task LoadAsync(string module, Func<Task> connect)
    {
        await _modules.LoadAsync();
        await JSHost.ImportAsync(module, $"/js/{module}.js");
        await connect();
    }

    private sealed class Watch(int number) : IDisposable
    {
        public void Dispose() => BrowserPage.UnwatchDrops(number);
    }

    private static partial class Js
    {
        [JSImport("connect", "files-pick")]
        internal static partial Task ConnectPick();

        [JSImport("connect", "files-voice")]
        internal static partial Task ConnectVoice();

        [JSImport("tell", "files")]
        internal static partial void Tell(string what, string one);

        [JSImport("pick", "files-pick")]
        internal static partial Task<string> Pick(string what);

        [JSImport("takeShared", "files-pick")]
        internal static partial Task<string> TakeShared();

        [JSImport("takeAgain", "files-pick")]
        internal static partial Task<string> TakeAgain(string transfer, string names);

        [JSImport("prepare", "files-pick")]
        internal static partial Task<string> Prepare(int picked, string transfer, bool keepMetadata);

        [JSImport("keepManifest", "files-pick")]
        internal static partial Task<string> KeepManifest(string transfer, byte[] manifest);

        [JSImport("chooseAgain", "files-pick")]
        internal static partial Task<bool> ChooseAgain(string transfer, int picked);

        [JSImport("peek", "files-pick")]
        internal static partial Task<string> Peek(int picked, int index);

        [JSImport("without", "files-pick")]
        internal static partial void Without(int picked, int index);

        [JSImport("release", "files-pick")]
        internal static partial void Release(int picked);

        [JSImport("start", "files-voice")]
        internal static partial Task<bool> StartVoice();

        [JSImport("stop", "files-voice")]
        internal static partial Task<string> StopVoice(bool keep);

        [JSImport("url", "files-save")]
        internal static partial Task<string> Url(string transfer, int item, string type);

        [JSImport("save", "files-save")]
        internal static partial Task<int> Save(string transfer, int item, string name, string type);

        [JSImport("saveAll", "files-save")]
        internal static partial Task<int> SaveAll(string transfer, string names);

        [JSImport("remove", "files-save")]
        internal static partial Task Remove(string transfer);

        [JSImport("used", "files-save")]
        internal static partial Task<double> Used();

        [JSImport("removeAll", "files-save")]
        internal static partial Task RemoveAll(string except);

        [JSImport("manifest", "files-save")]
        internal static partial Task<JSObject?> Manifest(string transfer);
    }
}
