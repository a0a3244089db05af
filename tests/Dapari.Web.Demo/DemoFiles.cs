using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Demo;

/// <summary>Files that nobody has, to look at: ?files shows entries of all kinds; ?files=sheet, away, folder, share or drag what comes before.</summary>
internal sealed class DemoFiles : IBrowserFiles, IBrowserPlayer
{
    public event Action<PickedFiles>? Picked;
    public event Action<bool>? Dragging;
    public event Action<TransferId, long>? Preparing;
    public event Action<double>? VoiceLevel;
    public event Action<double, double, bool>? Told;

    public bool IsSupported => true;
    public bool PicksFolders => true;
    public bool Records => true;
    public bool WritesAnywhere => true;
    private PickedFiles? _shared;

    public static void Play(DemoPeerClient peer, DemoBrowser browser)
    {
        var at = browser.Query.IndexOf("files", StringComparison.Ordinal);
        if (at < 0) return;
        var kind = browser.Query[at..].Split('=', '&') is [_, var which, ..] ? which : "";
        var bob = peer.Snapshot.Contacts.First(c => c.Name.StartsWith(kind == "away" ? "Giulia" : "Bob", StringComparison.Ordinal));
        bob.Path.PeerPresent = kind != "away";
        var files = browser.Drawer;
        if (kind is "sheet" or "away") _ = LaterAsync(() => files.Picked?.Invoke(Pick("Piazza al tramonto.jpg", "Prova generale.mp4", "Programma definitivo, con le correzioni di Giulia e le note del regista.pdf")));
        if (kind == "drag") _ = LaterAsync(() => files.Dragging?.Invoke(true));
        if (kind == "share") files._shared = Pick("Locandina.jpg");
        if (kind is "sheet" or "away" or "drag" or "share") return;
        peer.Snapshot.Self.ReceiveUnaskedBytes = 32 << 20;
        Fill(peer, browser, bob);
    }

