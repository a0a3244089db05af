using System.Runtime.InteropServices;
using System.Threading.Channels;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands.Chat;

/// <summary>
/// A talk on a terminal. Keys, events and changes of the window come by one channel; whoever reads it changes all and draws anew, so that nothing is drawn from two sides.
/// </summary>
/// <param name="session">The peer.</param>
/// <param name="contact">With whom.</param>
/// <param name="screen">Where.</param>
internal sealed class ChatTalk(Session session, ContactBody contact, ChatScreen screen)
{
    private const int MostWaiting = 256;
    private readonly LineEditor _line = new();
    private readonly Dictionary<string, MessageBody> _shown = [];
    private readonly Dictionary<string, ContactBody> _others = [];
    private readonly Dictionary<string, TransferBody> _moving = [];
    private ContactBody _contact = contact;
    private MessageBody? _last;
    private string _trouble = "";
    private bool _typing;

    private abstract record Happening
    {
        public sealed record Keys(List<Key> Pressed) : Happening;

        public sealed record Event(EventBody Body) : Happening;

        public sealed record Resized : Happening;

        public sealed record Over : Happening;

        public sealed record Gone : Happening;
    }

    /// <summary>Talks until Ctrl+D, or the input's end.</summary>
    /// <param name="input">The terminal's bytes.</param>
    /// <param name="history">What was said before, the oldest first.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="CommandEnd">The daemon has gone.</exception>
    /// <exception cref="OperationCanceledException">Ctrl+C ended it, or <paramref name="cancellation"/>.</exception>
    public async Task RunAsync(Stream input, IReadOnlyList<MessageBody> history, CancellationToken cancellation)
    {
        // A full channel lets keys and events wait where they come from.
        var happenings = Channel.CreateBounded<Happening>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var window = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => happenings.Writer.TryWrite(new Happening.Resized()));
        foreach (var message in history)
            Show(message);
        Task[] sources = [ReadKeysAsync(input, happenings.Writer, over.Token), ListenAsync(happenings.Writer, over.Token)];
        try
        {
            Draw();
            await foreach (var happened in happenings.Reader.ReadAllAsync(cancellation))
            {
                var goesOn = happened switch
                {
                    Happening.Keys keys => await PressAsync(keys.Pressed, cancellation),
                    Happening.Event change => await TakeAsync(change.Body, cancellation),
                    Happening.Resized => true,
                    Happening.Gone => throw new CommandEnd(
                        ExitCode.Refused, "ended", Tongue.Of("The daemon has ended: `dapari up` starts it again. What was said is kept.", "Il demone si è fermato: lo riavvia `dapari up`. Quello che hai detto è tenuto.")),
                    _ => false,
                };
                if (!goesOn)
                    break;
                Draw();
            }
        }
        finally
        {
            screen.End();
            await over.CancelAsync();
            happenings.Writer.TryComplete();
        }

