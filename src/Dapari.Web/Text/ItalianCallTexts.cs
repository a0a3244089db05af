using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed record ItalianCallTexts : CallTexts
{
    public override string Refused(MediaKind kind, MediaRefusal refusal) => (kind, refusal) switch
    {
        (_, MediaRefusal.None or MediaRefusal.Closed) => "",
        (MediaKind.Microphone, MediaRefusal.Denied) => "Dapari non può usare il microfono, quindi nessuno ti sentirebbe. Consentilo dalla barra degli indirizzi del browser e riprova.",
        (MediaKind.Microphone, MediaRefusal.Missing) => "Non si trova nessun microfono, quindi nessuno ti sentirebbe. Collegane uno e riprova.",
        (MediaKind.Microphone, MediaRefusal.Busy) => "Il microfono è occupato da un altro programma. Chiudilo lì e riprova.",
        (MediaKind.Microphone, MediaRefusal.Unsupported) => "Qui il browser non dà il microfono alle pagine. Per chiamare servono HTTPS e un browser recente.",
        (MediaKind.Microphone, _) => "Il microfono non è partito, quindi nessuno ti sentirebbe. Riprova o scegline un altro.",
        (MediaKind.Camera, MediaRefusal.Denied) => "Dapari non può usare la videocamera. Ti sentono, ma non ti vedono. Consentila dalla barra degli indirizzi del browser e riprova.",
        (MediaKind.Camera, MediaRefusal.Missing) => "Non si trova nessuna videocamera. Ti sentono, ma non ti vedono.",
        (MediaKind.Camera, MediaRefusal.Busy) => "La videocamera è occupata da un altro programma. Ti sentono, ma non ti vedono. Chiudila lì e riprova.",
        (MediaKind.Camera, MediaRefusal.Unsupported) => "Qui il browser non dà la videocamera alle pagine. Ti sentono, ma non ti vedono.",
        (MediaKind.Camera, _) => "La videocamera non è partita. Ti sentono, ma non ti vedono.",
        (MediaKind.Screen, MediaRefusal.Unsupported) => "Questo browser non sa mostrare lo schermo ad altri. La chiamata continua.",
        (MediaKind.Screen, _) => "Non è stato possibile mostrare lo schermo. La chiamata continua.",
        _ => "Questo altoparlante non si può usare. L’audio resta dov’era.",
    };

    public override string Lost(MediaKind kind, MediaLoss loss) => (kind, loss) switch
    {
        (MediaKind.Screen, _) => "Il tuo schermo non si vede più.",
        (MediaKind.Camera, _) => "La videocamera non c’è più: ti sentono, ma non ti vedono. Ricollegala o scegline un’altra.",
        (_, MediaLoss.Changed) => "Il microfono non c’è più; ora se ne usa un altro.",
        _ => "Il microfono non c’è più e nessuno ti sente. Ricollegalo o scegline un altro.",
    };

    public override string WaysExclude(string name, bool byServer) => byServer
        ? $"Accetti solo chiamate dirette e {name} nasconde il proprio indirizzo internet: questa chiamata può passare solo dal server."
        : $"{name} accetta solo chiamate dirette, mentre le tue passano dal server per nascondere il tuo indirizzo internet. Se rispondi direttamente, {name} può vederlo.";

    public override string WaysOf(IReadOnlyList<string> direct, IReadOnlyList<string> relay) =>
        relay.Count == 0 ? "Diretta con tutti" : direct.Count == 0 ? "Tramite il server con tutti" : $"Diretta con {NamesOrCount(direct)}, tramite il server con {NamesOrCount(relay)}";

    public override string Names(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.SkipLast(1))} {(names[^1].StartsWith('E') || names[^1].StartsWith('e') ? "ed" : "e")} {names[^1]}";

    public override string AutomaticHint(string names, bool several) =>
        $"Diretta quando si può, altrimenti tramite il server. {names} {(several ? "possono" : "può")} vedere il tuo indirizzo internet.";

    public override string DirectOnlyHint(string names, bool several) =>
        $"Nessun server porta la chiamata. {names} {(several ? "possono" : "può")} vedere il tuo indirizzo internet; se non c’è una strada diretta, non c’è chiamata.";

    public override string Obstacle(LegObstacle obstacle, string name, string bringer) => obstacle switch
    {
        LegObstacle.Blocked => $"Hai bloccato {name}: tra voi due non c’è collegamento.",
        LegObstacle.NoRelay => $"Tu e {name} non vi conoscete: potrebbe collegarvi solo un relay, e il tuo server non ne ha.",
        LegObstacle.BringerGone => $"{bringer} non è più in chiamata, quindi il collegamento con {name} non si può ritrovare.",
        _ => $"Non si è trovata una strada verso {name}. Gli altri continuano.",
    };

    public override string Gone(CallOutcome outcome, string name) => outcome switch
    {
        CallOutcome.Declined or CallOutcome.Busy or CallOutcome.Missed or CallOutcome.Lost or CallOutcome.Unreachable or CallOutcome.NotOurs or CallOutcome.NoWay => OutcomeSentence(outcome, true, name),
        _ => $"{name} non è più in chiamata.",
    };

    public override string WayLine(Route route, string me, string them, Network network, string roundTrip, Reason reason, bool ownServer)
    {
        var time = roundTrip.Length == 0 ? "" : ", " + roundTrip;
        if (route == Route.Direct)
            return $"Diretta: {me} ⇄ {them}{(network == Network.Same ? ", stessa rete" : network == Network.Internet ? ", attraverso internet" : "")}{time}";
        var because = reason switch
        {
            Reason.YouChoseServer => ", perché hai scelto di nascondere il tuo indirizzo internet",
            Reason.TheyChoseServer => $", perché {them} ha scelto di nascondere il proprio indirizzo internet",
            Reason.ContactNotVerified => $", perché non hai ancora verificato {them}",
            Reason.NoDirectWay or Reason.RelayPathOpen or Reason.NoPath => ", perché entrambe le reti bloccano le connessioni dirette",
            _ => "",
        };
        return $"Tramite il {(ownServer ? "tuo " : "")}server: {me} → server ⇄ {them}{time}{because}";
    }

    public override string Because(Route route, Reason reason, bool outgoing, string name) => reason switch
    {
        Reason.DirectPathOpen => "I due dispositivi si raggiungevano tra loro, quindi in mezzo non c’era nessuno.",
        Reason.YouChoseDirect => outgoing ? "Hai scelto “solo diretta”: nessun server ha portato la chiamata." : $"{name} ha scelto “solo diretta”: nessun server ha portato la chiamata.",
        Reason.YouChoseServer when outgoing => "Hai scelto di nascondere il tuo indirizzo internet.",
        Reason.TheyChoseServer when !outgoing => "Hai scelto di nascondere il tuo indirizzo internet.",
        Reason.YouChoseServer or Reason.TheyChoseServer => $"{name} ha scelto di nascondere il proprio indirizzo internet.",
        Reason.ContactNotVerified => "Non vi eravate ancora verificati, quindi gli indirizzi internet sono rimasti nascosti.",
        Reason.NoDirectWay or Reason.RelayPathOpen or Reason.NoPath => "Entrambe le reti bloccano le connessioni dirette.",
        _ => "Questa versione di Dapari non conosce il motivo.",
    };

    public override string Outcome(CallOutcome outcome, bool outgoing, string length) => outcome switch
    {
        CallOutcome.Answered => length,
        CallOutcome.Lost => $"{length}, poi la connessione è caduta",
        CallOutcome.Declined => outgoing ? "Rifiutata" : "L’hai rifiutata",
        CallOutcome.Busy => outgoing ? "Occupato" : "Persa: eri in un’altra chiamata",
        CallOutcome.Missed => outgoing ? "Senza risposta" : "Persa",
        CallOutcome.Cancelled => outgoing ? "Annullata" : "Persa",
        CallOutcome.Unreachable => outgoing ? "Non raggiungibile" : "Persa",
        CallOutcome.NoWay => "Nessuna strada trovata",
        CallOutcome.NotOurs => "Chiusa per sicurezza",
        _ => "In corso",
    };

    public override string OutcomeSentence(CallOutcome outcome, bool outgoing, string name) => outcome switch
    {
        CallOutcome.Answered => "La chiamata è finita.",
        CallOutcome.Lost => $"La connessione con {name} è caduta e non è tornata.",
        CallOutcome.Declined => outgoing ? $"{name} ha rifiutato." : "Hai rifiutato.",
        CallOutcome.Busy => outgoing ? $"{name} è in un’altra chiamata." : "Eri in un’altra chiamata.",
        CallOutcome.Missed => outgoing ? $"{name} non ha risposto." : "Non hai risposto.",
        CallOutcome.Cancelled => outgoing ? "Hai annullato la chiamata." : $"{name} ha annullato la chiamata.",
        CallOutcome.Unreachable => $"{name} non è raggiungibile: nessun suo dispositivo è online. Vedrà che hai chiamato.",
        CallOutcome.NoWay => $"Non si è trovata una strada verso {name} che vada bene a tutti e due. Scegline un’altra e richiama.",
        CallOutcome.NotOurs => $"La connessione non ha dimostrato di essere di {name}: è stata chiusa prima che si dicesse qualcosa. Verificatevi prima di richiamare.",
        _ => "La chiamata è finita.",
    };

    public static ItalianCallTexts Make() => new()
    {
        Voice = "Chiamata",
        Video = "Videochiamata",
        CallByVoice = n => $"Chiama {n}",
        CallByVideo = n => $"Videochiama {n}",
        CallAgain = n => $"Richiama {n}",
        IncomingVoice = "Chiamata in arrivo",
        IncomingVideo = "Videochiamata in arrivo",
        CallsYou = n => $"{n} ti sta chiamando.",
        NotifyTitle = n => $"Chiamata di {n}",
        NotifyText = "Tocca per rispondere.",
        Answer = "Rispondi",
        AnswerWithVideo = "Rispondi in video",
        AnswerWithoutCamera = "Rispondi senza videocamera",
        AnswerWithoutMicrophone = "Rispondi senza microfono",
        CallWithoutMicrophone = "Chiama senza microfono",
        Decline = "Rifiuta",
        Calling = "Sto chiamando…",
        Ringing = "Sta squillando…",
        Connecting = "Mi collego…",
        Connected = n => $"In collegamento con {n}.",
        Reconnecting = n => $"Sto ritrovando {n}…",
        Mute = "Silenzia",
        Unmute = "Riattiva",
        CameraOn = "Accendi video",
        CameraOff = "Spegni video",
        SwitchCamera = "Gira videocamera",
        ScreenOn = "Mostra schermo",
        ScreenOff = "Togli schermo",
        TheirScreen = n => $"Lo schermo di {n}",
        YourScreen = "Stai mostrando il tuo schermo",
        Devices = "Dispositivi",
        Details = "Strada e qualità",
        FloatAbove = "Tieni sopra le altre finestre",
        HangUp = "Riaggancia",
        Minimise = "Torna ai messaggi",
        Return = "Torna alla chiamata",
        InCall = n => $"In chiamata con {n}",
        ElsewhereCall = n => $"In chiamata con {n}, in un’altra scheda",
        InAnotherTab = "La chiamata è in un’altra scheda. Prima riaggancia lì, oppure continua di là.",
        Muted = "Il tuo microfono è spento",
        TheyMuted = n => $"{n} ha il microfono spento",
        You = "Tu",
        OwnPicture = "La tua immagine. Si sposta con le frecce.",
        TheirPicture = n => $"L’immagine di {n}",
        TurnOnSound = "Attiva l’audio",
        SoundRefused = "Il browser tiene spento l’audio finché non tocchi.",
        TryAgain = "Riprova",
        GoOnWithoutCamera = "Continua senza video",
        ChooseAnother = "Scegline un altro",
        AddPerson = "Aggiungi qualcuno",
        CallSeveral = "Chiama più persone",
        WhoElse = "Chi altri?",
        AddChosen = n => $"Aggiungi {n}",
        NobodyToAdd = "Non c’è nessun altro da chiamare. Prima invita qualcuno.",
        Joined = n => $"Ora c’è anche {n}.",
        Speaks = n => $"Parla {n}",
        AnswerByServer = "Rispondi tramite il server",
        AnswerDirectly = "Rispondi direttamente",
        CallDirectly = "Chiama direttamente",
        NoRelay = n => $"Il tuo server non ha un relay che nasconda il tuo indirizzo internet. La chiamata può andare diretta: allora {n} può vederlo.",
        NotInContact = n => $", perché tu e {n} non siete in contatto tra voi",
        BroughtIn = n => $"Con l’invito di {n}",
        People = n => $"{n} persone",
        Check = "Prima prova audio e video",
        CheckHint = "Parla: se la barra si muove, ti sentono.",
        Microphone = "Microfono",
        Camera = "Videocamera",
        Speaker = "Altoparlante",
        Level = "Quanto ti si sente",
        TrySpeaker = "Fai un suono",
        ShowCamera = "Mostra la videocamera",
        Begin = "Comincia la prova",
        Stop = "Finisci la prova",
        BrowserChooses = "Come sceglie il browser",
        PolicyTitle = "Che strada possono fare le chiamate?",
        PolicyDefaultTitle = "Che strada possono fare le chiamate, se non c’è altra scelta?",
        ByRule = "Secondo la regola",
        ByRuleHint = "Diretta con chi hai verificato, tramite il server con tutti gli altri.",
        ServerOnlyHint = n => $"Nasconde il tuo indirizzo internet a {n}. Il server porta suoni e immagini sigillati che non può aprire, con un piccolo ritardo.",
        NotVerifiedWhy = n => $"Non hai ancora verificato {n}, quindi le chiamate passano dal server e nascondono il tuo indirizzo internet. Puoi decidere diversamente.",
        WayNow = "La strada in questo momento",
        WayForThisCall = "La strada di questa chiamata",
        FindingWay = n => $"Cerco la strada verso {n}",
        Quality = "Qualità",
        Loss = "Perso per strada",
        Jitter = "Irregolarità (jitter)",
        RoundTrip = "Andata e ritorno",
        Bitrate = "Dati in arrivo e in partenza",
        Resolution = "Immagine",
        NoPicture = "Nessuna",
        Codecs = "Formati",
        Plot = "L’ultimo minuto: dati in arrivo (linea) e perdite (barre)",
        NotMeasured = "Si misura appena arriva il suono.",
        Sealed = "Sigillata da un capo all’altro: la chiave di questo collegamento è stata confrontata con l’identità del contatto.",
        EntryTitle = "Com’è andata la chiamata",
        Talked = "Durata",
        WayShares = "Per strada",
        NoWayTaken = "Non si è arrivati a parlare: non è partito nulla e nessun indirizzo è stato mostrato.",
        TheOther = "L’altra persona",
        Section = "Chiamate",
    };
}
