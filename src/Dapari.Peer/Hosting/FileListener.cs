using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Hosting;

/// <summary>Turns the events of a driver of files into inputs, until it is disposed.</summary>
internal sealed class FileListener : IDisposable
{
    private readonly IFileLink _link;
    private readonly Action<FileEvent> _take;

    public FileListener(IFileLink link, Action<FileEvent> take)
    {
        (_link, _take) = (link, take);
        link.ChannelOpened += OnChannelOpened;
        link.ChannelClosed += OnChannelClosed;
        link.ControlReceived += OnControlReceived;
        link.DestinationReady += OnDestinationReady;
        link.DestinationFailed += OnDestinationFailed;
        link.ManifestRead += OnManifestRead;
        link.Verified += OnVerified;
        link.Wrong += OnWrong;
        link.FetchFailed += OnFetchFailed;
        link.Served += OnServed;
        link.SourceReady += OnSourceReady;
        link.SourceFailed += OnSourceFailed;
        link.Uploaded += OnUploaded;
        link.LeftAtServer += OnLeftAtServer;
        link.UploadFailed += OnUploadFailed;
        link.Finished += OnFinished;
    }

    public void Dispose()
    {
        _link.ChannelOpened -= OnChannelOpened;
        _link.ChannelClosed -= OnChannelClosed;
        _link.ControlReceived -= OnControlReceived;
        _link.DestinationReady -= OnDestinationReady;
        _link.DestinationFailed -= OnDestinationFailed;
        _link.ManifestRead -= OnManifestRead;
        _link.Verified -= OnVerified;
        _link.Wrong -= OnWrong;
        _link.FetchFailed -= OnFetchFailed;
        _link.Served -= OnServed;
        _link.SourceReady -= OnSourceReady;
        _link.SourceFailed -= OnSourceFailed;
        _link.Uploaded -= OnUploaded;
        _link.LeftAtServer -= OnLeftAtServer;
        _link.UploadFailed -= OnUploadFailed;
        _link.Finished -= OnFinished;
    }

    private void OnChannelOpened(ContactId contact) => _take(new FileEvent.ChannelOpened(contact));

    private void OnChannelClosed(ContactId contact) => _take(new FileEvent.ChannelClosed(contact));

    private void OnControlReceived(ContactId contact, byte[] message) => _take(new FileEvent.ControlReceived(contact, message));

    private void OnDestinationReady(TransferId transfer) => _take(new FileEvent.DestinationReady(transfer));

    private void OnDestinationFailed(TransferId transfer, TransferTrouble trouble, bool lost) => _take(new FileEvent.DestinationFailed(transfer, trouble, lost));

    private void OnManifestRead(TransferId transfer, byte[] manifest) => _take(new FileEvent.ManifestRead(transfer, manifest));

    private void OnVerified(TransferId transfer, ChunkRange range, FileCarrier carrier) => _take(new FileEvent.Verified(transfer, range, carrier));

    private void OnWrong(TransferId transfer, ChunkRange range, bool fromDropOff) => _take(new FileEvent.Wrong(transfer, range, fromDropOff));

    private void OnFetchFailed(TransferId transfer, ByteString blob, bool gone) => _take(new FileEvent.FetchFailed(transfer, blob, gone));

    private void OnServed(ContactId contact, TransferId transfer, ChunkRange range) => _take(new FileEvent.Served(contact, transfer, range));

    private void OnSourceReady(TransferId transfer, bool ready) => _take(new FileEvent.SourceReady(transfer, ready));

    private void OnSourceFailed(TransferId transfer, uint item, bool changed) => _take(new FileEvent.SourceFailed(transfer, item, changed));

    private void OnUploaded(TransferId transfer, ulong bytes) => _take(new FileEvent.Uploaded(transfer, bytes));

    private void OnLeftAtServer(TransferId transfer, DropOff? dropOff) => _take(new FileEvent.LeftAtServer(transfer, dropOff));

    private void OnUploadFailed(TransferId transfer, UploadFault fault) => _take(new FileEvent.UploadFailed(transfer, fault));

    private void OnFinished(TransferId transfer, IReadOnlyList<ReadOnlyMemory<byte>> heads) => _take(new FileEvent.Finished(transfer, heads));
}
