using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Web.Platform;

/// <summary>
/// Files between the person and this origin: chosen here, prepared to be sent, taken out again. The bytes never enter managed code. Works in every tab of a
/// profile: what is prepared or received lies in the origin's private file system, which all of them share.
/// </summary>
public interface IBrowserFiles
{
    /// <summary>Whether this browser can keep and move files.</summary>
    bool IsSupported { get; }

    /// <summary>Whether a whole folder can be chosen.</summary>
    bool PicksFolders { get; }

    /// <summary>Whether a voice note can be recorded.</summary>
    bool Records { get; }

    /// <summary>Whether the browser writes straight to where the person wants files.</summary>
    bool WritesAnywhere { get; }

    /// <summary>Files were dropped or pasted (see <see cref="WatchDrops"/>), or came through the system's share sheet.</summary>
    event Action<PickedFiles>? Picked;

    /// <summary>Files are being dragged over the element, or no longer.</summary>
    event Action<bool>? Dragging;

    /// <summary>How far <see cref="PrepareAsync"/> is: bytes read, of the picked ones' total.</summary>
    event Action<TransferId, long>? Preparing;

    /// <summary>Loudness of the voice note that is being recorded, 0 to 1, about ten times a second.</summary>
    event Action<double>? VoiceLevel;

    /// <summary>Lets the person choose. Must be called from a click. Null: they chose nothing.</summary>
    Task<PickedFiles?> PickAsync(FilePick what);

    /// <summary>Takes drops on, and pastes into, the element until disposed.</summary>
    IDisposable WatchDrops(string elementId);

    /// <summary>What came through the share sheet and was not taken yet; null: nothing.</summary>
    Task<PickedFiles?> TakeSharedAsync();

    /// <summary>
    /// Reads them once: hashes, makes previews of pictures and videos, strips what pictures say of place and camera unless it is kept on purpose, and keeps a
    /// copy in the private file system where there is room (else it serves from where they are, in this tab, until it is closed).
    /// </summary>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is left of it.</exception>
    Task<PreparedFiles> PrepareAsync(PickedFiles picked, TransferId transfer, bool keepMetadata, CancellationToken cancellation);

    /// <summary>The person chose the source of a transfer again; true: these are the same bytes.</summary>
    Task<bool> ChooseAgainAsync(TransferId transfer, PickedFiles picked);

    /// <summary>A small picture of one picked file, to look at before it is sent: an object URL to release, or null.</summary>
    Task<string?> PeekAsync(PickedFiles picked, int index);

    /// <summary>One of them (by its position) is not to be sent: what is left, to be used from now on.</summary>
    PickedFiles Without(PickedFiles picked, int index);

    /// <summary>What a transfer holds on this device, sent or received, as if it had been chosen under these names; null: it is not here.</summary>
    Task<PickedFiles?> TakeAgainAsync(TransferId transfer, IReadOnlyList<SaveName> names);

    /// <summary>What was picked is not needed any more.</summary>
    void Release(PickedFiles picked);

    /// <summary>Begins to record a voice note. Must be called from a click or press. False: no microphone, or not allowed.</summary>
    Task<bool> StartVoiceAsync();

    /// <summary>Ends it; null: thrown away, or nothing was heard.</summary>
    Task<PickedFiles?> StopVoiceAsync(bool keep);

    /// <summary>A URL of a received or sent file's bytes for a picture or a player, to release; null: it is not here. Only for types that <see cref="FileEntry"/>'s judgement allows.</summary>
    Task<string?> UrlAsync(TransferId transfer, uint item, string mediaType);

    /// <summary>A preview of an offer as an object URL, to release.</summary>
    string PreviewUrl(ReadOnlyMemory<byte> picture);

    /// <summary>An object URL is not needed any more.</summary>
    void Release(string url);

    /// <summary>Gives a received file to the person: where they choose, or as a download; under this name. Must be called from a click.</summary>
    Task<SaveOutcome> SaveAsync(TransferId transfer, uint item, string name, string mediaType);

    /// <summary>All of a transfer, in its folders where the browser can, else one after the other. Must be called from a click.</summary>
    Task<SaveOutcome> SaveAllAsync(TransferId transfer, IReadOnlyList<SaveName> names);

    /// <summary>Removes a received file's bytes from this device.</summary>
    Task RemoveAsync(TransferId transfer);

    /// <summary>Bytes that files take on this device, sent ones and received ones.</summary>
    Task<long> ReadUsedAsync();

    /// <summary>Removes the bytes of all transfers from this device, but for these.</summary>
    Task RemoveAllAsync(IReadOnlyList<TransferId> except);

    /// <summary>The items of a transfer whose offer named a manifest, once it is here; null: it is not.</summary>
    Task<FileManifest?> ReadManifestAsync(TransferId transfer);
}

/// <summary>What is chosen.</summary>
public enum FilePick
{
    /// <summary>Files of any kind.</summary>
    Files,

    /// <summary>Pictures and videos.</summary>
    Pictures,

    /// <summary>A folder with all that is in it.</summary>
    Folder,

    /// <summary>A picture of the camera, where the device has that.</summary>
    Camera,
}

/// <summary>Files that the person chose; held by this page until released.</summary>
/// <param name="Id">How the page knows them.</param>
/// <param name="Files">In order.</param>
/// <param name="TooMany">There were more than a transfer takes: the first ones are here.</param>
public sealed record PickedFiles(int Id, IReadOnlyList<PickedFile> Files, bool TooMany)
{
    /// <summary>Bytes of all.</summary>
    public long TotalSize => Files.Sum(file => file.Size);
}

/// <summary>One of them.</summary>
/// <param name="Name">As the system has it.</param>
/// <param name="Folder">Where in the chosen folder.</param>
/// <param name="Size">Bytes.</param>
/// <param name="MediaType">As the browser guesses it; may be empty.</param>
/// <param name="Kind">What it will be shown as.</param>
/// <param name="Duration">Of a voice note.</param>
public sealed record PickedFile(string Name, IReadOnlyList<string> Folder, long Size, string MediaType, FileKind Kind, TimeSpan Duration);

/// <summary>Ready to be offered.</summary>
/// <param name="Outcome">How it went.</param>
/// <param name="Items">For <c>SendFiles</c>.</param>
/// <param name="Manifest">When they do not fit into an offer.</param>
/// <param name="Failed">The name of the file that could not be read.</param>
public sealed record PreparedFiles(PrepareOutcome Outcome, IReadOnlyList<FileItem> Items, FileBlob? Manifest, string? Failed);

/// <summary>How preparing went.</summary>
public enum PrepareOutcome
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>A file could not be read: gone, or changed meanwhile.</summary>
    Unreadable,

    /// <summary>No room to keep a copy, and this tab cannot serve it itself.</summary>
    NoRoom,

    /// <summary>More files, or more bytes, than a transfer takes.</summary>
    TooLarge,
}

/// <summary>How saving went.</summary>
public enum SaveOutcome
{
    /// <summary>Done, or handed to the browser's downloads.</summary>
    Done,

    /// <summary>The person chose no place.</summary>
    Cancelled,

    /// <summary>It is no longer on this device.</summary>
    Gone,

    /// <summary>The place is full or refuses.</summary>
    Failed,
}

/// <summary>Under which clean name, in which clean folder, an item is saved.</summary>
public readonly record struct SaveName(uint Item, IReadOnlyList<string> Folder, string Name, string MediaType);