    private static async Task LaterAsync(Action act)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        act();
    }

    private static PickedFiles Pick(params string[] names) => new(1, [.. names.Select((name, i) => new PickedFile(name, [], 2_400_000 + (i * 31_000_000), "", name.EndsWith("jpg") ? FileKind.Picture : name.EndsWith("mp4") ? FileKind.Video : FileKind.Unspecified, default))], false);

    private static void Fill(DemoPeerClient peer, DemoBrowser browser, ContactView bob)
    {
        var now = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        Add("a1", false, "", FileOutcome.Arrived, [Share(Route.Direct, 3_400_000)], Picture("Mare.jpg", 200, 1600, 1200));
        Add("a2", true, "Le prove di ieri", FileOutcome.Arrived, [Share(Route.Direct, 9_000_000), Share(Route.DropOff, 4_000_000)], [.. Enumerable.Range(0, 7).Select(i => Picture($"Prova {i}.jpg", i * 47, 1200, 1600))]);
        Add("a3", false, "", FileOutcome.Arrived, [Share(Route.DropOff, 48_000)], new FileEntry { Name = "voice.webm", MediaType = "audio/webm", Kind = FileKind.Voice, Size = 48_000, Preview = new FilePreview { DurationMs = 23_000, Waveform = ByteString.CopyFrom([.. Enumerable.Range(0, 60).Select(i => (byte)(40 + (i * 53 % 200)))]) } });
        Add("a4", false, "", FileOutcome.Arrived, [Share(Route.Direct, 88_000)], new FileEntry { Name = "fattura.pdf .exe", NameChanged = true, DoubleExtension = true, MediaType = "application/octet-stream", Size = 88_000, Warning = FileWarning.DisguisedProgram }, new FileEntry { Name = "Spartito con un nome molto lungo che non finisce mai e continua ancora un po’ per vedere come va a capo.pdf", MediaType = "application/pdf", Size = 1_200_000 });
        Add("a5", false, "Dal portatile", FileOutcome.Unspecified, [], Picture("Archivio 2019.zip", -1, 0, 0));
        View("a5", TransferState.Offered, 0, 4_800_000_000);
        Add("a6", true, "", FileOutcome.Unspecified, [], new FileEntry { Name = "Registrazione concerto.mov", MediaType = "video/quicktime", Kind = FileKind.Video, Size = 734_000_000, Preview = new FilePreview { Picture = Hue(20), Width = 1920, Height = 1080, DurationMs = 312_000 } });
        var moving = View("a6", TransferState.Moving, 402_000_000, 734_000_000);
        moving.Shares.Add(Share(Route.Direct, 330_000_000));
        moving.Shares.Add(Share(Route.Relay, 72_000_000));
        (moving.BytesPerSecond, moving.RemainingMs, moving.Route) = (31_400_000, 10_500, Route.Direct);
        Add("a7", true, "", FileOutcome.Unspecified, [], [.. Enumerable.Range(0, 4).Select(i => new FileEntry { Name = $"{i}.wav", Folder = { "Tracce separate" }, MediaType = "audio/wav", Size = 9_000_000 })]);
        var waiting = View("a7", TransferState.Moving, 0, 36_000_000);
        (waiting.Trouble, waiting.Way) = (TransferTrouble.NoWay, Policy.Automatic);
        Add("a8", true, "", FileOutcome.Unspecified, [], new FileEntry { Name = "Copione.docx", MediaType = "application/msword", Size = 3_100_000 });
        var lying = View("a8", TransferState.Offered, 0, 3_100_000);
        (lying.Leave, lying.AtServerBytes, lying.AtServerUntilMs) = (true, 3_100_000, now + 1_000_000_000);
        Add("a9", true, "", FileOutcome.Unspecified, [], new FileEntry { Name = "Vecchio disco.iso", MediaType = "application/octet-stream", Size = 700_000_000 });
        var source = View("a9", TransferState.Moving, 120_000_000, 700_000_000);
        source.Trouble = TransferTrouble.SourceNotReady;
        Add("aa", true, "", FileOutcome.Refused, [], new FileEntry { Name = "Catena.txt", MediaType = "text/plain", Size = 2_000 });
        var one = Add("ab", true, "", FileOutcome.Arrived, [Share(Route.Direct, 96_000_000)], new FileEntry { Name = "Prova video.mp4", MediaType = "video/mp4", Kind = FileKind.Video, Size = 96_000_000, Preview = new FilePreview { Picture = Hue(280), Width = 1280, Height = 720, DurationMs = 61_000 } });
        var two = Add("ac", true, "", FileOutcome.Arrived, [Share(Route.DropOff, 96_000_000)], one.File.Files[0].Clone());
        (one.File.Way, one.File.End.TookMs) = (Policy.DirectOnly, 3_300);
        (two.File.Way, two.File.End.TookMs, two.File.AtServerFromMs, two.File.AtServerUntilMs, two.File.AtServerBytes) = (Policy.ServerOnly, 42_600, now - 80_000, now - 38_000, 96_000_000);
        one.File.BegunAtMs = two.File.BegunAtMs = now - 90_000;
        browser.WriteSetting("twin/" + Hex(one), Hex(two));
        browser.WriteSetting("twin/" + Hex(two), Hex(one));
        peer.Tell();

        MessageRecord Add(string id, bool outgoing, string caption, FileOutcome outcome, FileRouteShare[] shares, params FileEntry[] files)
        {
            var record = peer.Say(bob, outgoing, caption, now - 600_000, Route.Direct, Reason.DirectPathOpen);
            record.Kind = MessageKind.Files;
            record.File = new FileRecord { TransferId = Transfer(id), ItemCount = (uint)files.Length, TotalSize = (ulong)files.Sum(file => (long)file.Size) };
            record.File.Files.AddRange(files);
            if (outcome != FileOutcome.Unspecified) record.File.End = new FileEnd { Outcome = outcome, TookMs = 2_400, Shares = { shares } };
            Messages[id] = record;
            return record;
        }

        TransferView View(string id, TransferState state, ulong done, ulong total)
        {
            var view = new TransferView { TransferId = Transfer(id), ContactId = bob.Id, MessageId = Messages[id].Id, Outgoing = Messages[id].Outgoing, State = state, DoneBytes = done, TotalBytes = total, BegunAtMs = now - 60_000 };
            Messages[id].File.TotalSize = total;
            peer.Snapshot.Transfers.Add(view);
            return view;
        }
    }

    private static Dictionary<string, MessageRecord> Messages { get; } = [];

    private static string Hex(MessageRecord record) => Convert.ToHexStringLower(record.Id.Span);

    private static ByteString Transfer(string id) => ByteString.CopyFrom(DemoPeerClient.Key(id).Span[..16]);

    private static FileRouteShare Share(Route route, ulong bytes) => new() { Route = route, Bytes = bytes };

    private static ByteString Hue(int hue) => ByteString.CopyFrom((byte)(hue / 2));

    private static FileEntry Picture(string name, int hue, uint width, uint height) => hue < 0
        ? new FileEntry { Name = name, MediaType = "application/zip", Size = 4_800_000_000 }
        : new FileEntry { Name = name, MediaType = "image/jpeg", Kind = FileKind.Picture, Size = 2_000_000, Preview = new FilePreview { Picture = Hue(hue), Width = width, Height = height } };

    private static string Paint(int hue) =>
        $"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1600' height='1200'%3E%3Crect width='1600' height='1200' fill='hsl({hue} 45% 72%)'/%3E%3Ccircle cx='1100' cy='420' r='190' fill='hsl({hue + 40} 70% 80%)'/%3E%3Cpath d='M0 900 500 560 900 840 1200 650 1600 940V1200H0z' fill='hsl({hue + 10} 38% 38%)'/%3E%3C/svg%3E";

    public Task<PickedFiles?> PickAsync(FilePick what) => Task.FromResult<PickedFiles?>(Pick("Nuvole.jpg", "Lettera.pdf"));
    public IDisposable WatchDrops(string elementId) => new Nothing();
    public Task<PickedFiles?> TakeSharedAsync() => Task.FromResult(_shared);

    public async Task<PreparedFiles> PrepareAsync(PickedFiles picked, TransferId transfer, bool keepMetadata, CancellationToken cancellation)
    {
        for (var i = 0; i < 40; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellation);
            Preparing?.Invoke(transfer, picked.TotalSize * i / 40);
        }

        return new PreparedFiles(PrepareOutcome.Unreadable, [], null, picked.Files[0].Name);
    }

    public Task<bool> ChooseAgainAsync(TransferId transfer, PickedFiles picked) => Task.FromResult(false);
    public Task<string?> PeekAsync(PickedFiles picked, int index) => Task.FromResult<string?>(Paint(30 + (index * 70)));
    public PickedFiles Without(PickedFiles picked, int index) => picked with { Files = [.. picked.Files.Where((_, i) => i != index)] };
    public Task<PickedFiles?> TakeAgainAsync(TransferId transfer, IReadOnlyList<SaveName> names) => Task.FromResult<PickedFiles?>(Pick("Mare.jpg"));
    public void Release(PickedFiles picked) { }
    public Task<bool> StartVoiceAsync()
    {
        _ = HearAsync();
        return Task.FromResult(true);
    }

    public Task<PickedFiles?> StopVoiceAsync(bool keep) => Task.FromResult<PickedFiles?>(null);

    public Task<string?> UrlAsync(TransferId transfer, uint item, string mediaType)
    {
        var entry = Messages.Values.FirstOrDefault(m => m.File.TransferId.Equals(transfer.ToByteString()))?.File.Files[(int)item - 1];
        return Task.FromResult<string?>(entry?.Preview?.Picture is { IsEmpty: false } p ? Paint(p[0] * 2) : null);
    }

    public string PreviewUrl(ReadOnlyMemory<byte> picture) => Paint(picture.Span[0] * 2);
    public void Release(string url) { }
    public Task<SaveOutcome> SaveAsync(TransferId transfer, uint item, string name, string mediaType) => Task.FromResult(SaveOutcome.Done);
    public Task<SaveOutcome> SaveAllAsync(TransferId transfer, IReadOnlyList<SaveName> names) => Task.FromResult(SaveOutcome.Done);
    public Task RemoveAsync(TransferId transfer) => Task.CompletedTask;
    public Task<long> ReadUsedAsync() => Task.FromResult(812_000_000L);
    public Task RemoveAllAsync(IReadOnlyList<TransferId> except) => Task.CompletedTask;
    public Task<FileManifest?> ReadManifestAsync(TransferId transfer) => Task.FromResult<FileManifest?>(null);

    public Task<bool> PlayAsync(string url, double from, double speed)
    {
        Told?.Invoke(8, 23, true);
        return Task.FromResult(true);
    }

    public void Pause() => Told?.Invoke(8, 23, false);
    public void Seek(double second) => Told?.Invoke(second, 23, true);
    public void SetSpeed(double speed) { }

    private async Task HearAsync()
    {
        for (var i = 0; i < 600; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            VoiceLevel?.Invoke(0.5 + (0.45 * Math.Sin(i * 1.7)));
        }
    }

    private sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
