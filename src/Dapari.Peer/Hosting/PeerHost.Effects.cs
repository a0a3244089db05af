using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Hosting;

/// <summary>Between the engine and its links: events become inputs, effects become calls.</summary>
public sealed partial class PeerHost
{
    private FileListener? _fileEvents;

    private void Subscribe()
    {
        _servers.Connected += OnConnected;
        _servers.Disconnected += OnDisconnected;
        _servers.Received += OnReceived;
        _paths.SignalMade += OnSignalMade;
        _paths.Opened += OnPathOpened;
        _paths.FactsChanged += OnFactsChanged;
        _paths.Closed += OnPathClosed;
        _paths.Received += OnPathReceived;
        _paths.NetworkChanged += OnNetworkChanged;
        if (_files is not null)
            _fileEvents = new FileListener(_files, Take);
        if (_nearby is not null)
        {
            _nearby.Found += OnNearbyFound;
            _nearby.Lost += OnNearbyLost;
            _nearby.Received += OnNearbyReceived;
        }

        if (_media is null)
            return;
        _media.SignalMade += OnLegSignalMade;
        _media.FactsChanged += OnLegFactsChanged;
        _media.Closed += OnLegClosed;
    }

    private void Unsubscribe()
    {
        _servers.Connected -= OnConnected;
        _servers.Disconnected -= OnDisconnected;
        _servers.Received -= OnReceived;
        _paths.SignalMade -= OnSignalMade;
        _paths.Opened -= OnPathOpened;
        _paths.FactsChanged -= OnFactsChanged;
        _paths.Closed -= OnPathClosed;
        _paths.Received -= OnPathReceived;
        _paths.NetworkChanged -= OnNetworkChanged;
        _fileEvents?.Dispose();
        if (_nearby is not null)
        {
            _nearby.Found -= OnNearbyFound;
            _nearby.Lost -= OnNearbyLost;
            _nearby.Received -= OnNearbyReceived;
        }

        if (_media is null)
            return;
        _media.SignalMade -= OnLegSignalMade;
        _media.FactsChanged -= OnLegFactsChanged;
        _media.Closed -= OnLegClosed;
    }

    private void OnConnected(string origin) => TakeFromServer(origin, new PeerInput.ServerConnected(origin));

    private void OnReceived(string origin, byte[] frame) => TakeFromServer(origin, new PeerInput.ServerSent(origin, frame));

    private void OnSignalMade(ulong path, Signal signal) => TakeFromPath(path, new PeerInput.PathSignalMade(path, signal));

    private void OnPathOpened(ulong path, PathFacts facts) => TakeFromPath(path, new PeerInput.PathOpened(path, facts));

    private void OnFactsChanged(ulong path, PathFacts facts) => _inputs.Writer.TryWrite(new PeerInput.PathFactsChanged(path, facts));

    private void OnPathReceived(ulong path, byte[] message) => TakeFromPath(path, new PeerInput.PathReceived(path, message));

    private void OnNearbyFound(ContactId contact) => TakeSurely(new PeerInput.NearbyFound(contact));

    private void OnNearbyLost(ContactId contact) => TakeSurely(new PeerInput.NearbyLost(contact));

    // Live things only: what finds no room is lost, as on a wire.
    private void OnNearbyReceived(ContactId contact, byte[] message) => _inputs.Writer.TryWrite(new PeerInput.NearbyReceived(contact, message));

    private void OnLegSignalMade(ulong leg, Signal signal) => TakeFromLeg(leg, new PeerInput.LegSignalMade(leg, signal));

    private void OnLegFactsChanged(ulong leg, LegFacts facts) => TakeFromLeg(leg, new PeerInput.LegFactsChanged(leg, facts));

    private void OnLegClosed(ulong leg) => TakeSurely(new PeerInput.LegClosed(leg));

    // All but control messages answer what was asked for: as many as that, and none may be lost.
    private void Take(FileEvent happened)
    {
        var input = new PeerInput.FileHappened(happened);
        if (happened is not FileEvent.ControlReceived control)
        {
            TakeSurely(input);
        }
        else if (!_inputs.Writer.TryWrite(input))
        {
            _files?.Detach(control.Contact);
            TakeSurely(new PeerInput.FileHappened(new FileEvent.ChannelClosed(control.Contact)));
        }
    }

    private void OnNetworkChanged() => TakeSurely(new PeerInput.NetworkChanged());

    private void OnDisconnected(string origin) => TakeSurely(new PeerInput.ServerDisconnected(origin));

    private void OnPathClosed(ulong path) => TakeSurely(new PeerInput.PathClosed(path));

    // Few, and never to be lost: they may go past the bound, and past a waiting loop, which the next input or tick wakes.
    private void TakeSurely(PeerInput input)
    {
        if (_inputs.Writer.TryWrite(input))
            return;
        _overflow.Enqueue(input);
        Wake();
    }

