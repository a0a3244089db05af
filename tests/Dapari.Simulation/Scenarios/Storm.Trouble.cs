using Dapari.Simulation.Peers;
using Dapari.Simulation.Servers;

namespace Dapari.Simulation.Scenarios;

/// <summary>What goes wrong.</summary>
internal sealed partial class Storm
{
    private const long Day = 86_400_000;

    private void Trouble(SimPeer peer, SimServer server)
    {
        switch (_random.Below(34))
        {
            case < 4:
                peer.Kill();
                peer.Restart(_world.RestartDelay());
                break;
            case < 7:
                peer.GoOffline();
                _world.After(_random.Between(500, 40_000), peer.GoOnline);
                break;
            case < 9:
                var jump = _random.Chance(0.3) ? _random.Between(-4 * Day, 4 * Day) : _random.Between(-100_000, 100_000);
                _world.Note(peer.Name, $"wall clock jumps {jump} ms");
                peer.Clock.Jump(jump);
                break;
            case 9:
                peer.StoreFull = true;
                _world.Note(peer.Name, "store is full");
                _world.After(_random.Between(500, 15_000), () => peer.StoreFull = false);
                break;
            case < 13:
                if (!server.Up)
                    break;
                server.Crash(kept: _random.Chance(0.5));
                if (_random.Chance(0.3))
                    server.ClockOffset += _random.Between(-40 * Day, Day);
                _world.After(_random.Between(200, 30_000), server.Restart);
                break;
            case 13:
                server.Reachable = false;
                _world.Note(server.Name, "is unreachable");
                foreach (var connection in server.Connections.ToArray())
                    connection.Cut(silently: _random.Chance(0.6));
                _world.After(_random.Between(500, 30_000), () => server.Reachable = true);
                break;
            case 14:
                server.GoAway((uint)_random.Between(0, 5_000));
                break;
            case 15:
                server.Quota = (int)_random.Between(1, 6);
                _world.Note(server.Name, $"quota {server.Quota}");
                _world.After(_random.Between(2_000, 30_000), () => server.Quota = 10_000);
                break;
            case 16:
                server.DiskFull = true;
                _world.Note(server.Name, "disk is full");
                _world.After(_random.Between(500, 15_000), () => server.DiskFull = false);
                break;
            case 17:
                server.RateRefusals = 0.5;
                server.LiveLoss = 0.3;
                _world.After(_random.Between(500, 15_000), () => (server.RateRefusals, server.LiveLoss) = (0, 0));
                break;
            case < 22:
                foreach (var connection in peer.Connections.ToArray())
                    connection.Cut(silently: _random.Chance(0.4));
                break;
            case < 24:
                foreach (var connection in peer.Connections)
                    connection.Stall(_random.Between(500, 20_000));
                break;
            case 24:
                _world.Note(peer.Name, $"cannot reach {server.Name}");
                _world.Partition(peer, server);
                _world.After(_random.Between(1_000, 40_000), () => _world.HealPartition(peer, server));
                break;
            case < 31:
                PathTrouble();
                break;
            case 31:
                var other = _random.Pick(_world.Peers);
                if (other != peer)
                    _world.SetPunch(peer, other, _random.Chance(0.5));
                break;
            default:
                Night();
                break;
        }
    }

    private void PathTrouble()
    {
        if (_world.Pairs.Count == 0)
            return;
        var pair = _random.Pick(_world.Pairs);
        switch (_random.Below(5))
        {
            case 0:
                pair.Die(silently: false);
                break;
            case 1:
                pair.Die(silently: true);
                break;
            case 2:
                pair.Measure();
                break;
            default:
                pair.Stall(_random.Between(300, 25_000));
                break;
        }
    }

    /// <summary>Every app is closed for hours or days; they come back one by one.</summary>
    private void Night()
    {
        if (_nights++ >= 2 || !_random.Chance(0.4))
            return;
        _world.Note("night", "falls");
        foreach (var peer in _world.Peers)
            peer.Kill();
        _world.Run(60_000);
        _world.Sleep(_random.Chance(0.25) ? _random.Between(29 * Day, 40 * Day) : _random.Between(3_600_000, 6 * Day));
        foreach (var server in _world.Servers)
            server.Sweep();
        foreach (var peer in _world.Peers)
            peer.Restart(_random.Between(0, 20_000));
    }
}
