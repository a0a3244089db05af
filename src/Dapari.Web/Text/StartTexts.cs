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

    public static StartTexts English { get; } = new()
    {
        Tagline = "Messages from peer to peer: straight to the other person when possible, through a server when needed. You always see which.",
        NameLabel = "Your name",
        NameHint = "This is how the people you write to will see you. You can change it later.",
        Begin = "Begin",
        Preparing = "Making your keys…",
        Invited = "Somebody has invited you. Say your name, and we will ask them right away.",
        NoAccount = "No account, no phone number. Your keys stay on this device.",
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
    };
}
