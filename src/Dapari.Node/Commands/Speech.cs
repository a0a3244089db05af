using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Ways and reasons in plain words, as the person at this end sees them.</summary>
internal static class Speech
{
    /// <summary>A way with its reason.</summary>
    public static string Of(RouteBody? route, bool outgoing)
    {
        if (route is null)
            return "";
        var text = Way(route.Route) + ", " + Reason(route.Reason, outgoing);
        if (route.Network is { } network)
            text += ", " + (network == "same" ? Tongue.Of("same network", "stessa rete") : network == "relayed" ? Tongue.Of("relayed", "con relay") : Tongue.Of("over the Internet", "per Internet"));
        if (route.RoundTripMs is { } round)
            text += $", {round} ms";
        return text;
    }

    /// <summary>A way.</summary>
    public static string Way(string route) => route switch
    {
        "direct" => Tongue.Of("directly", "direttamente"),
        "relay" => Tongue.Of("through a relay", "per un relay"),
        "mailbox" => Tongue.Of("through the server", "per il server"),
        "drop-off" => Tongue.Of("left at the server", "lasciato sul server"),
        "waiting" => Tongue.Of("waiting here", "in attesa qui"),
        _ => Tongue.Of("by no way yet", "ancora per nessuna via"),
    };

    /// <summary>Why; what the sender chose is said of whoever that is.</summary>
    public static string Reason(string reason, bool outgoing) => reason switch
    {
        "direct-path-open" => Tongue.Of("a direct path was open", "una via diretta era aperta"),
        "direct-path-not-yet" => Tongue.Of("a direct path was still being opened", "la via diretta si stava ancora aprendo"),
        "peer-offline" => Tongue.Of("the other was not there", "l'altro non c'era"),
        "no-path" => Tongue.Of("no direct path goes through the networks", "nessuna via diretta attraversa le reti"),
        "you-chose-server" => outgoing ? Tongue.Of("you chose the server", "hai scelto il server") : Tongue.Of("they chose the server", "hanno scelto il server"),
        "they-chose-server" => outgoing ? Tongue.Of("they chose the server", "hanno scelto il server") : Tongue.Of("you chose the server", "hai scelto il server"),
        "you-chose-direct" => outgoing ? Tongue.Of("you chose direct only", "hai scelto solo diretto") : Tongue.Of("they chose direct only", "hanno scelto solo diretto"),
        "direct-path-lost" => Tongue.Of("the direct path was lost", "la via diretta si è persa"),
        "direct-path-opened" => Tongue.Of("a direct path opened while it waited", "nell'attesa si è aperta una via diretta"),
        "server-unreachable" => Tongue.Of("the server is out of reach", "il server è irraggiungibile"),
        "server-back" => Tongue.Of("it waited until the server was back", "ha aspettato il ritorno del server"),
        "not-accepted-yet" => Tongue.Of("the contact is not accepted yet", "il contatto non è ancora accettato"),
        "starting-contact" => Tongue.Of("a contact begins through the server", "un contatto comincia per il server"),
        "mailbox-full" => Tongue.Of("their mailbox is full", "la loro casella è piena"),
        "relay-path-open" => Tongue.Of("only a relay gets through", "passa solo un relay"),
        "mailbox-gone" => Tongue.Of("the server does not know their mailbox", "il server non conosce la loro casella"),
        "contact-not-verified" => Tongue.Of("the contact is not verified", "il contatto non è verificato"),
        "no-direct-way" => Tongue.Of("both networks block direct connections", "entrambe le reti bloccano le connessioni dirette"),
        _ => Tongue.Of("for no known reason", "senza motivo noto"),
    };

    /// <summary>Which ways are allowed.</summary>
    public static string Policy(string policy) => policy switch
    {
        "direct-only" => Tongue.Of("direct only", "solo diretto"),
        "server-only" => Tongue.Of("server only (your address stays hidden)", "solo per il server (il tuo indirizzo resta nascosto)"),
        "default" => Tongue.Of("as for everybody", "come per tutti"),
        _ => Tongue.Of("direct where it can be, else through the server", "diretto dove si può, altrimenti per il server"),
    };

    /// <summary>How a contact stands.</summary>
    public static string Contact(ContactBody contact) => contact.State switch
    {
        "inviting" => contact.InviteGone ? Tongue.Of("their invite no longer works", "il loro invito non vale più") : Tongue.Of("their invite is being opened", "il loro invito si sta aprendo"),
        "asked" => Tongue.Of("asked, no answer yet", "chiesto, ancora nessuna risposta"),
        "asking" => Tongue.Of("wants to be your contact", "vuole essere un tuo contatto"),
        "accepted" => contact.Verified ? Tongue.Of("verified", "verificato") : Tongue.Of("not verified", "non verificato"),
        "declined" => contact.InviteGone ? Tongue.Of("their invite no longer works", "il loro invito non vale più") : Tongue.Of("declined", "ha rifiutato"),
        _ => contact.State,
    };

    /// <summary>How a message stands.</summary>
    public static string State(string state) => state switch
    {
        "queued" => Tongue.Of("on this device", "su questo dispositivo"),
        "delivered" => Tongue.Of("delivered", "consegnato"),
        "read" => Tongue.Of("read", "letto"),
        "on-server" => Tongue.Of("on the server", "sul server"),
        _ => state,
    };
}
