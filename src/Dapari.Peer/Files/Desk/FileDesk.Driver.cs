using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;

namespace Dapari.Peer.Files;

/// <summary>What the driver says.</summary>
internal sealed partial class FileDesk
{
    public void Happened(Step step, FileEvent happened)
    {
        switch (happened)
        {
            case FileEvent.ChannelOpened(var contact):
                ChannelOpened(step, contact);
                break;
            case FileEvent.ChannelClosed(var contact):
                Run(step, (machine, inner) => machine.ChannelClosed(inner, contact));
                break;
            case FileEvent.ControlReceived(var contact, var message):
                // What is malformed is dropped: the channel is the other's own, and nothing waits for it.
                if (FileChannelCodec.TryRead(message, out var read, out _) && read.Control is { } frame)
                    Run(step, (machine, inner) => machine.FrameArrived(inner, contact, frame));
                break;
            case FileEvent.DestinationReady(var id):
                Run(step, (machine, inner) => machine.Ready(inner, id));
                break;
            case FileEvent.DestinationFailed(var id, var trouble, var lost):
                Run(step, (machine, inner) => machine.DestinationFailed(inner, id, trouble, lost));
                break;
            case FileEvent.ManifestRead(var id, var manifest):
                ManifestRead(step, id, manifest);
                break;
            case FileEvent.Verified(var id, var range, var carrier):
                Run(step, (machine, inner) => machine.Verified(inner, id, range, WayOf(id, carrier), carrier == FileCarrier.Https));
                break;
            case FileEvent.Wrong(var id, var range, var fromDropOff):
                Run(step, (machine, inner) => machine.Wrong(inner, id, range, fromDropOff ? Route.DropOff : Route.Direct));
                break;
            case FileEvent.FetchFailed(var id, var blob, var gone):
                Run(step, (machine, inner) => machine.FetchFailed(inner, id, blob, gone));
                break;
            case FileEvent.Served(var contact, var id, var range):
                Run(step, (machine, inner) => machine.Served(inner, contact, id, range));
                break;
            case FileEvent.SourceReady(var id, var ready):
                Run(step, (machine, inner) => machine.SourceReady(inner, id, ready));
                break;
            case FileEvent.SourceFailed(var id, var item, var changed):
                Run(step, (machine, inner) => machine.SourceFailed(inner, id, item, changed));
                break;
            case FileEvent.Uploaded(var id, var bytes):
                DropOffs.Uploaded(id, bytes);
                _views.Moved(step, id);
                break;
            case FileEvent.LeftAtServer(var id, var dropOff):
                DropOffs.Left(step, id, dropOff);
                break;
            case FileEvent.UploadFailed(var id, var fault):
                DropOffs.Failed(step, id, fault);
                break;
            case FileEvent.Finished(var id, var heads):
                Finished(step, id, heads);
                break;
        }
    }

    // By the route that the path has now: it may have become a relay's since the channel opened. A lane by HTTPS goes from a browser to the node itself, whatever the path does.
    private Route WayOf(TransferId id, FileCarrier carrier) =>
        carrier == FileCarrier.Https ? Route.Direct
        : carrier == FileCarrier.DropOff || _machine.Find(id) is not { } transfer ? Route.DropOff
        : _parts.State.Contacts.GetValueOrDefault(transfer.Contact) is { Path.IsLive: true } contact ? contact.Path.Route
        : Route.Direct;

    private void ManifestRead(Step step, TransferId id, byte[] manifest)
    {
        Run(step, (machine, inner) => machine.ManifestRead(inner, id, manifest));
        if (_machine.Find(id) is not { IsOver: false, HasItems: true } transfer
            || !ManifestCodec.TryRead(manifest, transfer.Record.ItemCount, transfer.Record.TotalSize, out var read, out _))
            return;
        _named[id] = FileEntries.OfManifest(read);
        Enter(step, transfer);
    }
}
