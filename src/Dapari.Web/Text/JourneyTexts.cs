namespace Dapari.Web.Text;

/// <summary>How it travels.</summary>
public sealed record JourneyTexts
{
    public required string Title { get; init; }

    public required string Lead { get; init; }

    public required string DirectTitle { get; init; }

    public required string DirectText { get; init; }

    public required string DirectWhen { get; init; }

    public required string ServerTitle { get; init; }

    public required string ServerText { get; init; }

    public required string ServerWhen { get; init; }

    public required string WaitTitle { get; init; }

    public required string WaitText { get; init; }

    public required string RelayTitle { get; init; }

    public required string RelayText { get; init; }

    public required string YoursTitle { get; init; }

    public required Func<string, string> YoursText { get; init; }

    public required string NoneYet { get; init; }

    public required Func<string, string> Example { get; init; }

    public required string Other { get; init; }

    public required string Seal { get; init; }

    public required string When { get; init; }

    public static JourneyTexts English { get; } = new()
    {
        Title = "How it travels",
        Lead = "A message can reach the other person in two ways. Dapari takes the better one, and shows you which it was.",
        DirectTitle = "From peer to peer",
        DirectText = "Your device and the other one talk to each other, like two people in the same room. Nobody stands between them: it is the fastest way, and nobody else learns that you are talking. But both must be there, and each sees the other’s internet address. This is called peer-to-peer.",
        DirectWhen = "Good when you are both online, at home on the same Wi-Fi, or when no server should ever be involved.",
        ServerTitle = "Through a server",
        ServerText = "You leave a sealed letter at a post office, and the other person picks it up when they are back. The server keeps it safe but cannot open it. It does see when a letter passes and how big it is. This is called client-server.",
        ServerWhen = "Good when the other person is offline, when the networks allow nothing else, or to hide your internet address.",
        WaitTitle = "And when neither works?",
        WaitText = "The message waits on your device. It leaves by itself, once, as soon as a way opens. You do not have to do anything.",
        RelayTitle = "In between: a relay",
        RelayText = "When both are online but cannot reach each other, a relay can pass everything on live. It keeps nothing and reads nothing.",
        YoursTitle = "Your last messages",
        YoursText = n => $"The ways of your last {n} messages:",
        NoneYet = "You have not exchanged a message yet. When you do, you will see here which way it went.",
        Example = n => $"Your last one with {n}:",
        Other = "The other person",
        Seal = "Either way, it is sealed on your device and opened only on the other one.",
        When = "When it suits",
    };

    public static JourneyTexts Italian { get; } = new()
    {
        Title = "Come viaggia",
        Lead = "Un messaggio può raggiungere l’altra persona in due modi. Dapari sceglie il migliore, e ti mostra quale ha usato.",
        DirectTitle = "Da pari a pari",
        DirectText = "Il tuo dispositivo e l’altro si parlano tra loro, come due persone nella stessa stanza. In mezzo non c’è nessuno: è la strada più veloce, e nessun altro sa che vi state scrivendo. Però dovete esserci tutti e due, e ognuno vede l’indirizzo internet dell’altro. Si chiama peer-to-peer.",
        DirectWhen = "Va bene quando siete tutti e due online, a casa sullo stesso Wi-Fi, o quando non volete di mezzo nessun server.",
        ServerTitle = "Tramite un server",
        ServerText = "Lasci una lettera sigillata all’ufficio postale, e l’altra persona la ritira quando torna. Il server la custodisce ma non può aprirla. Vede però quando passa una lettera e quanto è grande. Si chiama client-server.",
        ServerWhen = "Va bene quando l’altra persona è offline, quando le reti non permettono altro, o per nascondere il tuo indirizzo internet.",
        WaitTitle = "E quando non va nessuna delle due?",
        WaitText = "Il messaggio aspetta sul tuo dispositivo. Parte da solo, una volta sola, appena si apre una strada. Non devi fare nulla.",
        RelayTitle = "Una via di mezzo: il relay",
        RelayText = "Quando ci siete tutti e due ma i dispositivi non si raggiungono, un relay può inoltrare tutto dal vivo. Non conserva nulla e non legge nulla.",
        YoursTitle = "I tuoi ultimi messaggi",
        YoursText = n => $"Le strade dei tuoi ultimi {n} messaggi:",
        NoneYet = "Non hai ancora scambiato messaggi. Quando lo farai, vedrai qui che strada hanno preso.",
        Example = n => $"L’ultimo con {n}:",
        Other = "L’altra persona",
        Seal = "In ogni caso viene sigillato sul tuo dispositivo e aperto solo sull’altro.",
        When = "Quando conviene",
    };
}
