using System.CommandLine;
using System.Globalization;
using Dapari.Node.Api;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Commands.Chat;

namespace Dapari.Node.Commands;

/// <summary>Saying and reading.</summary>
internal static class TalkCommands
{
    /// <summary>What stands below a message's first line.</summary>
    public const string Indent = "                    ";

    private static readonly string[] _states = ["queued", "on-server", "delivered", "read"];

    public static Command Say(Frame frame)
    {
        var who = ContactCommands.Who();
        var text = new Argument<string[]>("TEXT") { Description = Tongue.Of("What to say; nothing: what the input holds", "Cosa dire; niente: quello che arriva in ingresso"), Arity = ArgumentArity.ZeroOrMore };
        var wait = new Option<string>("--wait") { Description = Tongue.Of("Wait until it is there: queued, on-server, delivered or read", "Aspetta che sia lì: queued, on-server, delivered o read"), DefaultValueFactory = _ => "on-server", HelpName = "STATE" };
        wait.AcceptOnlyFromAmong(_states);
        var limit = new Option<uint>("--timeout") { Description = Tongue.Of("Wait so many seconds at most", "Aspetta al più questi secondi"), DefaultValueFactory = _ => 10, HelpName = "SECONDS" };
        var command = new Command("say", Tongue.Of("Send a message", "Manda un messaggio")) { who, text, wait, limit };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var words = line.GetValue(text) is { Length: > 0 } given ? string.Join(' ', given) : (await session.Terminal.Input.ReadToEndAsync(cancellation)).TrimEnd('\n');
            var wanted = Array.IndexOf(_states, line.GetValue(wait));
            MessageBody? said = null;
            var contact = line.GetValue(who)!;
            var there = await session.WaitAsync(
                TimeSpan.FromSeconds(line.GetValue(limit)),
                happened =>
                {
                    if (said is null)
                        return false;
                    if (happened.Message is { } changed && changed.Id == said.Id)
                        said = changed;
                    // That it was read is told of the contact as a whole.
                    else if (happened.Contact?.LastMessage is { } last && last.Id == said.Id)
                        said = last;
                    return Array.IndexOf(_states, said.State) >= wanted;
                },
                async () => said = Session.Read(
                    await session.DoAsync("POST", new NewMessageBody(words), ApiJson.Default.NewMessageBody, cancellation, "contacts", contact, "messages"),
                    ApiJson.Default.MessageBody),
                cancellation);
            session.Write(said!, ApiJson.Default.MessageBody, message =>
                session.Terminal.Line($"{Speech.State(message.State)}: {Speech.Of(message.Route, outgoing: true)}"));
            return there ? ExitCode.Done : ExitCode.NotYet;
        });
        return command;
    }

    public static Command Read(Frame frame)
    {
        var who = ContactCommands.Who();
        var count = new Option<int>("--count") { Description = Tongue.Of("So many messages", "Quanti messaggi"), DefaultValueFactory = _ => 20, HelpName = "N" };
        var keep = new Option<bool>("--keep-unread") { Description = Tongue.Of("Do not tell that they were read", "Non dire che li hai letti") };
        var command = new Command("read", Tongue.Of("Show the last messages, with the ways they went", "Mostra gli ultimi messaggi, e per quale via sono andati")) { who, count, keep };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var contact = line.GetValue(who)!;
            var request = ApiRequest.Get("contacts", contact, "messages") with
            {
                Query = new Dictionary<string, string> { ["count"] = line.GetValue(count).ToString(CultureInfo.InvariantCulture) },
            };
            var page = Session.Read(await session.AskAsync(request, cancellation), ApiJson.Default.MessagesBody);
            session.Write(page, ApiJson.Default.MessagesBody, shown =>
            {
                foreach (var message in shown.Messages)
                    Show(session.Terminal, message, contact);
            });
            if (!line.GetValue(keep))
            {
                await session.AskAsync(ApiRequest.Of("POST", default, "contacts", contact, "read"), cancellation);
                await session.LeaveAsync(cancellation);
            }

            return ExitCode.Done;
        });
        return command;
    }

    public static Command Chat(Frame frame)
    {
        var who = ContactCommands.Who();
        var command = new Command("chat", Tongue.Of("Talk: lines typed are sent, what arrives is shown; end it with Ctrl+D", "Parla: le righe scritte partono, quello che arriva si vede; Ctrl+D per finire")) { who };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var contact = await session.GetAsync(ApiJson.Default.ContactBody, cancellation, "contacts", line.GetValue(who)!);
            await session.AskAsync(ApiRequest.Of("POST", default, "contacts", contact.Id, "active"), cancellation);
            if (!session.Terminal.Json && frame.TryOpenTty() is { } tty)
            {
                using (tty)
                    await new ChatTalk(session, contact, new ChatScreen(frame.Output, () => Tty.Columns)).RunAsync(Tty.Open(), await LatestAsync(session, contact, cancellation), cancellation);
                return await session.LeaveAsync(cancellation) ? ExitCode.Done : ExitCode.NotYet;
            }

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var showing = ShowAsync(session, contact, over.Token);
            while (await session.Terminal.Input.ReadLineAsync(over.Token) is { } typed)
            {
                if (typed.Length > 0)
                    await session.DoAsync("POST", new NewMessageBody(typed), ApiJson.Default.NewMessageBody, over.Token, "contacts", contact.Id, "messages");
            }

            await session.LeaveAsync(cancellation);
            await over.CancelAsync();
            await showing;
            return ExitCode.Done;
        }, direct: true);
        return command;
    }

    public static Command Search(Frame frame)
    {
        var words = new Argument<string[]>("WORD") { Description = Tongue.Of("Beginnings of words", "Inizi di parole"), Arity = ArgumentArity.OneOrMore };
        var command = new Command("search", Tongue.Of("Find messages in which every word begins a word", "Trova i messaggi che contengono parole che iniziano così")) { words };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var request = ApiRequest.Get("search") with { Query = new Dictionary<string, string> { ["q"] = string.Join(' ', line.GetValue(words)!) } };
            session.Write(Session.Read(await session.AskAsync(request, cancellation), ApiJson.Default.MessagesBody), ApiJson.Default.MessagesBody, found =>
            {
                foreach (var message in found.Messages)
                    Show(session.Terminal, message, message.Contact[..8]);
            });
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task ShowAsync(Session session, ContactBody contact, CancellationToken cancellation)
    {
        try
        {
            await foreach (var happened in session.Client.EventsAsync(cancellation))
            {
                if (happened.Message is not { } message || message.Contact != contact.Id)
                    continue;
                session.Write(happened, ApiJson.Default.EventBody, _ => Show(session.Terminal, message, contact.Name));
                if (happened.Arrived == true)
                    await session.AskAsync(ApiRequest.Of("POST", default, "contacts", contact.Id, "read"), cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The talk is over.
        }
    }

    /// <summary>A message as lines: the moment, who, and the text.</summary>
    public static IEnumerable<string> Words(MessageBody message, string name)
    {
        var who = message.Outgoing ? Tongue.Of("You", "Tu") : Terminal.Clean(name);
        var text = message.Kind switch
        {
            "text" => Terminal.Clean(message.Text, lines: true),
            "event-connected" => Tongue.Of("(you are contacts now)", "(ora siete contatti)"),
            "event-restored" => Tongue.Of("(the keys were renewed)", "(le chiavi sono state rinnovate)"),
            "files" => Tongue.Of("(files: ", "(file: ") + FileSpeech.Names(message.Files!) + ") " + Terminal.Clean(message.Text, lines: true),
            _ => "(" + message.Kind + ")",
        };
        // Whatever a text's lines begin with: they stand to the right of where a message's own moment and name are.
        yield return $"{Terminal.When(message.ShownAt)}  {who}: {text.Replace("\n", "\n" + Indent, StringComparison.Ordinal)}";
    }

    /// <summary>Whether a message went some way.</summary>
    public static bool HasWay(MessageBody message) => message.Kind is "text" or "files";

    /// <summary>How a message stands, and which way it went.</summary>
    public static string WayOf(MessageBody message) =>
        $"{Indent}{(message.Outgoing ? Speech.State(message.State) + ": " : "")}{Speech.Of(message.Route, message.Outgoing)}";

    private static async Task<IReadOnlyList<MessageBody>> LatestAsync(Session session, ContactBody contact, CancellationToken cancellation)
    {
        var request = ApiRequest.Get("contacts", contact.Id, "messages") with { Query = new Dictionary<string, string> { ["count"] = "20" } };
        var page = Session.Read(await session.AskAsync(request, cancellation), ApiJson.Default.MessagesBody);
        await session.AskAsync(ApiRequest.Of("POST", default, "contacts", contact.Id, "read"), cancellation);
        return page.Messages;
    }

    private static void Show(Terminal terminal, MessageBody message, string name)
    {
        foreach (var line in Words(message, name))
            terminal.Line(line);
        if (HasWay(message))
            terminal.Line(WayOf(message));
    }
}
