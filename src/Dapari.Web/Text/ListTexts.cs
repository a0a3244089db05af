namespace Dapari.Web.Text;

/// <summary>The list of conversations, and search.</summary>
public sealed record ListTexts
{
    public required string Title { get; init; }

    public required string Empty { get; init; }

    public required string Invite { get; init; }

    public required string Search { get; init; }

    public required string SearchHint { get; init; }

    public required string Settings { get; init; }

    public required string Ways { get; init; }

    public required string Requests { get; init; }

    public required Func<string, string> WantsContact { get; init; }

    public required string Accept { get; init; }

    public required string Refuse { get; init; }

    public required string Block { get; init; }

    public required Func<string, string> Accepted { get; init; }

    public required Func<string, string> Refused { get; init; }

    public required Func<string, string> Blocked { get; init; }

    public required Func<string, string> Unread { get; init; }

    public required string Asked { get; init; }

    public required string Inviting { get; init; }

    public required string InviteGone { get; init; }

    public required string Declined { get; init; }

    public required string BlockedLine { get; init; }

    public required string NoMessages { get; init; }

    public required Func<string, string> YouWrote { get; init; }

    public required Func<string, string> Draft { get; init; }

    public required string Typing { get; init; }

    public required string LiveDirect { get; init; }

    public required string NewerKind { get; init; }

    public required string People { get; init; }

    public required string Messages { get; init; }

    public required string Actions { get; init; }

    public required Func<string, string> NothingFound { get; init; }

    public required string SearchPrompt { get; init; }

    public required Func<string, string> NewConversation { get; init; }

    public required string PickOne { get; init; }

    public required string ServerAway { get; init; }

    public required string Offline { get; init; }

    public required string Retry { get; init; }

    public static ListTexts English { get; } = new()
    {
        Title = "Conversations",
        Empty = "Nobody here yet. Invite the first person you would like to write to.",
        Invite = "Invite somebody",
        Search = "Search",
        SearchHint = "People, messages, actions",
        Settings = "Settings",
        Ways = "How it travels",
        Requests = "Requests",
        WantsContact = n => $"{n} would like to write to you",
        Accept = "Accept",
        Refuse = "Refuse",
        Block = "Block",
        Accepted = n => $"You and {n} are now in contact.",
        Refused = n => $"{n}’s request was refused.",
        Blocked = n => $"{n} is blocked.",
        Unread = n => $"{n} unread",
        Asked = "Waiting to be accepted",
        Inviting = "The request is on its way",
        InviteGone = "The invite no longer works",
        Declined = "The request was refused",
        BlockedLine = "Blocked",
        NoMessages = "No messages yet",
        YouWrote = n => $"You: {n}",
        Draft = n => $"Draft: {n}",
        Typing = "is typing…",
        LiveDirect = "A direct path is open",
        NewerKind = "A message from a newer Dapari",
        People = "People",
        Messages = "Messages",
        Actions = "Actions",
        NothingFound = n => $"Nothing found for “{n}”.",
        SearchPrompt = "Write a name or some words of a message.",
        NewConversation = n => $"New conversation with {n}",
        PickOne = "Choose a conversation, or invite somebody.",
        ServerAway = "Your server does not answer. Messages wait here and leave by themselves.",
        Offline = "This device is offline. Messages wait here and leave by themselves.",
        Retry = "Try now",
    };

    public static ListTexts Italian { get; } = new()
    {
        Title = "Conversazioni",
        Empty = "Qui non c’è ancora nessuno. Invita la prima persona a cui vuoi scrivere.",
        Invite = "Invita qualcuno",
        Search = "Cerca",
        SearchHint = "Persone, messaggi, azioni",
        Settings = "Impostazioni",
        Ways = "Come viaggia",
        Requests = "Richieste",
        WantsContact = n => $"{n} vorrebbe scriverti",
        Accept = "Accetta",
        Refuse = "Rifiuta",
        Block = "Blocca",
        Accepted = n => $"Ora tu e {n} siete in contatto.",
        Refused = n => $"Richiesta di {n} rifiutata.",
        Blocked = n => $"{n}: contatto bloccato.",
        Unread = n => $"{n} da leggere",
        Asked = "In attesa che accetti",
        Inviting = "La richiesta è in partenza",
        InviteGone = "L’invito non vale più",
        Declined = "La richiesta è stata rifiutata",
        BlockedLine = "Bloccato",
        NoMessages = "Ancora nessun messaggio",
        YouWrote = n => $"Tu: {n}",
        Draft = n => $"Bozza: {n}",
        Typing = "sta scrivendo…",
        LiveDirect = "Via diretta aperta",
        NewerKind = "Un messaggio di un Dapari più recente",
        People = "Persone",
        Messages = "Messaggi",
        Actions = "Azioni",
        NothingFound = n => $"Nessun risultato per “{n}”.",
        SearchPrompt = "Scrivi un nome o qualche parola di un messaggio.",
        NewConversation = n => $"Nuova conversazione con {n}",
        PickOne = "Scegli una conversazione, o invita qualcuno.",
        ServerAway = "Il tuo server non risponde. I messaggi aspettano qui e partono da soli.",
        Offline = "Il dispositivo è offline. I messaggi aspettano qui e partono da soli.",
        Retry = "Riprova ora",
    };
}
