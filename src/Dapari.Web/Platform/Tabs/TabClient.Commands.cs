using Dapari.Peer.Local;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>Commands: carried out here by the owner, or sent to it; said again to the next one when it went before it answered.</summary>
internal sealed partial class TabClient
{
    private const int MostRemembered = 256;
    private readonly Dictionary<ulong, Pending> _pending = [];

    // What other tabs asked of this owner: a command said again is not carried out again.
    private readonly Dictionary<(ByteString Tab, ulong Number), Task<CommandResult>> _asked = [];
    private readonly Queue<(ByteString Tab, ulong Number)> _askedOrder = new();
    private ulong _lastNumber;

    /// <inheritdoc/>
    public async Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation)
    {
        var number = ++_lastNumber;
        var pending = new Pending(command.Clone());
        _pending[number] = pending;
        try
        {
            if (_host is null) SayCommand(number, pending.Command);
            else _ = CarryAsync(number, pending);
            using var stop = cancellation.Register(() => pending.Result.TrySetCanceled(cancellation));
            return await pending.Result.Task;
        }
        finally
        {
            _pending.Remove(number);
        }
    }

    /// <summary>A message of another tab.</summary>
    public void OnReceived(byte[] bytes)
    {
        TabMessage message;
        try
        {
            message = TabMessage.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            return; // A tab of another version: it is told to reload by its service worker.
        }

        if (!message.ToTab.IsEmpty && !message.ToTab.Span.SequenceEqual(_tab)) return;
        switch (message.KindCase)
        {
            case TabMessage.KindOneofCase.Hello when _host is not null:
                Say(new TabMessage { ToTab = message.TabId, Notice = new Notice { Snapshot = Snapshot } });
                break;
            case TabMessage.KindOneofCase.Command when _host is not null:
                _ = AnswerAsync(message);
                break;
            case TabMessage.KindOneofCase.Result:
                if (_pending.TryGetValue(message.Number, out var pending)) pending.Result.TrySetResult(message.Result);
                break;
            case TabMessage.KindOneofCase.Notice when _host is null:
                Show(message.Notice);
                break;
            case TabMessage.KindOneofCase.LeaderRun when _host is null:
                SendPendingAgain();
                break;
        }
    }

    private void SendPendingAgain()
    {
        foreach (var (number, pending) in _pending.ToList())
        {
            if (_host is null) SayCommand(number, pending.Command);
            else _ = CarryAsync(number, pending);
        }
    }

    private void SayCommand(ulong number, Command command) => Say(new TabMessage { Number = number, Command = command });

    /// <summary>Asks the own engine; if it goes away before it answers, the command waits for the next owner.</summary>
    private async Task CarryAsync(ulong number, Pending pending)
    {
        try
        {
            pending.Result.TrySetResult(await _host!.ExecuteAsync(pending.Command, CancellationToken.None));
        }
        catch (ObjectDisposedException)
        {
            if (_host is null && _pending.ContainsKey(number)) SayCommand(number, pending.Command);
        }
        catch (Exception fault)
        {
            pending.Result.TrySetException(fault);
        }
    }

    private async Task AnswerAsync(TabMessage asked)
    {
        var key = (asked.TabId, asked.Number);
        if (!_asked.TryGetValue(key, out var answer))
        {
            _asked[key] = answer = _host!.ExecuteAsync(asked.Command, CancellationToken.None);
            _askedOrder.Enqueue(key);
            while (_askedOrder.Count > MostRemembered) _asked.Remove(_askedOrder.Dequeue());
        }

        try
        {
            Say(new TabMessage { ToTab = asked.TabId, Number = asked.Number, Result = await answer });
        }
        catch (ObjectDisposedException)
        {
            // The next owner will be asked again.
            _asked.Remove(key);
        }
    }

    private void Say(TabMessage message)
    {
        message.TabId = ByteString.CopyFrom(_tab);
        TabModule.Say(message.ToByteArray());
    }

    private sealed class Pending(Command command)
    {
        public Command Command { get; } = command;

        public TaskCompletionSource<CommandResult> Result { get; } = new();
    }
}
