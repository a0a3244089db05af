using Dapari.Peer.Local;

namespace Dapari.Web.Text;

/// <summary>A refused command in a plain sentence or two: what happened, what it means, what to do.</summary>
public static class RefusalTexts
{
    /// <summary>In English; empty for "done".</summary>
    public static string English(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.Unspecified => "",
        CommandRefusal.NoIdentity => "You have not said your name yet. Start with that, and then try again.",
        CommandRefusal.HasIdentity => "You are already set up here. To add somebody else, open another profile.",
        CommandRefusal.UnknownContact => "This contact is no longer here, so nothing was done. It may have been removed in another tab.",
        CommandRefusal.NotAccepted => "The two of you are not in contact yet, so this has to wait until the request is accepted.",
        CommandRefusal.Empty => "There is nothing written yet. Write something and try again.",
        CommandRefusal.TooLong => "That is too long, and nothing was sent. Shorten it, or send it in parts.",
        CommandRefusal.BadLink => "That is not a complete invite. Ask for it again, or copy the whole link.",
        CommandRefusal.OwnInvite => "This is your own invite. Send it to somebody else, or open it in a second profile.",
        CommandRefusal.AlreadyContact => "You are already in contact. Just open the conversation.",
        CommandRefusal.UnknownInvite => "This invite no longer works: it was used, withdrawn, or has expired. Ask for a new one.",
        CommandRefusal.TooMany => "There are too many of these already. Remove some that you no longer need and try again.",
        CommandRefusal.StoreFailed => "This device could not save it, so nothing was changed and nothing was lost. Free some space and try again.",
        CommandRefusal.Blocked => "You have blocked this person. Unblock them first if you want to write.",
        CommandRefusal.Malformed => "Something about that was not right, and nothing was changed. Reload the page and try again.",
        CommandRefusal.NoCalls => "This browser cannot call here. Calls need HTTPS and a recent browser.",
        CommandRefusal.InCall => "You are in a call already. Hang up first, then try again.",
        CommandRefusal.UnknownCall => "This call is already over.",
        CommandRefusal.NoWay => "The way you asked for and the one that the other person allows exclude each other. Choose another way.",
        CommandRefusal.NotTheBeginner => "Only who began the call can add somebody. Ask them to.",
        CommandRefusal.NoRelay => "Your server has no relay, so nothing can go through it live. Choose another way, or ask whoever runs the server.",
        CommandRefusal.PeerFailed => "Dapari made an error of its own, and nothing was changed. Try again; if it stays so, load the page again.",
        CommandRefusal.NoFiles => "This browser cannot keep and move files here. That needs HTTPS and a recent browser.",
        CommandRefusal.UnknownTransfer => "This transfer is already over.",
        CommandRefusal.NoServer => "Your server does not answer, so it cannot say what room there is. Try again in a moment.",
        CommandRefusal.NoDropOffs => "Your server takes no files to keep. They go directly, when you are both online.",
        _ => "That did not work, and nothing was changed. Reload the page and try again.",
    };

    /// <summary>In Italian; empty for "done".</summary>
    public static string Italian(CommandRefusal refusal) => refusal switch
    {
        CommandRefusal.Unspecified => "",
        CommandRefusal.NoIdentity => "Non hai ancora detto come ti chiami. Comincia da lì, poi riprova.",
        CommandRefusal.HasIdentity => "Qui ci sei già tu. Per un’altra persona apri un altro profilo.",
        CommandRefusal.UnknownContact => "Questo contatto non c’è più, quindi non è cambiato nulla. Forse è stato tolto da un’altra scheda.",
        CommandRefusal.NotAccepted => "Non siete ancora in contatto: bisogna aspettare che la richiesta venga accettata.",
        CommandRefusal.Empty => "Non c’è ancora scritto niente. Scrivi qualcosa e riprova.",
        CommandRefusal.TooLong => "È troppo lungo e non è partito. Accorcialo, oppure mandalo a pezzi.",
        CommandRefusal.BadLink => "Questo non è un invito completo. Fattelo rimandare, o copia il link per intero.",
        CommandRefusal.OwnInvite => "Questo invito è tuo. Mandalo a qualcun altro, o aprilo in un secondo profilo.",
        CommandRefusal.AlreadyContact => "Siete già in contatto: basta aprire la conversazione.",
        CommandRefusal.UnknownInvite => "Questo invito non vale più: è stato usato, ritirato o è scaduto. Chiedine uno nuovo.",
        CommandRefusal.TooMany => "Ce ne sono già troppi. Togline qualcuno che non serve più e riprova.",
        CommandRefusal.StoreFailed => "Il dispositivo non è riuscito a salvare: non è cambiato nulla e nulla è andato perso. Libera un po’ di spazio e riprova.",
        CommandRefusal.Blocked => "Hai bloccato questa persona. Per scriverle, prima sbloccala.",
        CommandRefusal.Malformed => "Qualcosa non andava, e non è cambiato nulla. Ricarica la pagina e riprova.",
        CommandRefusal.NoCalls => "Qui il browser non può chiamare. Servono HTTPS e un browser recente.",
        CommandRefusal.InCall => "Sei già in una chiamata. Prima riaggancia, poi riprova.",
        CommandRefusal.UnknownCall => "Questa chiamata è già finita.",
        CommandRefusal.NoWay => "La strada che chiedi e quella che l’altra persona permette si escludono. Scegline un’altra.",
        CommandRefusal.NotTheBeginner => "Solo chi ha iniziato la chiamata può aggiungere qualcuno. Chiedi a lui o a lei.",
        CommandRefusal.NoRelay => "Il tuo server non ha un relay, quindi dal vivo non ci passa nulla. Scegli un’altra strada, o parlane con chi gestisce il server.",
        CommandRefusal.PeerFailed => "Dapari ha fatto un errore suo, e non è cambiato nulla. Riprova; se non basta, ricarica la pagina.",
        CommandRefusal.NoFiles => "Qui il browser non può tenere e spostare file. Servono HTTPS e un browser recente.",
        CommandRefusal.UnknownTransfer => "Questo invio è già finito.",
        CommandRefusal.NoServer => "Il tuo server non risponde, quindi non sa dire quanto posto c’è. Riprova tra un momento.",
        CommandRefusal.NoDropOffs => "Il tuo server non tiene file in deposito. Passano diretti, quando siete online tutti e due.",
        _ => "Non ha funzionato, e non è cambiato nulla. Ricarica la pagina e riprova.",
    };
}
