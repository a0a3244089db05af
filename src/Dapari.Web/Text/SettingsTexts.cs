namespace Dapari.Web.Text;

/// <summary>Settings.</summary>
public sealed record SettingsTexts
{
    public required string Title { get; init; }

    public required string You { get; init; }

    public required string Name { get; init; }

    public required string Look { get; init; }

    public required string Language { get; init; }

    public required string LanguageAuto { get; init; }

    public required string Theme { get; init; }

    public required string ThemeSystem { get; init; }

    public required string ThemeLight { get; init; }

    public required string ThemeDark { get; init; }

    public required string Privacy { get; init; }

    public required string Receipts { get; init; }

    public required string ReceiptsHint { get; init; }

    public required string TypingSigns { get; init; }

    public required string TypingHint { get; init; }

    public required string Policy { get; init; }

    public required string Server { get; init; }

    public required string Online { get; init; }

    public required string Connecting { get; init; }

    public required string ServerOffline { get; init; }

    public required Func<string, string> RetryAt { get; init; }

    public required Func<string, string, string> Usage { get; init; }

    public required Func<string, string> Retention { get; init; }

    public required string OtherServers { get; init; }

    public required string Storage { get; init; }

    public required string Persistent { get; init; }

    public required string NotPersistent { get; init; }

    public required string Protect { get; init; }

    public required string ProtectRefused { get; init; }

    public required Func<string, string, string> Used { get; init; }

    public required string Notifications { get; init; }

    public required string NotifyOn { get; init; }

    public required string NotifyAsk { get; init; }

    public required string NotifyOff { get; init; }

    public required string NotifyDenied { get; init; }

    public required string NotifyNone { get; init; }

    public required string Wake { get; init; }

    public required string WakeHint { get; init; }

    public required string WakeNone { get; init; }

    public required string WakeNotOffered { get; init; }

    public required string WakeFailed { get; init; }

    public required string WakeBody { get; init; }

    public required string About { get; init; }

    public required string AboutText { get; init; }

    public required Func<string, string> Version { get; init; }

    public required string Delete { get; init; }

    public required string DeleteHint { get; init; }

    public required Func<string, string> DeleteConfirm { get; init; }

    public required string DeleteNow { get; init; }

    public required Func<string, string> Profile { get; init; }

    public static SettingsTexts English { get; } = new()
    {
        Title = "Settings",
        You = "You",
        Name = "Your name",
        Look = "Language and look",
        Language = "Language",
        LanguageAuto = "As in the browser",
        Theme = "Theme",
        ThemeSystem = "System",
        ThemeLight = "Light",
        ThemeDark = "Dark",
        Privacy = "What others see",
        Receipts = "Read receipts",
        ReceiptsHint = "Others see when you have read. If off, you do not see theirs either.",
        TypingSigns = "Typing signs",
        TypingHint = "Others see that you are writing, while you write.",
        Policy = "Usual way of messages",
        Server = "Your server",
        Online = "Connected",
        Connecting = "Connecting…",
        ServerOffline = "Does not answer",
        RetryAt = n => $"next try {n}",
        Usage = (n, m) => $"{n} of {m} waiting for you",
        Retention = n => $"Keeps what you have not fetched for {n} days.",
        OtherServers = "Servers of your contacts",
        Storage = "Storage on this device",
        Persistent = "Protected: the browser will not delete your messages by itself.",
        NotPersistent = "Not protected: if space runs out, the browser may delete your messages and keys.",
        Protect = "Protect it",
        ProtectRefused = "The browser said no. Installing the app or using it for a while often changes its mind.",
        Used = (n, m) => $"{n} used of {m}",
        Notifications = "Notifications",
        NotifyOn = "On: you are told of new messages while Dapari is open in the background.",
        NotifyAsk = "Turn on",
        NotifyOff = "Off.",
        NotifyDenied = "The browser blocks them; only its settings can change that.",
        NotifyNone = "This browser has no notifications.",
        Wake = "Wake this device when Dapari is closed",
        WakeHint = "The maker of your browser carries the wake-up. They learn that something waits for this browser, and when; not from whom, and not what.",
        WakeNone = "This browser cannot be woken while Dapari is closed. On an iPhone or iPad it can once Dapari is on the home screen.",
        WakeNotOffered = "Your server wakes nobody while Dapari is closed.",
        WakeFailed = "Your browser's push service does not answer. Try again later.",
        WakeBody = "Something new is waiting for you.",
        About = "About",
        AboutText = "Dapari, from peer to peer. Free software under the Apache 2.0 licence. The code is open, and so is the way of every message.",
        Version = n => $"Version {n}",
        Delete = "Delete everything",
        DeleteHint = "Deletes your identity, contacts and messages from this device. This cannot be undone, and nobody can bring them back.",
        DeleteConfirm = n => $"Type your name ({n}) to delete everything.",
        DeleteNow = "Delete for ever",
        Profile = n => $"Profile “{n}”",
    };

