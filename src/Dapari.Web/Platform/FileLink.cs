using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>Moves files by files.js and its worker. Nothing is loaded before something of a file is asked for.</summary>
internal sealed partial class FileLink : IFileLink
{
    private readonly FileModules _modules;
    private readonly PathLink _paths;
    private readonly Dictionary<string, ContactId> _contacts = [];
    private readonly Dictionary<TransferId, DropOff> _uploads = [];
    private bool _easy;
    private bool _swept;

    public FileLink(FileModules modules, PathLink paths)
    {
        _modules = modules;
        _paths = paths;
        FileEvents.OnChannel = (contact, open) => Of(contact, id => (open ? ChannelOpened : ChannelClosed)?.Invoke(id));
        FileEvents.OnControl = (contact, bytes) => Of(contact, id => ControlReceived?.Invoke(id, bytes));
        FileEvents.OnDestinationReady = transfer => DestinationReady?.Invoke(FileText.Transfer(transfer));
        FileEvents.OnDestinationFailed = (transfer, trouble, lost) => DestinationFailed?.Invoke(FileText.Transfer(transfer), (TransferTrouble)trouble, lost);
        FileEvents.OnManifestRead = (transfer, bytes) => ManifestRead?.Invoke(FileText.Transfer(transfer), bytes);
        FileEvents.OnVerified = text =>
        {
            foreach (var (transfer, range, carrier) in FileText.Ranges(text)) Verified?.Invoke(transfer, range, carrier);
        };
        FileEvents.OnWrong = (transfer, item, first, count, left) => Wrong?.Invoke(FileText.Transfer(transfer), Range(item, first, count), left);
        FileEvents.OnFetchFailed = (transfer, blob, gone) => FetchFailed?.Invoke(FileText.Transfer(transfer), ByteString.CopyFrom(Convert.FromHexString(blob)), gone);
        FileEvents.OnServed = (contact, transfer, item, first, count) => Of(contact, id => Served?.Invoke(id, FileText.Transfer(transfer), Range(item, first, count)));
        FileEvents.OnSourceReady = (transfer, ready) => SourceReady?.Invoke(FileText.Transfer(transfer), ready);
        FileEvents.OnSourceFailed = (transfer, item, changed) => SourceFailed?.Invoke(FileText.Transfer(transfer), (uint)item, changed);
        FileEvents.OnUploaded = (transfer, bytes) => Uploaded?.Invoke(FileText.Transfer(transfer), (ulong)bytes);
        FileEvents.OnLeftAtServer = (transfer, spans) =>
        {
            var id = FileText.Transfer(transfer);
            LeftAtServer?.Invoke(id, _uploads.Remove(id, out var dropOff) ? FileText.Left(dropOff, spans) : null);
        };
        FileEvents.OnUploadFailed = (transfer, fault) =>
        {
            var id = FileText.Transfer(transfer);
            _uploads.Remove(id);
            UploadFailed?.Invoke(id, (UploadFault)fault);
        };
        FileEvents.OnFinished = (transfer, heads) => Finished?.Invoke(FileText.Transfer(transfer), Pack.Split(heads));
    }

    public event Action<ContactId>? ChannelOpened;

    public event Action<ContactId>? ChannelClosed;

    public event Action<ContactId, byte[]>? ControlReceived;

    public event Action<TransferId>? DestinationReady;

    public event Action<TransferId, TransferTrouble, bool>? DestinationFailed;

    public event Action<TransferId, byte[]>? ManifestRead;

    public event Action<TransferId, ChunkRange, FileCarrier>? Verified;

    public event Action<TransferId, ChunkRange, bool>? Wrong;

    public event Action<TransferId, ByteString, bool>? FetchFailed;

    public event Action<ContactId, TransferId, ChunkRange>? Served;

    public event Action<TransferId, bool>? SourceReady;

    public event Action<TransferId, uint, bool>? SourceFailed;

    public event Action<TransferId, ulong>? Uploaded;

    public event Action<TransferId, DropOff?>? LeftAtServer;

    public event Action<TransferId, UploadFault>? UploadFailed;

    public event Action<TransferId, IReadOnlyList<ReadOnlyMemory<byte>>>? Finished;

    public bool IsSupported => BrowserFiles.CanKeep;

    public void Attach(ContactId contact, ulong path, bool offerer)
    {
        var name = contact.ToString();
        _contacts[name] = contact;
        _modules.Run(() =>
        {
            if (_paths.NumberOf(path) is >= 0 and var number) Js.Attach(name, number, offerer);
        });
    }

    public void Detach(ContactId contact)
    {
        if (_modules.IsInUse) _modules.Run(() => Js.Detach(contact.ToString()));
    }

    public void OpenSource(TransferId transfer, IReadOnlyList<FileId> items)
    {
        Sweep();
        _modules.Run(() => Js.TellItems("openSource", transfer.ToString(), FileText.Items(items)));
    }

