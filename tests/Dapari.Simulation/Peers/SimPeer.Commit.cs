using Dapari.Peer.Engine;
using Dapari.Simulation.Core;
using Dapari.Simulation.Network;
using Dapari.Wire;

namespace Dapari.Simulation.Peers;

/// <summary>Keep, then act.</summary>
internal sealed partial class SimPeer
{
    private void BeginCommit()
    {
        if (_group.Count == 0)
            return;
        var group = _group.ToArray();
        _group.Clear();
        if (group.All(item => item.Step.Batch.IsEmpty))
        {
            Keep(group);
            Act(group, dieAfter: int.MaxValue);
            return;
        }

        _committing = true;
        var commit = ++_world.Figures.Commits;
        var dies = _world.DiesAt(commit);
        var run = Run;
        _world.After(_random.Chance(0.1) ? _random.Below(60) : _random.Below(6), () =>
        {
            if (run == Run)
                Commit(group, commit, dies);
        });
    }

    private void Commit((PeerInput Input, PeerStep Step)[] group, int commit, CrashMoment? dies)
    {
        if (dies is { } moment)
            _world.Note(Name, $"commit {commit}: {moment}");
        if (dies == CrashMoment.BeforeCommit)
        {
            Kill();
            Restart(_world.RestartDelay());
            return;
        }

        if (StoreFull || dies == CrashMoment.Refused)
        {
            // Contract: the engine that made the batch is discarded; its commands are told that the store failed.
            _world.Note(Name, $"commit {commit} refused");
            Drop();
            Restart(_random.Between(500, 4_000));
            return;
        }

        _world.Detail(Name, () => "  keeps " + Details.Batch(group.Select(item => item.Step.Batch)));
        Keep(group);
        if (dies == CrashMoment.AfterCommit)
        {
            Kill();
            Restart(_world.RestartDelay());
            return;
        }

        _committing = false;
        var effects = group.Sum(item => item.Step.Effects.Count);
        Act(group, dies == CrashMoment.BetweenEffects ? _random.Below(Math.Max(1, effects)) : int.MaxValue);
        if (dies == CrashMoment.BetweenEffects && Running)
        {
            Kill();
            Restart(_world.RestartDelay());
        }

        if (!Running)
            return;
        if (_inbox.Count > 0)
            SchedulePump();
        if (_group.Count > 0 && !_committing)
            BeginCommit();
    }

    private void Keep((PeerInput Input, PeerStep Step)[] group)
    {
        var lost = LosesBatch(group);
        var torn = TearsBatch(group);
        Spoil(group);
        foreach (var (input, step) in group)
        {
            _world.Checks.BeforeKeep(this, step.Batch);
            if (!lost)
            {
                Store.Keep(step.Batch, withoutMessages: torn);
                View.Apply(step.Batch);
            }

            _world.Checks.AfterKeep(this, input, step);
        }
    }

    private void Act((PeerInput Input, PeerStep Step)[] group, int dieAfter)
    {
        var run = Run;
        var count = 0;
        foreach (var (_, step) in group)
        {
            foreach (var effect in step.Effects)
            {
                Do(effect);
                if (run != Run || Deleted)
                    return;
                if (count++ == dieAfter)
                {
                    Kill();
                    Restart(_world.RestartDelay());
                    return;
                }
            }
        }
    }

