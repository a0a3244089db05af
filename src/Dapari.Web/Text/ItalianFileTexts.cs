using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed class ItalianFileTexts : FileTexts
{
    public override string Attach => "Allega";
    public override string MenuFiles => "File";
    public override string MenuPictures => "Foto e video";
    public override string MenuFolder => "Una cartella";
    public override string MenuCamera => "Fotocamera";
    public override string VoiceNote => "Nota vocale";
    public override string DropHere(string name) => $"Lascia qui per mandarlo a {name}";
    public override string SheetTitle(string name) => $"Manda a {name}";
    public override string SheetWhom => "A chi lo mandi?";
    public override string NoOneYet => "Non c’è ancora nessuno a cui mandarlo. Prima invita qualcuno.";
    public override string Count(string n) => $"{n} file";
    public override string LeaveOut(string name) => $"Togli {name}";
    public override string TooMany => "Erano più di quanti ne porti un invio solo: questi sono i primi.";
    public override string Caption => "Aggiungi una didascalia";
    public override string KeepMetadata => "Tieni luogo e dati della fotocamera";
    public override string KeepMetadataHint => "Foto e video possono dire dove e con che cosa sono stati fatti. Dapari lo toglie, se non scegli di tenerlo.";
    public override string AwayTitle(string name) => $"{name} non è online. Come lo mandi?";
    public override string WaitDirect => "Aspetta e vai diretto";
    public override string WaitDirectHint(string name) => $"Resta su questo dispositivo e va dritto a {name} quando siete online tutti e due. Nessun server lo avrà mai.";
    public override string LeaveThere => "Lascialo sul server";
    public override string LeaveThereHint(string name, string days) => $"Ci resta cifrato per {days} giorni al massimo, e viene tolto appena {name} lo ha preso. Intanto puoi chiudere Dapari.";
    public override string Room(string used, string quota, string more) => $"Dei tuoi {quota} lì, {used} sono occupati; questo ne prende {more}.";
    public override string NoRoomThere(string room) => $"Sul server c’è posto solo per altri {room}: questo non ci sta.";
    public override string DirectOnly(string name) => $"Per {name} è scelto “solo diretta”: parte quando siete online tutti e due, e nessun server lo ha.";
    public override string BothWays => "Mandalo in tutti e due i modi, per confrontare";
    public override string BothWaysHint => "Parte due volte: diretto, e tramite il server. Vedi fianco a fianco quanto prende ognuno.";
    public override string Preparing(string what, string percent) => $"Preparo {what}: {percent} %";
    public override string Unreadable(string name) => $"Non riesco a leggere {name}, quindi non è partito nulla. Forse è stato spostato o cambiato: sceglilo di nuovo.";
    public override string NoRoomHere => "Su questo dispositivo non c’è abbastanza posto per prepararlo, quindi non è partito nulla. Libera spazio, o manda meno per volta.";
    public override string TooLarge => "È più di quanto porti un invio solo, quindi non è partito nulla. Mandalo a pezzi.";
    public override string NotPicked => "Non è partito nulla.";
    public override string Record => "Registra una nota vocale: tieni premuto, o clicca per cominciare";
    public override string Recording(string time) => $"Registro, {time}";
    public override string SendVoice => "Invia la nota vocale";
    public override string ThrowAway => "Butta via";
    public override string SlideAway => "Scorri per buttarla via";
    public override string ThrownAway => "Nota vocale buttata via";
    public override string NoMicrophone => "Dapari non ha avuto il microfono. Permettilo dalla barra degli indirizzi del browser e riprova.";
    public override string Picture => "Foto";
    public override string Pictures(string n) => $"{n} foto";
    public override string Video => "Video";
    public override string Folder(string name, string n) => $"Cartella {name}, {n} file";
    public override string Get(string size) => $"Prendi ({size})";
    public override string NoThanks => "No, grazie";
    public override string Refused => "Non preso";
    public override string AskHint => "Finché non lo prendi, qui non arriva nulla.";
    public override string NotAsked(string name) => $"{name} non l’ha ancora chiesto";
    public override string Progress(string done, string all) => $"{done} di {all}";
    public override string PerSecond(string size) => $"{size}/s";
    public override string Remaining(string time) => $"mancano {time}";
    public override string Pause => "Pausa";
    public override string GoOn => "Continua";
    public override string Stop => "Annulla";
    public override string Stopped => "Annullato";
    public override string Retry => "Riprova";
    public override string ChooseAgain => "Sceglilo di nuovo";
    public override string NotTheSame => "Non è lo stesso file, quindi così non si va avanti. Scegli quello che avevi mandato.";
    public override string LiesThere(string size, string until) => $"{size} sono sul server, cifrati, ancora per {until} al massimo";
    public override string Leaving(string done, string all) => $"Lo lascio sul server: {done} di {all}";
    public override string Lost(string n) => $"{n} non sono potuti partire; gli altri ci sono tutti.";
    public override string LostOne => "Non è potuto partire: nel frattempo è stato cambiato o spostato.";
    public override string SaveAll => "Salva tutto";
    public override string Save(string name) => $"Salva {name}";
    public override string RemoveHere => "Togli da questo dispositivo";
    public override string RemovedHere => "Tolto da questo dispositivo";
    public override string GoneHere => "Non è più su questo dispositivo";
    public override string SaveFailed => "Lì non si può salvare: non c’è posto o non è permesso. Qui c’è ancora: scegli un altro posto.";
    public override string NameChanged => "Il nome è stato reso sicuro";
    public override string More(string n) => $"e altri {n}";
    public override string Open(string name) => $"Apri {name}";
    public override string Viewer => "Foto";
    public override string Next => "Avanti";
    public override string Previous => "Indietro";
    public override string ZoomIn => "Più grande";
    public override string ZoomOut => "Adatta allo schermo";
    public override string OfAll(string i, string n) => $"{i} di {n}";
    public override string NotHereYet => "Non è ancora arrivata: questa è l’anteprima.";
    public override string Play => "Ascolta";
    public override string Hold => "Pausa";
    public override string Position => "Posizione";
    public override string Speed(string times) => $"Velocità {times} volte";
    public override string CannotPlay => "Questo browser non riesce a riprodurla. Salvala e aprila con un altro programma.";
    public override string EntryTitle => "Come hanno viaggiato i file";
    public override string What => "Che cosa";
    public override string Shares => "Byte per strada";
    public override string ByHttps => "Diretto, tramite HTTPS";
    public override string NoneMoved => "Non si è ancora mosso nulla.";
    public override string Began => "Inizio";
    public override string Ended => "Fine";
    public override string Took => "Durata";
    public override string SpeedMean => "Velocità";
    public override string CrossedServer => "Passati da un server";
    public override string Nothing => "Nulla";
    public override string LayAt => "Rimasti sul server";
    public override string Never => "Mai";
    public override string Still(string since) => $"Da {since}, e ci sono ancora";
    public override string LayFor(string size, string time) => $"{size}, per {time}";
    public override string WhoSaw => "Chi ha potuto vedere che cosa";
    public override string DoBoth => "Mandalo in tutti e due i modi";
    public override string BothTitle => "I due modi, fianco a fianco";
    public override string BothText => "Gli stessi file, due volte. Le barre confrontano il tempo.";
    public override string Measure => "Misura";
    public override string NotYet => "Non ancora";
    public override string Title => "File in viaggio";
    public override string None => "Non ci sono file in viaggio. Per mandarne, apri una conversazione e lasciali lì, o usa la graffetta.";
    public override string UnderWay(string n) => $"{n} in viaggio";
    public override string ToPerson(string name) => $"A {name}";
    public override string FromPerson(string name) => $"Da {name}";
    public override string Section => "I file";
    public override string Unasked => "Prendi senza chiedere";
    public override string UnaskedHint => "I file dei tuoi contatti fino a questa misura arrivano da soli. Quelli più grandi aspettano che tu li prenda.";
    public override string UnaskedNone => "Nessuno";
    public override string UpTo(string size) => $"Fino a {size}";
    public override string Kept(string size) => $"I file occupano {size} su questo dispositivo.";
    public override string RemoveAll => "Togli tutti i file da questo dispositivo";
    public override string RemoveAllHint => "Quello che hai salvato altrove resta, e anche le conversazioni.";
    public override string RemovedAll => "File tolti da questo dispositivo";
    public override string WaysTitle => "E i file?";
    public override string WaysText => "Un file grande è quello che guadagna di più dalla via diretta: non aspetta che un server lo prenda e lo ridia, e non ne resta copia da nessuna parte. Se ci siete tutti e due va dritto; se l’altra persona non c’è, scegli tu se aspettare o lasciarlo per un po’ sul server, cifrato con una chiave tutta sua. Se la via cambia a metà, prendono quella nuova solo le parti che mancano.";
    public override string WaysWhen => "Provalo: manda un file in tutti e due i modi, e confrontali nei suoi dettagli.";
    public override string WaysOwn(string n) => $"I tuoi ultimi file, {n} in tutto, per strada:";
    public override string CameFrom(string what, string name) => $"{what} di {name} è qui";
    public override string TheyHave(string what, string name) => $"{name} ha ricevuto {what}";
    public override string CutShort(string what) => $"{what}: non è arrivato";

    public override string Trouble(TransferTrouble trouble, bool outgoing, bool leave, string name) => trouble switch
    {
        TransferTrouble.NoWay => outgoing
            ? leave ? "In questo momento il server non risponde. Riprende da solo." : $"Ora non c’è una via diretta verso {name}. Aspetta qui e riprende da solo, oppure lascialo sul server."
            : $"Ora non c’è una via verso il dispositivo di {name}, e sul server non c’è nulla. Riprende da solo quando {name} torna.",
        TransferTrouble.Paused => "L’hai messo in pausa. Quello che c’è resta.",
        TransferTrouble.PausedThere => $"{name} l’ha messo in pausa. Poi riprende da qui.",
        TransferTrouble.SourceNotReady => outgoing
            ? "Il browser è stato chiuso e non ha più il file. Sceglilo di nuovo e riprende da dov’era."
            : $"{name} deve scegliere di nuovo il file dall’altra parte. Poi riprende da dov’era.",
        TransferTrouble.NoRoom => "Questo dispositivo è pieno. Libera un po’ di posto e riprova: quello che c’è resta.",
        TransferTrouble.Stalled => "Da un po’ non arriva nulla. Riprova da solo.",
        TransferTrouble.StorageFailed => "La memoria di questo dispositivo ha rifiutato. Di quello che era verificato non è perso nulla: riprova.",
        TransferTrouble.Quota => "Il server non ne prende di più. Aspetta e vai diretto, oppure fai posto lì e riprova.",
        TransferTrouble.NoDropOffs => "Questo server non tiene file in deposito. Aspetta qui e parte diretto da solo.",
        _ => "",
    };

    public override string Outcome(FileOutcome outcome, bool outgoing, string name) => outcome switch
    {
        FileOutcome.Arrived => outgoing ? $"{name} ce l’ha, bit per bit." : "È tutto qui, bit per bit.",
        FileOutcome.Cancelled => outgoing ? "L’hai ritirato." : $"{name} l’ha ritirato.",
        FileOutcome.Refused => outgoing ? $"{name} non l’ha preso." : "Non l’hai preso.",
        FileOutcome.SourceChanged => outgoing ? "Il file è cambiato mentre partiva. Mandalo di nuovo." : $"Il file è cambiato sul dispositivo di {name} mentre partiva. Chiedilo di nuovo.",
        FileOutcome.SourceGone => outgoing ? "Il file non è più dov’era. Mandalo di nuovo." : $"Il file non è più sul dispositivo di {name}. Chiedilo di nuovo.",
        FileOutcome.WrongBytes => outgoing ? $"A {name} non arrivava quello che avevi offerto, quindi è stato lasciato perdere. Mandalo di nuovo." : "Non arrivava quello che era stato offerto, quindi è stato lasciato perdere. Non ne è rimasto nulla. Chiedilo di nuovo.",
        FileOutcome.BadManifest => outgoing ? "L’elenco dei file era sbagliato, quindi è stato lasciato perdere. Mandali di nuovo." : "L’elenco dei file non era quello offerto, quindi è stato lasciato perdere. Chiedili di nuovo.",
        _ => "È finito, e questa versione di Dapari non sa come.",
    };

    public override string Warning(FileWarning warning) => warning switch
    {
        FileWarning.TypeDiffers => "I suoi byte sono di un altro tipo da quello che dice il nome. Aprilo solo se lo aspettavi.",
        FileWarning.ActiveContent => "Può contenere script, quindi Dapari non lo mostra mai: si può solo salvare.",
        FileWarning.Program => "È un programma: se lo apri, parte. Aprilo solo se ti fidi di chi l’ha fatto.",
        FileWarning.DisguisedProgram => "È un programma che finge di essere altro. Meglio non aprirlo.",
        _ => "",
    };

    public override string Saw(Route route) => route switch
    {
        Route.Direct => "Nessuno nel mezzo. Le vostre reti hanno visto che vi scambiavate dati, e quanti.",
        Route.Relay => "Un relay ha inoltrato byte sigillati senza tenerne. Ha visto quando, quanti, e tutti e due gli indirizzi internet.",
        Route.Mailbox or Route.DropOff => "Il server ha tenuto pezzi cifrati. Ha visto quando, quanto grandi e da quali indirizzi; non che cosa, né il nome.",
        _ => "Ancora nessuno.",
    };
}
