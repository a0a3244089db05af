using Dapari.Peer.Engine;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Servers;

/// <summary>
/// How the home server wakes this device while its app is closed. The host says it anew at each start, for the browser may have renewed it; the server says for each mailbox what it has; it
/// is told where the two differ. A device that never says anything leaves things as they are.
/// </summary>
internal sealed class WakeDesk(Parts parts)
{
    private static readonly ByteString Unknown = ByteString.CopyFromUtf8("?");

    private WakeSubscription? _subscription;

    /// <summary>Null: it was not said yet.</summary>
    private ByteString? _mark;

    public void Set(Step step, WakeSubscription? subscription)
    {
        (_subscription, _mark) = (subscription, WakeMark.Of(subscription));
        if (Home is { } connection)
            TellAll(step, connection);
    }

    public void Opened(Step step, ServerConnection connection, OwnBox box, ByteString mark)
    {
        connection.Wakes[box.Id] = mark;
        Tell(step, connection, box);
    }

    /// <summary>A server that has no time is told again; one that does not want to is left alone until the next connection.</summary>
    public static void Refused(ServerConnection connection, Asked.ToSetWake asked, Refusal refusal)
    {
        if (refusal is Refusal.Rate or Refusal.Storage && connection.Wakes.ContainsKey(asked.Box.Id))
            connection.Wakes[asked.Box.Id] = Unknown;
    }

    public void PatienceOver(Step step, ServerConnection connection) => TellAll(step, connection);

    private ServerConnection? Home => parts.State.Self is { } self && parts.Servers.Find(self.HomeServer) is { IsOnline: true } connection ? connection : null;

    private void TellAll(Step step, ServerConnection connection)
    {
        foreach (var id in connection.Wakes.Keys.Order().ToList())
        {
            if (parts.State.Boxes.GetValueOrDefault(id) is { } box)
                Tell(step, connection, box);
        }
    }

    private void Tell(Step step, ServerConnection connection, OwnBox box)
    {
        // A server without a key wakes nobody: it has nothing, and would refuse.
        if (_mark is null || connection != Home || connection.PushKey.IsEmpty || box.IsGone || connection.Wakes[box.Id] == _mark || step.Now.MonotonicMs < connection.PatienceUntil)
            return;
        connection.Wakes[box.Id] = _mark;
        connection.Send(step, new ClientFrame { SetWake = new SetWake { MailboxId = box.Record.MailboxId, Subscription = _subscription } }, new Asked.ToSetWake(box));
    }
}
