using Dapari.Peer.Local;

namespace Dapari.Node.Api;

/// <summary>What the engine refuses, in words for people and numbers of HTTP.</summary>
internal static class Refusals
{
    /// <summary>A sentence in English, as the local API has it, and in Italian.</summary>
    public static (string English, string Italian) Text(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.NoIdentity => ("There is no identity here yet: `dapari init NAME --server URL` begins one.", "Qui non c'è ancora un'identità: la crea `dapari init NOME --server URL`."),
        CommandRefusal.HasIdentity => ("There is an identity here already.", "Qui c'è già un'identità."),
        CommandRefusal.UnknownContact => ("There is no such contact: `dapari contacts` lists them.", "Non c'è un contatto così: `dapari contacts` li elenca."),
        CommandRefusal.NotAccepted => ("They are not an accepted contact.", "Non è un contatto accettato."),
        CommandRefusal.Empty => ("There is nothing to say.", "Non c'è niente da dire."),
        CommandRefusal.TooLong => ("It is too long.", "È troppo lungo."),
        CommandRefusal.BadLink => ("This is no invite link.", "Non è un link d'invito."),
        CommandRefusal.OwnInvite => ("This invite is your own.", "Questo invito è tuo."),
        CommandRefusal.AlreadyContact => ("They are a contact already.", "È già un contatto."),
        CommandRefusal.UnknownInvite => ("There is no such invite: `dapari invite list` lists them.", "Non c'è un invito così: `dapari invite list` li elenca."),
        CommandRefusal.TooMany => ("There are too many already.", "Ce ne sono già troppi."),
        CommandRefusal.StoreFailed => ("The disk refused; nothing changed.", "Il disco ha rifiutato; non è cambiato niente."),
        CommandRefusal.Blocked => ("They are blocked: `dapari contacts unblock` ends that.", "È bloccato: `dapari contacts unblock` lo sblocca."),
        CommandRefusal.NoFiles => ("This node cannot move files.", "Questo nodo non può spostare file."),
        CommandRefusal.UnknownTransfer => ("There is no such transfer, or it has ended.", "Non c'è un trasferimento così, o è finito."),
        CommandRefusal.NoServer => ("The home server is out of reach.", "Il server è irraggiungibile."),
        CommandRefusal.NoDropOffs => ("The home server keeps no files.", "Il server non tiene file."),
        CommandRefusal.NoWay => ("The way asked for and theirs exclude each other.", "La via chiesta e la loro si escludono."),
        CommandRefusal.PeerFailed => ("The peer had an error of its own; nothing was kept.", "Il peer ha avuto un errore suo; non è stato tenuto niente."),
        _ => ("It was refused: " + Words.Of(refusal) + ".", "Rifiutato: " + Words.Of(refusal) + "."),
    };

    /// <summary>The sentences for an error's word, where the engine has it; null: only its detail says it.</summary>
    public static (string English, string Italian)? Of(string word) =>
        Enum.GetValues<CommandRefusal>().FirstOrDefault(refusal => refusal != CommandRefusal.Unspecified && Words.Of(refusal) == word) is var found && found != CommandRefusal.Unspecified ? Text(found)
        : word == "several-contacts" ? ("Several contacts have this name: say the beginning of an id (`dapari contacts`).", "Più contatti hanno questo nome: scrivi l'inizio di un id (`dapari contacts`).")
        : word == "bad-server" ? ("The server is named as https://host[:port], or http:// on this machine and in private networks.", "Il server si scrive https://host[:porta], o http:// su questa macchina e nelle reti private.")
        : null;

    /// <summary>A status of HTTP (RFC 9110 §15).</summary>
    public static int Status(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.UnknownContact or CommandRefusal.UnknownInvite or CommandRefusal.UnknownTransfer => 404,
        CommandRefusal.Empty or CommandRefusal.TooLong or CommandRefusal.BadLink or CommandRefusal.Malformed => 400,
        CommandRefusal.StoreFailed => 507,
        CommandRefusal.PeerFailed => 500,
        CommandRefusal.NoServer => 503,
        _ => 409,
    };
}
