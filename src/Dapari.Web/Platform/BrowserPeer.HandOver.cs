using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>
/// The engine goes where the call is. Step 1: the tab that wants to call asks the owner. Step 2: the owner, unless a call is in it, ends its engine,
/// so that everything is kept, and says so; it keeps the lock, so that no third tab comes in between. Step 3: the lock is taken from it.
/// </summary>
internal sealed partial class BrowserPeer
{
    private static readonly TimeSpan _handOver = TimeSpan.FromSeconds(4);

    private TaskCompletionSource<bool>? _handed;
    private bool _handing;

    public bool IsHere => _host is not null;

    public async Task<bool> TakeAsync()
    {
        if (_host is not null) return true;
        if (_holding)
        {
            // The engine is on its way here already.
            await _ready.Task;
            return _host is not null;
        }

        var handed = _handed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        Say(new TabMessage { TakeOver = true, ToTab = _leader });
        try
        {
            if (!await handed.Task.WaitAsync(_handOver, TimeProvider.System)) return false;
        }
        catch (TimeoutException)
        {
            // No answer: the owner is frozen, or gone. Its lock is taken as from any that is silent.
        }
        finally
        {
            _handed = null;
        }

        if (_host is not null) return true;
        if (await Js.Acquire(_lock, "steal") && _host is null) await LeadAsync();
        return _host is not null;
    }

    private async Task HandOverAsync(PeerHost host, ByteString to)
    {
        if (Snapshot.Calls.Any(IsInTab))
        {
            Say(new TabMessage { HandedOver = false, ToTab = to });
            return;
        }

        _host = null;
        _handing = true;
        host.Changed -= OnHostChanged;
        await host.DisposeAsync();
        _files.Close();
        Say(new TabMessage { HandedOver = true, ToTab = to });

        // Who asked may be gone by now.
        await Task.Delay(_handOver, TimeProvider.System);
        if (!_handing) return;
        _holding = false;
        Js.LetGo();
        EndHandOver();
    }

    private void EndHandOver()
    {
        _handing = false;
        if (!_asleep) Follow();
    }

    // What only rings here has no media yet.
    private static bool IsInTab(CallView call) =>
        call.Stage is CallStage.Connecting or CallStage.Connected || (call.Outgoing && call.Stage is CallStage.Calling or CallStage.Ringing);
}
