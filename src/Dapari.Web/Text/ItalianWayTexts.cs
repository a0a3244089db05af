using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed class ItalianWayTexts : WayTexts
{
    public override string Name(Route route) => route switch
    {
        Route.Direct => "Diretto",
        Route.Relay => "Tramite relay",
        Route.Mailbox or Route.DropOff => "Tramite il server",
        Route.Waiting => "In attesa",
        _ => "Non si sa",
    };

    public override string Because(Route route, Reason reason, bool outgoing, string name) => reason switch
    {
        Reason.DirectPathOpen => outgoing
            ? $"C’era una via diretta aperta tra il tuo dispositivo e quello di {name}."
            : $"C’era una via diretta aperta tra il dispositivo di {name} e il tuo.",
        Reason.DirectPathNotYet => "La via diretta si stava ancora aprendo e il messaggio non l’ha aspettata.",
        Reason.PeerOffline => outgoing
            ? $"{name} era offline, quindi il messaggio è andato al server che conserva la sua posta."
            : "Eri offline, quindi il server ha tenuto il messaggio fino al tuo ritorno.",
        Reason.NoPath => "Le due reti non permettono ai vostri dispositivi di raggiungersi direttamente.",
        Reason.YouChoseServer => outgoing
            ? $"Per {name} hai scelto “solo server”: il tuo indirizzo internet resta nascosto."
            : $"{name} ha scelto “solo server” per tenere nascosto il proprio indirizzo internet.",
        Reason.TheyChoseServer => outgoing
            ? $"{name} ha scelto “solo server” per tenere nascosto il proprio indirizzo internet."
            : $"Per {name} hai scelto “solo server”: il tuo indirizzo internet resta nascosto.",
        Reason.YouChoseDirect when route == Route.Waiting => outgoing
            ? $"Per {name} hai scelto “solo diretta”. Il messaggio aspetta sul tuo dispositivo che si apra una via diretta."
            : $"{name} ha scelto “solo diretta”: il messaggio ha aspettato una via diretta.",
        Reason.YouChoseDirect => outgoing
            ? $"Per {name} hai scelto “solo diretta”: nessun server lo ha mai avuto."
            : $"{name} ha scelto “solo diretta”: nessun server lo ha mai avuto.",
        Reason.DirectPathLost => "La via diretta si è interrotta mentre il messaggio viaggiava, così è passato dal server.",
        Reason.DirectPathOpened => "Era in attesa quando la via diretta si è aperta, ed è passato di lì.",
        Reason.ServerUnreachable when route == Route.Waiting => outgoing
            ? "Il server non risponde. Il messaggio aspetta sul tuo dispositivo e parte da solo."
            : $"Il server non rispondeva: il messaggio ha aspettato sul dispositivo di {name}.",
        Reason.ServerUnreachable => "Il server non rispondeva, ma la via diretta era aperta.",
        Reason.ServerBack => outgoing
            ? "Ha aspettato sul tuo dispositivo finché il server ha ripreso a rispondere."
            : $"Ha aspettato sul dispositivo di {name} finché il server ha ripreso a rispondere.",
        Reason.NotAcceptedYet when route == Route.Waiting => outgoing
            ? $"{name} non ti ha ancora accettato. Il messaggio parte appena succede."
            : $"Ha aspettato che tu accettassi {name}.",
        Reason.NotAcceptedYet => outgoing ? $"Ha aspettato che {name} ti accettasse." : $"Ha aspettato che tu accettassi {name}.",
        Reason.StartingContact => "Vi stavate mettendo in contatto, e si comincia sempre dal server.",
        Reason.MailboxFull when route == Route.Waiting => outgoing
            ? $"Il server non ha più posto per {name}. Il messaggio aspetta sul tuo dispositivo e riprova da solo."
            : $"Il server non aveva più posto per te: il messaggio ha aspettato sul dispositivo di {name}.",
        Reason.MailboxFull => outgoing
            ? $"Ha aspettato che sul server tornasse posto per {name}."
            : "Ha aspettato che sul server tornasse posto per te.",
        Reason.MailboxGone when route == Route.Waiting => outgoing
            ? $"Il server non ha più la casella di {name}. Il messaggio aspetta sul tuo dispositivo che {name} ne apra una nuova."
            : $"Il server non aveva più la tua casella: il messaggio ha aspettato sul dispositivo di {name}.",
        Reason.MailboxGone => "Il server non aveva più la casella, così il messaggio ne ha aspettata una nuova.",
        Reason.RelayPathOpen => "I dispositivi potevano incontrarsi solo tramite un relay, che inoltra tutto e non conserva nulla.",
        Reason.ContactNotVerified => $"Non hai verificato {name}, quindi gli indirizzi internet restano nascosti.",
        Reason.NoDirectWay => "Entrambe le reti bloccano le connessioni dirette.",
        _ => "Questa versione di Dapari non conosce il motivo.",
    };

    public override string Now(Reason reason, string name) => reason switch
    {
        Reason.DirectPathNotYet => "Intanto si sta aprendo una via diretta.",
        Reason.PeerOffline => $"{name} non è online.",
        Reason.NoPath => "Le due reti non permettono ai vostri dispositivi di raggiungersi direttamente.",
        Reason.YouChoseServer => "L’hai scelto tu: il tuo indirizzo internet resta nascosto.",
        Reason.TheyChoseServer => $"L’ha scelto {name}, per tenere nascosto il proprio indirizzo internet.",
        Reason.YouChoseDirect => "Hai scelto “solo diretta”.",
        Reason.DirectPathLost => "La via diretta si è interrotta e si sta riaprendo.",
        Reason.ServerUnreachable => "Il server non risponde.",
        Reason.NotAcceptedYet => $"{name} non ti ha ancora accettato.",
        Reason.StartingContact => "Vi state mettendo in contatto, e si comincia sempre dal server.",
        Reason.MailboxFull => $"Il server non ha più posto per {name}.",
        Reason.MailboxGone => $"Il server non ha più la casella di {name}.",
        Reason.RelayPathOpen => "I dispositivi possono incontrarsi solo così.",
        _ => "",
    };

    public override string Where(Network network) => network switch
    {
        Network.Same => "Stessa rete",
        Network.Internet => "Attraverso internet",
        Network.Relayed => "Attraverso internet, con un relay",
        _ => "",
    };

    public override string Meaning(Route route, bool outgoing, string name) => route switch
    {
        Route.Direct => outgoing
            ? $"Dal tuo dispositivo a quello di {name}, senza nessun server in mezzo."
            : $"Dal dispositivo di {name} al tuo, senza nessun server in mezzo.",
        Route.Relay => "Dal vivo, tramite un relay che inoltra byte sigillati: non conserva nulla e non può leggere nulla.",
        Route.Mailbox or Route.DropOff => outgoing
            ? $"Un server lo ha tenuto, sigillato, finché il dispositivo di {name} è venuto a prenderlo. Non poteva leggerlo."
            : "Un server lo ha tenuto, sigillato, finché il tuo dispositivo è venuto a prenderlo. Non poteva leggerlo.",
        Route.Waiting => outgoing
            ? "È ancora sul tuo dispositivo. Parte da solo appena può."
            : $"Ha aspettato sul dispositivo di {name}.",
        _ => "Non è rimasta traccia di come ha viaggiato.",
    };

    public override string Next(Route route, string name) => route switch
    {
        Route.Direct => $"Ora un messaggio va dritto a {name}.",
        Route.Relay => "Ora un messaggio passa dal vivo da un relay.",
        Route.Mailbox or Route.DropOff => "Ora un messaggio passa dal server.",
        Route.Waiting => "Ora un messaggio aspetta sul tuo dispositivo.",
        _ => "La strada è ancora da trovare.",
    };
}