    public void SendControl(ContactId contact, ReadOnlyMemory<byte> message) => _modules.Run(() => Js.Control(contact.ToString(), message.ToArray()));

    public void OpenDestination(TransferId transfer, IReadOnlyList<FileId> items)
    {
        Sweep();
        _modules.Run(() => Js.TellItems("openDestination", transfer.ToString(), FileText.Items(items)));
    }

    public void ReadManifest(TransferId transfer) => _modules.Run(() => Js.Tell("readManifest", transfer.ToString()));

    public void Expect(ContactId contact, TransferId transfer, ChunkRange range) =>
        _modules.Run(() => Js.TellRange("expect", contact.ToString(), transfer.ToString(), (int)range.Item, range.First, range.Count, false));

    public void ExpectNothing(ContactId contact, TransferId transfer) => _modules.Run(() => Js.TellTwo("expectNothing", contact.ToString(), transfer.ToString()));

    public void Fetch(TransferId transfer, DropOff dropOff, ChunkRange range)
    {
        var text = FileText.DropOffs(false, (dropOff, dropOff.ReadToken.Memory));
        _modules.Run(() => Js.TellRange("fetchChunks", transfer.ToString(), text, (int)range.Item, range.First, range.Count, false));
    }

    public void StopFetch(TransferId transfer) => _modules.Run(() => Js.Tell("stopFetch", transfer.ToString()));

    public void Serve(ContactId contact, TransferId transfer, ChunkRange range, bool pages) =>
        _modules.Run(() => Js.TellRange("serve", contact.ToString(), transfer.ToString(), (int)range.Item, range.First, range.Count, pages));

    public void StopServing(ContactId contact, TransferId transfer) => _modules.Run(() => Js.TellTwo("stopServing", contact.ToString(), transfer.ToString()));

    public void Upload(TransferId transfer, DropOff dropOff, ReadOnlyMemory<byte> token)
    {
        _uploads[transfer] = dropOff.Clone();
        var text = FileText.DropOffs(false, (dropOff, token));
        _modules.Run(() => Js.TellTwo("upload", transfer.ToString(), text));
    }

    public void StopUpload(TransferId transfer) => _modules.Run(() => Js.Tell("stopUpload", transfer.ToString()));

    public void RemoveDropOffs(IReadOnlyList<DropOff> dropOffs)
    {
        var text = FileText.DropOffs(true, [.. dropOffs.Select(dropOff => (dropOff, dropOff.ReadToken.Memory))]);
        _modules.Run(() => Js.Tell("removeDropOffs", text));
    }

    public void Finish(TransferId transfer) => _modules.Run(() => Js.Tell("finish", transfer.ToString()));

    public void Release(TransferId transfer) => _modules.Run(() => Js.Tell("release", transfer.ToString()));

    public void GoEasy(bool easy)
    {
        _easy = easy;
        if (_swept) _modules.Run(() => Js.TellFlag("goEasy", easy));
    }

    /// <summary>Another tab goes on: channels end, and the files are let go.</summary>
    public void Close()
    {
        _contacts.Clear();
        _uploads.Clear();
        if (_modules.IsInUse) _modules.Run(Js.CloseAll);
    }

    /// <summary>The identity goes: so does all that was kept of its files.</summary>
    public async Task WipeAsync()
    {
        if (!IsSupported) return;
        await _modules.LoadAsync();
        Close();
        try
        {
            await Js.Ask("wipe");
        }
        catch (JSException)
        {
            // The browser refuses its private files: nothing could be kept there either.
        }
    }

    // Once, before anything of this run is opened.
    private void Sweep()
    {
        if (_swept) return;
        _swept = true;
        _modules.Run(() =>
        {
            Js.Tell("sweep", "");
            Js.TellFlag("goEasy", _easy);
        });
    }

    private void Of(string contact, Action<ContactId> tell)
    {
        if (_contacts.TryGetValue(contact, out var id)) tell(id);
    }

    private static ChunkRange Range(int item, double first, double count) => new() { Item = (uint)item, First = (uint)first, Count = (uint)count };

    private static partial class Js
    {
        [JSImport("attach", "files")]
        internal static partial void Attach(string contact, int path, bool offerer);

        [JSImport("detach", "files")]
        internal static partial void Detach(string contact);

        [JSImport("control", "files")]
        internal static partial void Control(string contact, byte[] message);

        [JSImport("closeAll", "files")]
        internal static partial void CloseAll();

        [JSImport("ask", "files")]
        internal static partial Task Ask(string what);

        [JSImport("tell", "files")]
        internal static partial void Tell(string what, string one);

        [JSImport("tell", "files")]
        internal static partial void TellTwo(string what, string one, string two);

        [JSImport("tell", "files")]
        internal static partial void TellItems(string what, string transfer, byte[] items);

        [JSImport("tell", "files")]
        internal static partial void TellFlag(string what, bool on);

        [JSImport("tell", "files")]
        internal static partial void TellRange(string what, string one, string two, int item, double first, double count, bool flag);
    }
}
