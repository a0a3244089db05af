using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>
/// The peer as a tab sees it. One tab of a profile holds the lock and runs the engine; the others read the store themselves and send their
/// commands to it. When it goes, the next in line takes the lock, and whatever was not answered is said to it again.
/// </summary>
/// <remarks>
/// Step 1: ask for the lock. Who has it claims the store (from then on nobody else's commit is kept), starts the engine and says so.
/// Step 2: who has it not says hello, and waits both for the owner's snapshot and for the lock. An owner that answers nothing is taken for
/// frozen, and its lock is taken from it. Step 3: a page that goes to sleep gives the lock back.
/// </remarks>
internal sealed partial class BrowserPeer : IPeerClient, IBrowserTabs
{
    private static readonly TimeSpan _silence = TimeSpan.FromSeconds(5);

    private readonly string _lock;
    private readonly BrowserStore _store;
    private readonly ByteString _tab;
    private readonly ServerLink _servers;
    private readonly PathLink _paths;
    private readonly MediaLink _media;
    private readonly FileLink _files;
    private readonly Dictionary<ulong, (Command Command, TaskCompletionSource<CommandResult> Done)> _asked = [];
    private readonly TaskCompletionSource _ready = new();
    private PeerHost? _host;
    private ByteString _leader = ByteString.Empty;
    private ulong _lastNumber;
    private bool _asleep;
    private bool _heard;
    private bool _holding;

    private BrowserPeer(string name, BrowserStore store, byte[] run, MediaLink media, FileModules files)
    {
        _lock = name;
        _store = store;
        _tab = ByteString.CopyFrom(run);
        _servers = new ServerLink();
        _paths = new PathLink();
        _media = media;
        _files = new FileLink(files, _paths);
        store.Wiping = _files.WipeAsync;
        TabEvents.OnReceived = OnReceived;
        TabEvents.OnLockLost = OnLockLost;
        TabEvents.OnSleeping = OnSleeping;
        TabEvents.OnWaking = OnWaking;
    }

    public event Action<Notice>? Changed;

    public Snapshot Snapshot { get; private set; } = new();

    /// <summary>Opens the store and finds out who owns it; the first snapshot is there when this is done.</summary>
    /// <param name="name">Of the database, the lock and the channel between tabs: one for each profile.</param>
    /// <param name="media">What carries calls in this tab.</param>
    /// <param name="files">What carries files in this tab.</param>
    public static async Task<BrowserPeer> StartAsync(string name, MediaLink media, FileModules files)
    {
        var run = RandomSource.System.Bytes(16);
        var store = await BrowserStore.OpenAsync(name, run, why =>
        {
            // A newer version upgrades the store: this page's code no longer fits it.
            if (why == "newer") BrowserPage.Reload();
        });
        var peer = new BrowserPeer(name, store, run, media, files);
        if (await Js.Acquire(name, "now")) await peer.LeadAsync();
        else peer.Follow();
        await peer._ready.Task;
        return peer;
    }

