namespace Dapari.Web.Text;

/// <summary>First start.</summary>
public sealed record StartTexts
{
    public required string Tagline { get; init; }

    public required string NameLabel { get; init; }

    public required string NameHint { get; init; }

    public required string Begin { get; init; }

    public required string Preparing { get; init; }

    public required string Invited { get; init; }

    public required string NoAccount { get; init; }

    public required string CodeLabel { get; init; }

    public required string CodeHint { get; init; }

    public required string CodeWrong { get; init; }

    public required string Closed { get; init; }

    public static StartTexts English { get; } = new()
    {
        Tagline = "Messages from peer to peer: straight to the other person when possible, through a server when needed. You always see which.",
        NameLabel = "Your name",
        NameHint = "This is how the people you write to will see you. You can change it later.",
        Begin = "Begin",
        Preparing = "Making your keys…",
        Invited = "Somebody has invited you. Say your name, and we will ask them right away.",
        NoAccount = "No account, no phone number. Your keys stay on this device.",
        CodeLabel = "Entry code",
        CodeHint = "This server lets people in by invitation. Whoever runs it gives you a code.",
        CodeWrong = "This code does not work: it may be mistyped, used up or expired. Ask whoever gave it to you for another one.",
        Closed = "This server takes no new people at the moment. Ask whoever runs it.",
    };

    public static StartTexts Italian { get; } = new()
    {
        Tagline = "Messaggi da pari a pari: dritti all’altra persona quando si può, tramite un server quando serve. E vedi sempre come.",
        NameLabel = "Il tuo nome",
        NameHint = "È il nome che vedrà chi ti scrive. Puoi cambiarlo quando vuoi.",
        Begin = "Comincia",
        Preparing = "Preparo le tue chiavi…",
        Invited = "Hai ricevuto un invito. Di’ come ti chiami e lo chiediamo subito a chi ti ha invitato.",
        NoAccount = "Niente account, niente numero di telefono. Le chiavi restano su questo dispositivo.",
        CodeLabel = "Codice d’ingresso",
        CodeHint = "In questo server si entra su invito. Il codice te lo dà chi lo gestisce.",
        CodeWrong = "Questo codice non va: forse è scritto male, già usato o scaduto. Chiedine un altro a chi te l’ha dato.",
        Closed = "Per ora questo server non accoglie nuove persone. Chiedi a chi lo gestisce.",
    };
}
