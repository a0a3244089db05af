namespace Dapari.Web.Text;

/// <summary>The conversation.</summary>
public sealed record ChatTexts
{
    public required string Write { get; init; }

    public required string Send { get; init; }

    public required Func<string, string> Messages { get; init; }

    public required Func<string, string> Empty { get; init; }

    public required string NewMessages { get; init; }

    public required string ToEnd { get; init; }

    public required Func<string, string> Connected { get; init; }

    public required string Restored { get; init; }

    public required string Unknown { get; init; }

    public required string ShowMore { get; init; }

    public required string ShowLess { get; init; }

    public required string Queued { get; init; }

    public required string OnServer { get; init; }

    public required string Delivered { get; init; }

    public required string Read { get; init; }

    public required string Received { get; init; }

    public required Func<string, string, string> HowItWent { get; init; }

    public required Func<string, string> Typing { get; init; }

    public required string DirectNow { get; init; }

    public required string Opening { get; init; }

    public required string Suspect { get; init; }

    public required string Present { get; init; }

    public required string ByServer { get; init; }

    public required Func<string, string> WaitAccept { get; init; }

    public required Func<string, string> WaitInvite { get; init; }

    public required string InviteGone { get; init; }

    public required Func<string, string> DeclinedBanner { get; init; }

    public required Func<string, string> BlockedBanner { get; init; }

    public required string Unblock { get; init; }

    public required Func<string, string> WaitDirect { get; init; }

    public required Func<string, string> ServerAwayDirect { get; init; }

    public required string ServerAway { get; init; }

    public required Func<string, string, string> MessageFrom { get; init; }

    public required string Verified { get; init; }

    public required Func<string, string> Details { get; init; }

    public required string TooLong { get; init; }

    public static ChatTexts English { get; } = new()
    {
        Write = "Write a message",
        Send = "Send",
        Messages = n => $"Conversation with {n}",
        Empty = n => $"Say hello to {n}. The first message often goes through the server; a direct path opens behind it.",
        NewMessages = "New messages",
        ToEnd = "Go to the newest message",
        Connected = n => $"You and {n} are now in contact",
        Restored = "The keys of this conversation were renewed after a restore",
        Unknown = "This was made by a newer Dapari. Update to see it; it is kept for you.",
        ShowMore = "Show more",
        ShowLess = "Show less",
        Queued = "On this device",
        OnServer = "On the server",
        Delivered = "Delivered",
        Read = "Read",
        Received = "Received",
        HowItWent = (n, m) => $"{n}, {m}. Show how it travelled",
        Typing = n => $"{n} is typing…",
        DirectNow = "Direct path open",
        Opening = "Opening a direct path…",
        Suspect = "The direct path is not answering; messages take the server",
        Present = "Online",
        ByServer = "Messages go through the server",
        WaitAccept = n => $"{n} has not accepted you yet. What you write waits here and leaves by itself.",
        WaitInvite = n => $"The request to {n} has not left yet. It goes as soon as the server answers.",
        InviteGone = "This invite no longer works: it was used, withdrawn or has expired. Ask for a new one.",
        DeclinedBanner = n => $"{n} refused the request. You cannot write here.",
        BlockedBanner = n => $"You have blocked {n}: nothing of theirs arrives.",
        Unblock = "Unblock",
        WaitDirect = n => $"“Direct only” is chosen and there is no direct path to {n}. Messages wait here until there is one.",
        ServerAwayDirect = n => $"The server does not answer, but the direct path to {n} is open: you can go on writing.",
        ServerAway = "The server does not answer. What you write waits here and leaves by itself.",
        MessageFrom = (n, m) => $"{n}: {m}",
        Verified = "Verified",
        Details = n => $"About {n}",
        TooLong = "Too long for one message: send it in parts.",
    };

    public static ChatTexts Italian { get; } = new()
    {
        Write = "Scrivi un messaggio",
        Send = "Invia",
        Messages = n => $"Conversazione con {n}",
        Empty = n => $"Saluta {n}. Il primo messaggio passa spesso dal server; intanto si apre una via diretta.",
        NewMessages = "Nuovi messaggi",
        ToEnd = "Vai all’ultimo messaggio",
        Connected = n => $"Tu e {n} siete in contatto",
        Restored = "Le chiavi di questa conversazione sono state rinnovate dopo un ripristino",
        Unknown = "È stato creato da un Dapari più recente. Aggiorna per vederlo: intanto resta conservato.",
        ShowMore = "Mostra tutto",
        ShowLess = "Mostra meno",
        Queued = "Su questo dispositivo",
        OnServer = "Sul server",
        Delivered = "Consegnato",
        Read = "Letto",
        Received = "Ricevuto",
        HowItWent = (n, m) => $"{n}, {m}. Mostra come ha viaggiato",
        Typing = n => $"{n} sta scrivendo…",
        DirectNow = "Via diretta aperta",
        Opening = "Apro una via diretta…",
        Suspect = "La via diretta non risponde: i messaggi passano dal server",
        Present = "Online",
        ByServer = "I messaggi passano dal server",
        WaitAccept = n => $"{n} non ti ha ancora accettato. Quello che scrivi aspetta qui e parte da solo.",
        WaitInvite = n => $"La richiesta a {n} non è ancora partita. Parte appena il server risponde.",
        InviteGone = "Questo invito non vale più: è stato usato, ritirato o è scaduto. Chiedine uno nuovo.",
        DeclinedBanner = n => $"{n} ha rifiutato la richiesta. Qui non puoi scrivere.",
        BlockedBanner = n => $"Hai bloccato {n}: non ti arriva più nulla.",
        Unblock = "Sblocca",
        WaitDirect = n => $"È scelto “solo diretta” e ora non c’è una via diretta verso {n}. I messaggi aspettano qui.",
        ServerAwayDirect = n => $"Il server non risponde, ma la via diretta verso {n} è aperta: potete continuare a scrivervi.",
        ServerAway = "Il server non risponde. Quello che scrivi aspetta qui e parte da solo.",
        MessageFrom = (n, m) => $"{n}: {m}",
        Verified = "Verificato",
        Details = n => $"Scheda di {n}",
        TooLong = "Troppo lungo per un messaggio solo: mandalo a pezzi.",
    };
}
