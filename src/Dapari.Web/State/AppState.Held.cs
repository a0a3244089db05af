using Dapari.Peer.Local;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>What is done unless it is taken back within a moment, also when the page ends within that moment.</summary>
public sealed partial class AppState
{
    private readonly HeldBack _heldBack;
    private readonly List<ITimer> _overdue = [];
    private bool _resumed;

    /// <summary>Hides a thing at once and carries the command out unless it is undone in time.</summary>
    public void DoUnlessUndone(ByteString id, string said, Command command, Action? undone = null)
    {
        var held = new Held(id, Browser.Clock.GetUtcNow().ToUnixTimeMilliseconds() + (long)Toasts.Stay.TotalMilliseconds, command);
        _heldBack.Add(held);
        _hidden.Add(id);
        Changed?.Invoke();
        Toasts.DoUnlessUndone(said, () => CarryOutAsync(held), () =>
        {
            _heldBack.Remove(held);
            undone?.Invoke();
            Unhide(id);
        });
    }

    /// <summary>Whether a thing is hidden until it is sure.</summary>
    public bool IsHidden(ByteString id) => _hidden.Contains(id);

    // Once, as soon as there is somebody: what a page before this one did not come to do. Another tab of this person may still show it and give it
    // back, so each waits for its time, which is never long: a clock that was set back does not prolong it.
    private void ResumeHeld()
    {
        if (_resumed || Snapshot.Self is null) return;
        _resumed = true;
        var now = Browser.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (var held in _heldBack.Read())
        {
            _hidden.Add(held.Id);
            var wait = TimeSpan.FromMilliseconds(Math.Clamp(held.DueMs - now, 0, Toasts.Stay.TotalMilliseconds));
            if (wait == TimeSpan.Zero) _ = CarryOutLateAsync(held);
            else _overdue.Add(Browser.Clock.CreateTimer(_ => _ = CarryOutLateAsync(held), null, wait, Timeout.InfiniteTimeSpan));
        }
    }

    private async Task CarryOutAsync(Held held)
    {
        // Only what was answered is forgotten: a page that ends before is followed by one that does it.
        var done = await DoAsync(held.Command);
        _heldBack.Remove(held);
        if (done) _hidden.Remove(held.Id);
        else Unhide(held.Id);
    }

    private async Task CarryOutLateAsync(Held held)
    {
        if (!_heldBack.Contains(held))
        {
            Unhide(held.Id);
            return;
        }

        var result = await Peer.ExecuteAsync(held.Command, CancellationToken.None);
        // Full or failing storage: the next start tries again. Everything else is done, or was done before.
        if (result.Refusal is CommandRefusal.StoreFailed or CommandRefusal.PeerFailed) Toasts.Fail(T.Refusal(result.Refusal));
        else _heldBack.Remove(held);
        Unhide(held.Id);
    }

    private void Unhide(ByteString id)
    {
        _hidden.Remove(id);
        Changed?.Invoke();
    }
}