    private void TakeFromServer(string origin, PeerInput input)
    {
        if (_inputs.Writer.TryWrite(input))
            return;
        _servers.Disconnect(origin);
        TakeSurely(new PeerInput.ServerDisconnected(origin));
    }

    private void TakeFromPath(ulong path, PeerInput input)
    {
        if (_inputs.Writer.TryWrite(input))
            return;
        _paths.Close(path);
        TakeSurely(new PeerInput.PathClosed(path));
    }

    private void TakeFromLeg(ulong leg, PeerInput input)
    {
        if (_inputs.Writer.TryWrite(input))
            return;
        _media?.Close(leg);
        TakeSurely(new PeerInput.LegClosed(leg));
    }

    private void Wake()
    {
        if (!_stopping.IsCancellationRequested)
            _timer.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private async ValueTask DoAsync(PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.ConnectServer connect:
                _connected.Add(connect.Origin);
                _servers.Connect(connect.Origin);
                break;
            case PeerEffect.DisconnectServer disconnect:
                _connected.Remove(disconnect.Origin);
                _servers.Disconnect(disconnect.Origin);
                break;
            case PeerEffect.SendToServer send:
                _servers.Send(send.Origin, send.Frame);
                break;
            case PeerEffect.OpenPath open:
                _opened.Add(open.Path);
                _paths.Open(open.Path, open.Offerer, open.Polite, open.IceServers);
                break;
            case PeerEffect.AcceptSignal accept:
                _paths.Accept(accept.Path, accept.Signal);
                break;
            case PeerEffect.RestartPath restart:
                _paths.Restart(restart.Path);
                break;
            case PeerEffect.SendOnPath send:
                if (!_paths.TrySend(send.Path, send.Envelope) && _opened.Remove(send.Path))
                {
                    _paths.Close(send.Path);
                    _own.Enqueue(new PeerInput.PathClosed(send.Path));
                }

                break;
            case PeerEffect.ClosePath close:
                _opened.Remove(close.Path);
                _paths.Close(close.Path);
                break;
            case PeerEffect.WatchNearby watch:
                _nearby?.Watch(watch.Contacts);
                break;
            case PeerEffect.SendNearby send:
                _nearby?.Send(send.Contact, send.Message);
                break;
            case PeerEffect.OpenLeg open:
                _legs.Add(open.Leg);
                _media?.Open(open.Leg, open.Offerer, open.Polite, open.RelayOnly, open.IceServers);
                break;
            case PeerEffect.AcceptLegSignal accept:
                _media?.Accept(accept.Leg, accept.Signal);
                break;
            case PeerEffect.RestartLeg restart:
                _media?.Restart(restart.Leg, restart.RelayOnly, restart.IceServers);
                break;
            case PeerEffect.CloseLeg close:
                _legs.Remove(close.Leg);
                _media?.Close(close.Leg);
                break;
            case PeerEffect.DoFile file:
                if (file.Order is FileOrder.Attach attach)
                    _attached.Add(attach.Contact);
                if (file.Order is FileOrder.Detach detach)
                    _attached.Remove(detach.Contact);
                if (_files is not null)
                    file.Order.Give(_files);
                break;
            case PeerEffect.Completed completed:
                Complete(completed.Token, completed.Result);
                break;
            case PeerEffect.Notify notify:
                Raise(notify.Notice);
                break;
            case PeerEffect.FindByEnvelope find:
                _own.Enqueue(new PeerInput.Found(find.Envelope, await _store.FindByEnvelopeAsync(find.Envelope, _stopping.Token)));
                break;
            case PeerEffect.FindMessage find:
                _own.Enqueue(new PeerInput.Found(find.Envelope, await _store.FindMessageAsync(find.Message, _stopping.Token)));
                break;
            case PeerEffect.Wipe:
                await _store.WipeAsync(CancellationToken.None);
                CloseAll();
                CompleteTaken(CommandRefusal.NoIdentity);
                _engine = Load([]);
                _own.Enqueue(new PeerInput.Start());
                Raise(new Notice { Snapshot = new Snapshot { Revision = _latest.Revision + 1 } });
                break;
            default:
                throw new ArgumentException("An effect of an unknown kind.", nameof(effect));
        }
    }

    private void Raise(Notice notice)
    {
        if (notice.Snapshot is { } snapshot)
            notice.Snapshot = _latest = Shown(snapshot);
        if (_context is null || _context == SynchronizationContext.Current)
            Show(notice);
        else
            _context.Post(state => Show((Notice)state!), notice);
    }

    private void Show(Notice notice)
    {
        if (notice.Snapshot is not null)
            Snapshot = notice.Snapshot;
        Changed?.Invoke(notice);
    }
}
