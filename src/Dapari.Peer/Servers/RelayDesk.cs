using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Servers;

/// <summary>
/// Credentials for the home server's relay: asked for once a mailbox of ours is open there, renewed before they run out. A server without a relay, or of
/// before there were any, refuses: then there is none until the next connection. Times are monotonic milliseconds.
/// </summary>
internal sealed class RelayDesk(Parts parts)
{
    private const long AgainMs = 60_000;
    private const long SoonMs = 2_000;

    private IceServer? _server;
    private long _goodUntil = long.MinValue;
    private long _askAt = long.MaxValue;
    private bool _asked;

    // The connection, by its beginning, on which the server said that it has none.
    private long _noneSince = long.MinValue;

    /// <summary>The servers that help to find ways: what the home server named in its welcome, and its relay while we may use it.</summary>
    public IReadOnlyList<IceServer> Servers { get; private set; } = [];

    /// <summary>The server has said in this run whether it has a relay for us.</summary>
    public bool IsSettled { get; private set; }

    public long? NextDeadline => Deadline.Earlier(
        _server is null ? null : _goodUntil,
        _askAt == long.MaxValue || _asked || Home is not { IsOnline: true } home || home.OpenBoxes.Count == 0 ? null : Math.Max(_askAt, home.PatienceUntil));

    private ServerConnection? Home => parts.State.Self is { } self ? parts.Servers.Find(self.HomeServer) : null;

    /// <summary>A mailbox of ours is open at this server.</summary>
    public void Ready(Step step, ServerConnection connection)
    {
        if (connection != Home || _asked)
            return;
        Compose(step);
        if (_askAt == long.MaxValue && connection.StateSince != _noneSince)
            _askAt = step.Now.MonotonicMs;
        Tick(step);
    }

    public void Taken(Step step, RelayAccess access)
    {
        _asked = false;
        IsSettled = true;
        var lifetime = Math.Min(access.LifetimeSeconds, WireLimits.RelayLifetimeSeconds) * 1000L;
        _goodUntil = step.Now.MonotonicMs + lifetime;
        _askAt = step.Now.MonotonicMs + Math.Max(lifetime * 3 / 4, AgainMs / 4);
        _server = new IceServer { Username = access.Username, Credential = access.Password };
        _server.Urls.Add(access.Urls.Where(IsUsable));
        Compose(step);
    }

    public void Refused(Step step, Refusal refusal)
    {
        _asked = false;
        // Put off is not answered: a call that may need the relay waits for it, or else it would begin a connection that finds no way.
        var later = refusal is Refusal.Rate or Refusal.Storage or Refusal.NotOpen;
        IsSettled |= !later;
        _askAt = later ? step.Now.MonotonicMs + SoonMs : long.MaxValue;
        _noneSince = later ? long.MinValue : Home?.StateSince ?? long.MinValue;
    }

    /// <summary>The connection ended before the answer; the next one asks.</summary>
    public void NotAnswered() => _asked = false;

    public void Tick(Step step)
    {
        if (_server is not null && step.Now.MonotonicMs >= _goodUntil)
        {
            _server = null;
            Compose(step);
        }

        if (_asked || step.Now.MonotonicMs < _askAt || Home is not { IsOnline: true } connection || step.Now.MonotonicMs < connection.PatienceUntil
            || connection.OpenBoxes.Count == 0)
            return;
        _asked = true;
        connection.Send(step, new ClientFrame { TakeRelayAccess = new TakeRelayAccess() }, new Asked.ForRelay());
    }

    // RFC 7064, RFC 7065: nothing else means anything to a driver.
    private static bool IsUsable(string url) =>
        url.StartsWith("turn:", StringComparison.Ordinal) || url.StartsWith("turns:", StringComparison.Ordinal) || url.StartsWith("stun:", StringComparison.Ordinal);

    private void Compose(Step step)
    {
        var servers = new List<IceServer>();
        if (Home is { } home)
            servers.AddRange(home.IceServers);
        if (_server is { Urls.Count: > 0 })
            servers.Add(_server);
        Servers = servers;
        step.ViewDirty = true;
    }
}