    public static SettingsTexts Italian { get; } = new()
    {
        Title = "Impostazioni",
        You = "Tu",
        Name = "Il tuo nome",
        Look = "Lingua e aspetto",
        Language = "Lingua",
        LanguageAuto = "Come il browser",
        Theme = "Tema",
        ThemeSystem = "Sistema",
        ThemeLight = "Chiaro",
        ThemeDark = "Scuro",
        Privacy = "Cosa vedono gli altri",
        Receipts = "Conferme di lettura",
        ReceiptsHint = "Gli altri vedono quando hai letto. Se le togli, non vedi nemmeno le loro.",
        TypingSigns = "Avviso di scrittura",
        TypingHint = "Mentre scrivi, gli altri vedono che stai scrivendo.",
        Policy = "Strada abituale dei messaggi",
        Server = "Il tuo server",
        Online = "Connesso",
        Connecting = "Mi collego…",
        ServerOffline = "Non risponde",
        RetryAt = n => $"prossimo tentativo {n}",
        Usage = (n, m) => $"{n} su {m} in attesa per te",
        Retention = n => $"Conserva per {n} giorni ciò che non hai ancora ritirato.",
        OtherServers = "Server dei tuoi contatti",
        Storage = "Memoria su questo dispositivo",
        Persistent = "Protetta: il browser non cancellerà i messaggi di sua iniziativa.",
        NotPersistent = "Non protetta: se manca spazio, il browser può cancellare messaggi e chiavi.",
        Protect = "Proteggila",
        ProtectRefused = "Il browser ha detto di no. Spesso cambia idea se installi l’app o la usi per un po’.",
        Used = (n, m) => $"{n} usati su {m}",
        Notifications = "Notifiche",
        NotifyOn = "Attive: ti avvisa dei nuovi messaggi mentre Dapari è aperto in secondo piano.",
        NotifyAsk = "Attiva",
        NotifyOff = "Disattivate.",
        NotifyDenied = "Il browser le blocca; si cambia solo dalle sue impostazioni.",
        NotifyNone = "Questo browser non ha notifiche.",
        Wake = "Avvisami anche quando Dapari è chiuso",
        WakeHint = "L'avviso passa da chi fa il tuo browser: sa che c'è qualcosa per questo browser, e quando; non da chi, né che cosa.",
        WakeNone = "Con Dapari chiuso, questo browser non può ricevere avvisi. Su iPhone e iPad può, se Dapari è nella schermata Home.",
        WakeNotOffered = "Il tuo server non manda avvisi quando Dapari è chiuso.",
        WakeFailed = "Il servizio di notifiche del tuo browser non risponde. Riprova più tardi.",
        WakeBody = "C'è qualcosa di nuovo per te.",
        About = "Informazioni",
        AboutText = "Dapari, da pari a pari. Software libero con licenza Apache 2.0. Il codice è aperto, e anche la strada di ogni messaggio.",
        Version = n => $"Versione {n}",
        Delete = "Elimina tutto",
        DeleteHint = "Elimina da questo dispositivo identità, contatti e messaggi. Non si può annullare, e nessuno può riportarli indietro.",
        DeleteConfirm = n => $"Scrivi il tuo nome ({n}) per eliminare tutto.",
        DeleteNow = "Elimina per sempre",
        Profile = n => $"Profilo “{n}”",
    };
}
