using Dapari.Peer.Local;

namespace Dapari.Web.Text;

/// <summary>What keeps the app itself from working: what happened, what it means, what to do.</summary>
public sealed record TroubleTexts
{
    public required string StorageFull { get; init; }

    public required string StorageFailed { get; init; }

    public required string Ended { get; init; }

    public required string Reload { get; init; }

    public static TroubleTexts English { get; } = new()
    {
        StorageFull = "This device has no room left, so nothing new can be kept. Nothing is lost: what others write waits at your server. Free some space; Dapari goes on by itself.",
        StorageFailed = "This device does not let Dapari keep anything at the moment. Nothing is lost: what others write waits at your server. Dapari tries again by itself.",
        Ended = "Dapari has stopped because of an error of its own. What you wrote and received is kept on this device. Load the page again to go on.",
        Reload = "Load again",
    };

    public static TroubleTexts Italian { get; } = new()
    {
        StorageFull = "Su questo dispositivo non c’è più spazio e non si può conservare nulla di nuovo. Nulla è perso: quello che ti scrivono aspetta sul tuo server. Libera un po’ di spazio: Dapari riprende da sola.",
        StorageFailed = "In questo momento il dispositivo non permette a Dapari di conservare nulla. Nulla è perso: quello che ti scrivono aspetta sul tuo server. Dapari riprova da sola.",
        Ended = "Dapari si è fermata per un suo errore. Quello che hai scritto e ricevuto è al sicuro su questo dispositivo. Ricarica la pagina per continuare.",
        Reload = "Ricarica",
    };

    /// <summary>The sentence for a trouble; empty for none.</summary>
    public string Of(PeerTrouble trouble) => trouble switch
    {
        PeerTrouble.StorageFull => StorageFull,
        PeerTrouble.StorageFailed => StorageFailed,
        PeerTrouble.Ended => Ended,
        _ => "",
    };
}
