using Dapari.Web.Platform;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Web.Tests;

/// <summary>Files of which only the names are there: what was asked for is noted, and answered as told.</summary>
internal sealed class PaperFiles : IBrowserFiles, IBrowserPlayer
{
    public event Action<PickedFiles>? Picked;

    public event Action<bool>? Dragging;

    public event Action<TransferId, long>? Preparing;

    public event Action<double>? VoiceLevel;

    public event Action<double, double, bool>? Told;

    public List<string> Done { get; } = [];

    public PickedFiles? Choice { get; set; }

    public PickedFiles? Shared { get; set; }

    public PrepareOutcome Prepared { get; set; }

    public TaskCompletionSource? Preparation { get; set; }

    public bool Same { get; set; } = true;

    public bool Microphone { get; set; } = true;

    public SaveOutcome Saved { get; set; }

    public string? Url { get; set; } = "blob:picture";

    public HashSet<string> Urls { get; } = [];

    public bool IsSupported { get; set; } = true;

    public bool PicksFolders => true;

    public bool Records => true;

    public bool WritesAnywhere => true;

    public static PickedFiles Pick(params string[] names) =>
        new(1, [.. names.Select(name => new PickedFile(name, [], 1000, "", name.EndsWith(".jpg", StringComparison.Ordinal) ? FileKind.Picture : FileKind.Unspecified, default))], false);

    public void Drop(PickedFiles picked) => Picked?.Invoke(picked);

    public void Drag(bool over) => Dragging?.Invoke(over);

    public void Prepare(TransferId transfer, long bytes) => Preparing?.Invoke(transfer, bytes);

    public void Hear(double level) => VoiceLevel?.Invoke(level);

    public void Tell(double at, double length, bool playing) => Told?.Invoke(at, length, playing);

    public Task<PickedFiles?> PickAsync(FilePick what)
    {
        Done.Add("pick " + what);
        return Task.FromResult(Choice);
    }

    public IDisposable WatchDrops(string elementId) => new Watch(() => Done.Add("watched " + elementId));

    public Task<PickedFiles?> TakeSharedAsync() => Task.FromResult(Shared);

    public async Task<PreparedFiles> PrepareAsync(PickedFiles picked, TransferId transfer, bool keepMetadata, CancellationToken cancellation)
    {
        Done.Add($"prepare {picked.Files.Count} {keepMetadata}");
        if (Preparation is { } wait) await wait.Task.WaitAsync(cancellation);
        return new PreparedFiles(Prepared, [.. picked.Files.Select(file => new FileItem { Name = file.Name, Kind = file.Kind })], null, Prepared == PrepareOutcome.Done ? null : picked.Files[0].Name);
    }

    public Task<bool> ChooseAgainAsync(TransferId transfer, PickedFiles picked) => Task.FromResult(Same);

    public Task<string?> PeekAsync(PickedFiles picked, int index) => Task.FromResult(Make(Url));

    public PickedFiles Without(PickedFiles picked, int index) => picked with { Files = [.. picked.Files.Where((_, i) => i != index)] };

    public Task<PickedFiles?> TakeAgainAsync(TransferId transfer, IReadOnlyList<SaveName> names) => Task.FromResult(Choice);

    public void Release(PickedFiles picked) => Done.Add("release");

    public Task<bool> StartVoiceAsync()
    {
        if (Microphone) Done.Add("record");
        return Task.FromResult(Microphone);
    }

    public Task<PickedFiles?> StopVoiceAsync(bool keep)
    {
        Done.Add("stop " + keep);
        return Task.FromResult(keep ? new PickedFiles(2, [new PickedFile("voice.webm", [], 900, "audio/webm", FileKind.Voice, TimeSpan.FromSeconds(3))], false) : null);
    }

    public Task<string?> UrlAsync(TransferId transfer, uint item, string mediaType) => Task.FromResult(Make(Url));

    public string PreviewUrl(ReadOnlyMemory<byte> picture) => Make("blob:preview")!;

    public void Release(string url) => Urls.Remove(url);

    public Task<SaveOutcome> SaveAsync(TransferId transfer, uint item, string name, string mediaType)
    {
        Done.Add($"save {item} {name} {mediaType}");
        return Task.FromResult(Saved);
    }

    public Task<SaveOutcome> SaveAllAsync(TransferId transfer, IReadOnlyList<SaveName> names)
    {
        Done.Add("save " + string.Join(", ", names.Select(name => $"{name.Item} {string.Join('/', [.. name.Folder, name.Name])}")));
        return Task.FromResult(Saved);
    }

    public Task RemoveAsync(TransferId transfer)
    {
        Done.Add("remove");
        return Task.CompletedTask;
    }

    public Task<long> ReadUsedAsync() => Task.FromResult(5000L);

    public Task RemoveAllAsync(IReadOnlyList<TransferId> except)
    {
        Done.Add($"remove all but {except.Count}");
        return Task.CompletedTask;
    }

    public FileManifest? Manifest { get; set; }

    public Task<FileManifest?> ReadManifestAsync(TransferId transfer) => Task.FromResult(Manifest);

    public Task<bool> PlayAsync(string url, double from, double speed)
    {
        Done.Add($"play {from} {speed}");
        Told?.Invoke(from, 3, true);
        return Task.FromResult(true);
    }

    public void Pause() => Told?.Invoke(1, 3, false);

    public void Seek(double second) => Done.Add($"seek {second}");

    public void SetSpeed(double speed) => Done.Add($"speed {speed}");

    private string? Make(string? url)
    {
        if (url is null) return null;
        var made = $"{url}-{Urls.Count + Done.Count}";
        Urls.Add(made);
        return made;
    }

    private sealed class Watch(Action ended) : IDisposable
    {
        public void Dispose() => ended();
    }
}