    private void Do(PeerEffect effect)
    {
        switch (effect)
        {
            case PeerEffect.ConnectServer connect:
                Connect(connect.Origin);
                break;
            case PeerEffect.DisconnectServer disconnect:
                _world.Detail(Name, () => $"  disconnects from {disconnect.Origin}");
                if (_connections.Remove(disconnect.Origin, out var closing))
                    closing.CloseByPeer(died: false);
                break;
            case PeerEffect.SendToServer send:
                _world.Trace.Fold(send.Frame);
                _world.Detail(Name, () => $"  > {Details.Of(Wire.V1.ClientFrame.Parser.ParseFrom(send.Frame))}{(_connections.ContainsKey(send.Origin) ? "" : " (not connected)")}");
                _world.Checks.FrameLeaves(this, send);
                _connections.GetValueOrDefault(send.Origin)?.FromPeer(send.Frame);
                break;
            case PeerEffect.OpenPath open:
                _world.Note(Name, $"opens path {open.Path:x8}{(open.Offerer ? ", offers" : "")}");
                if (_paths.Remove(open.Path, out var former))
                    former.Close(died: false);
                var end = new SimPathEnd(_world, this, open.Path, open.Offerer, _random.Fork(open.Path));
                _paths[open.Path] = end;
                end.Begin();
                break;
            case PeerEffect.AcceptSignal signal:
                _paths.GetValueOrDefault(signal.Path)?.Accept(signal.Signal);
                break;
            case PeerEffect.RestartPath restart:
                _paths.GetValueOrDefault(restart.Path)?.Restart();
                break;
            case PeerEffect.SendOnPath send:
                SendOnPath(send);
                break;
            case PeerEffect.ClosePath close:
                if (_paths.Remove(close.Path, out var ending))
                    ending.Close(died: false);
                break;
            case PeerEffect.OpenLeg or PeerEffect.AcceptLegSignal or PeerEffect.RestartLeg or PeerEffect.CloseLeg:
                DoOnLeg(effect);
                break;
            case PeerEffect.DoFile file:
                _world.Detail(Name, () => $"  files, {file.Order}");
                _world.Checks.Ordered(this, file.Order);
                Files.Do(file.Order);
                break;
            case PeerEffect.Completed completed:
                Completed(completed.Token, completed.Result);
                break;
            case PeerEffect.Notify notify:
                _world.Checks.Noticed(this, notify.Notice);
                if (notify.Notice.Snapshot is { } snapshot)
                    Shown(snapshot);
                if (_world.Options.Sabotage == Sabotage.AnnouncesTwice && notify.Notice.Messages.Any(change => change.Arrived) && _world.Strike())
                    _world.Checks.Noticed(this, notify.Notice);
                break;
            case PeerEffect.FindByEnvelope find:
                Give(new PeerInput.Found(find.Envelope, Store.Find(find.Envelope)));
                break;
            case PeerEffect.FindMessage find:
                Give(new PeerInput.Found(find.Envelope, Store.Find(find.Message)?.Clone()));
                break;
            case PeerEffect.Wipe:
                Wiped();
                break;
            default:
                _world.Broken($"{Name}: unknown effect {effect}");
                break;
        }
    }

    private void Connect(string origin)
    {
        _world.Detail(Name, () => $"  connects to {origin}");
        if (_connections.Remove(origin, out var former))
        {
            _world.Broken($"{Name} connects to {origin} while it has a connection there");
            former.CloseByPeer(died: false);
        }

        if (!Origin.IsNormal(origin) || _world.ServerAt(origin) is not { } server)
        {
            _world.Broken($"{Name} connects to a server that is none: {origin}");
            return;
        }

        var connection = new SimConnection(_world, this, server, _random.Fork(3));
        _connections[origin] = connection;
        connection.Begin();
    }

    private void SendOnPath(PeerEffect.SendOnPath send)
    {
        _world.Trace.Fold(send.Envelope);
        _world.Detail(Name, () => $"  > path {send.Path:x8} {Details.Envelope(send.Envelope)}{(_paths.ContainsKey(send.Path) ? "" : " (no path)")}");
        _world.Checks.EnvelopeLeaves(this, send);
        if (!_paths.TryGetValue(send.Path, out var end))
            return;
        if (end.TrySend(send.Envelope))
            return;
        _paths.Remove(send.Path);
        end.Close(died: false);
        Give(new PeerInput.PathClosed(send.Path));
    }
}