    public async Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation)
    {
        if (_host is { } host)
        {
            try
            {
                return await host.ExecuteAsync(command, cancellation);
            }
            catch (ObjectDisposedException)
            {
                // This tab gave the engine up meanwhile: whoever has it now is asked.
                command = Again(command);
            }
        }

        var number = ++_lastNumber;
        var done = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked[number] = (command.Clone(), done);
        try
        {
            Say(new TabMessage { Number = number, Command = command, ToTab = _leader });
            return await done.Task.WaitAsync(cancellation);
        }
        finally
        {
            _asked.Remove(number);
        }
    }

    public ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation) =>
        _store.ReadMessagesAsync(contact, anchor, direction, count, cancellation);

    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) => _store.FindMessageAsync(message, cancellation);

    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation) =>
        _store.SearchAsync(query, contact, count, cancellation);

    private async Task LeadAsync()
    {
        _holding = true;
        _leader = _tab;
        Say(new TabMessage { LeaderRun = _tab }); // Loading takes a while: the others shall not take it for silence.
        await _store.ClaimAsync();
        var host = await PeerHost.StartAsync(
            _store, _servers, _paths, _media, BrowserFiles.CanKeep ? _files : null, RandomSource.System, TimeProvider.System, CancellationToken.None, BrowserPage.PauseAsync);
        if (_asleep || !_holding)
        {
            // Put to sleep, or taken for frozen, while it loaded.
            _holding = false;
            await host.DisposeAsync();
            Js.LetGo();
            if (!_asleep) Follow();
            return;
        }

        _host = host;
        // Where the error was, and nothing of what it was about.
        host.Failed += fault => Console.Error.WriteLine($"{fault.GetType()}\n{fault.StackTrace}");
        host.Changed += OnHostChanged;
        Take(new Notice { Snapshot = host.Snapshot });
        Say(new TabMessage { LeaderRun = _tab });
        Say(new TabMessage { Notice = new Notice { Snapshot = host.Snapshot } });
        _ready.TrySetResult();
        foreach (var (_, (command, done)) in _asked.ToArray()) _ = AnswerOwnAsync(host, Again(command), done);
    }

    private static async Task AnswerOwnAsync(PeerHost host, Command command, TaskCompletionSource<CommandResult> done)
    {
        try
        {
            done.TrySetResult(await host.ExecuteAsync(command, CancellationToken.None));
        }
        catch (ObjectDisposedException)
        {
            // Said again to the next owner: it still is among what was asked.
        }
    }

    private void Follow()
    {
        _heard = false;
        Say(new TabMessage { Hello = true });
        _ = WaitForLockAsync();
        _ = WatchSilenceAsync();
    }

    private async Task WaitForLockAsync()
    {
        if (await Js.Acquire(_lock, "wait") && _host is null) await LeadAsync();
    }

    // An owner that does not answer is frozen by the browser; the fence in the store keeps it from committing when it thaws.
    private async Task WatchSilenceAsync()
    {
        await Task.Delay(_silence, TimeProvider.System);
        if (_heard || _host is not null || _asleep) return;
        if (await Js.Acquire(_lock, "steal") && _host is null) await LeadAsync();
    }

    private async Task StepDownAsync(bool again)
    {
        if (_host is not { } host) return;
        _host = null;
        _holding = false;
        host.Changed -= OnHostChanged;
        await host.DisposeAsync();
        _files.Close();
        Js.LetGo();
        if (again && !_asleep) Follow();
    }

    private void OnLockLost()
    {
        _holding = false;
        if (_handing) EndHandOver();
        _ = StepDownAsync(again: true);
    }

    private void OnSleeping()
    {
        _asleep = true;
        if (_host is not null) _ = StepDownAsync(again: false);
        else Js.LetGo();
    }

    private void OnWaking()
    {
        if (!_asleep) return;
        _asleep = false;
        Follow();
    }

    private void OnHostChanged(Notice notice)
    {
        Take(notice);
        Say(new TabMessage { Notice = notice });
    }

    private void OnReceived(byte[] bytes)
    {
        TabMessage message;
        try
        {
            message = TabMessage.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return; // A tab of another version.
        }

        if (message.ToTab.Length != 0 && message.ToTab != _tab) return;
        switch (message.KindCase)
        {
            case TabMessage.KindOneofCase.Hello when _host is { } host:
                Say(new TabMessage { LeaderRun = _tab, ToTab = message.TabId });
                Say(new TabMessage { Notice = new Notice { Snapshot = host.Snapshot }, ToTab = message.TabId });
                break;
            case TabMessage.KindOneofCase.Hello when _holding:
                Say(new TabMessage { LeaderRun = _tab, ToTab = message.TabId });
                break;
            case TabMessage.KindOneofCase.Command when _host is { } host:
                _ = AnswerAsync(host, message);
                break;
            case TabMessage.KindOneofCase.TakeOver when _host is { } host:
                _ = HandOverAsync(host, message.TabId);
                break;
            case TabMessage.KindOneofCase.HandedOver:
                _handed?.TrySetResult(message.HandedOver);
                break;
            case TabMessage.KindOneofCase.Result:
                if (_asked.TryGetValue(message.Number, out var asked)) asked.Done.TrySetResult(message.Result);
                break;
            case TabMessage.KindOneofCase.Notice when _host is null:
                _heard = true;
                Take(message.Notice);
                _ready.TrySetResult();
                break;
            case TabMessage.KindOneofCase.LeaderRun when _host is null:
                _heard = true;
                if (_leader == message.LeaderRun) break;
                _leader = message.LeaderRun;
                foreach (var (number, (command, _)) in _asked.ToArray()) Say(new TabMessage { Number = number, Command = Again(command), ToTab = _leader });
                break;
        }
    }

    // The former owner may have carried it out and gone before it could say so.
    private static Command Again(Command command)
    {
        if (command.KindCase is not (Command.KindOneofCase.SendText or Command.KindOneofCase.SendFiles)) return command;
        var again = command.Clone();
        if (again.KindCase == Command.KindOneofCase.SendText) again.SendText.Again = true;
        else again.SendFiles.Again = true;
        return again;
    }

    private async Task AnswerAsync(PeerHost host, TabMessage message)
    {
        try
        {
            var result = await host.ExecuteAsync(message.Command, CancellationToken.None);
            Say(new TabMessage { Number = message.Number, Result = result, ToTab = message.TabId });
        }
        catch (ObjectDisposedException)
        {
            // The next owner is asked again.
        }
    }

    private void Take(Notice notice)
    {
        if (notice.Snapshot is not null) Snapshot = notice.Snapshot;
        Changed?.Invoke(notice);
    }

    private void Say(TabMessage message)
    {
        message.TabId = _tab;
        Js.Say(message.ToByteArray());
    }

    private static partial class Js
    {
        [JSImport("say", "tabs")]
        internal static partial void Say(byte[] bytes);

        [JSImport("acquire", "tabs")]
        internal static partial Task<bool> Acquire(string name, string how);

        [JSImport("letGo", "tabs")]
        internal static partial void LetGo();
    }
}