        await Task.WhenAll(sources);
    }

    private static async Task ReadKeysAsync(Stream input, ChannelWriter<Happening> to, CancellationToken cancellation)
    {
        var keys = new KeyReader();
        var bytes = new byte[1024];
        try
        {
            // A terminal's read cannot be taken back: it is left when the talk is over.
            while (await Task.Run(() => input.Read(bytes), cancellation).WaitAsync(cancellation) is > 0 and var count)
                await to.WriteAsync(new Happening.Keys(keys.Read(bytes.AsSpan(0, count))), cancellation);
        }
        catch (Exception end) when (end is OperationCanceledException or ChannelClosedException or IOException)
        {
            // The talk is over, or the terminal is gone.
        }

        await TellLastAsync(to, new Happening.Over());
    }

    // Waits while the channel is full; closed, the talk is over already.
    private static async Task TellLastAsync(ChannelWriter<Happening> to, Happening last)
    {
        while (await to.WaitToWriteAsync(CancellationToken.None) && !to.TryWrite(last))
        {
            // Somebody else took the place.
        }
    }

    private async Task ListenAsync(ChannelWriter<Happening> to, CancellationToken cancellation)
    {
        try
        {
            await foreach (var happened in session.Client.EventsAsync(cancellation))
                await to.WriteAsync(new Happening.Event(happened), cancellation);
        }
        catch (Exception end) when (end is OperationCanceledException or ChannelClosedException or IOException)
        {
            // The talk is over, or the daemon is gone: whoever reads knows which.
        }

        await TellLastAsync(to, new Happening.Gone());
    }

    private async Task<bool> PressAsync(List<Key> keys, CancellationToken cancellation)
    {
        foreach (var key in keys)
        {
            switch (key.Kind)
            {
                case KeyKind.EndOfInput when _line.IsEmpty:
                    return false;
                case KeyKind.Interrupt when _line.IsEmpty:
                    throw new OperationCanceledException();
                case KeyKind.Interrupt:
                    _line.Take();
                    break;
                case KeyKind.Enter when !string.IsNullOrWhiteSpace(_line.Text):
                    await SayAsync(_line.Take(), cancellation);
                    break;
                default:
                    _line.Apply(key);
                    break;
            }
        }

        await TellTypingAsync(!_line.IsEmpty, cancellation);
        return true;
    }

    private async Task SayAsync(string text, CancellationToken cancellation)
    {
        try
        {
            _trouble = "";
            var body = await session.DoAsync("POST", new NewMessageBody(text), ApiJson.Default.NewMessageBody, cancellation, "contacts", _contact.Id, "messages");
            Show(Session.Read(body, ApiJson.Default.MessageBody));
        }
        catch (CommandEnd refused)
        {
            _trouble = refused.Message;
        }
    }

    // Said again while it goes on: the engine tells the other no oftener than it must.
    private async Task TellTypingAsync(bool typing, CancellationToken cancellation)
    {
        if (!typing && !_typing)
            return;
        _typing = typing;
        await session.DoAsync("POST", new TypingBody(typing), ApiJson.Default.TypingBody, cancellation, "contacts", _contact.Id, "typing");
    }

    private async Task<bool> TakeAsync(EventBody happened, CancellationToken cancellation)
    {
        if (happened.Contact is { } changed)
        {
            if (changed.Id == _contact.Id)
                _contact = changed;
            else
                _others[changed.Id] = changed;
        }

        // It is over when there is nobody to talk with.
        if (happened is { Kind: "contact-gone", Id: { } gone } && (_others.Remove(gone) || gone == _contact.Id))
            return gone != _contact.Id;
        if (happened.Transfer is { } transfer && transfer.Contact == _contact.Id)
        {
            if (transfer.State is "moving" or "finishing")
                _moving[transfer.Id] = transfer;
            else
                _moving.Remove(transfer.Id);
        }

        if (happened.Message is not { } message || message.Contact != _contact.Id)
            return true;
        Show(message);
        if (happened.Arrived == true)
            await session.AskAsync(ApiRequest.Of("POST", default, "contacts", _contact.Id, "read"), cancellation);
        return true;
    }

    // A message once, and how it went once more when that is decided.
    private void Show(MessageBody message)
    {
        var known = _shown.TryGetValue(message.Id, out var before);
        _shown[message.Id] = message;
        if (!known)
            screen.Say(TalkCommands.Words(message, _contact.Name));
        if (message.Outgoing && (_last is null || string.CompareOrdinal(message.OrderKey, _last.OrderKey) >= 0))
            _last = message;
        if (TalkCommands.HasWay(message) && (!known || HasArrived(message) != HasArrived(before!) || !Equals(message.Files?.Outcome, before!.Files?.Outcome))
            && (!message.Outgoing || HasArrived(message) || message.Kind == "files"))
            screen.Say([TalkCommands.WayOf(message)]);
        if (!known && message is { Kind: "files", Outgoing: false, Files: { Outcome: null } files })
            screen.Say([TalkCommands.Indent + Tongue.Of($"to save them: dapari receive {files.Transfer[..8]}", $"per salvarli: dapari receive {files.Transfer[..8]}")]);
    }

    private static bool HasArrived(MessageBody message) => message.State is "delivered" or "read";

    private void Draw() => screen.Draw(Status(), _line);

    private string Status()
    {
        var parts = new List<string> { Terminal.Clean(_contact.Name) };
        if (_trouble.Length > 0)
            parts.Add(_trouble);
        if (_contact.Typing)
            parts.Add(Tongue.Of("writes…", "sta scrivendo…"));
        parts.Add(Speech.Way(_contact.Path.NextRoute) + (_contact.Path is { NextRoute: "direct", RoundTripMs: { } round } ? $", {round} ms" : ""));
        if (_last is not null)
            parts.Add(Tongue.Of("last: ", "ultimo: ") + Speech.State(_last.State));
        foreach (var transfer in _moving.Values)
            parts.Add(FileSpeech.Progress(transfer));
        foreach (var other in _others.Values.Where(other => other.Unread > 0))
            parts.Add($"{Terminal.Clean(other.Name)} +{other.Unread}");
        return string.Join(" · ", parts);
    }
}
