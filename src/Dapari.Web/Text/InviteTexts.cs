namespace Dapari.Web.Text;

/// <summary>Invites.</summary>
public sealed record InviteTexts
{
    public required string Title { get; init; }

    public required string Lead { get; init; }

    public required string Make { get; init; }

    public required string MakeAnother { get; init; }

    public required string Link { get; init; }

    public required string QrAlt { get; init; }

    public required string Share { get; init; }

    public required string CopyLink { get; init; }

    public required Func<string, string> ShareText { get; init; }

    public required string TryYourself { get; init; }

    public required string TryHint { get; init; }

    public required string OneTime { get; init; }

    public required string OneTimeHint { get; init; }

    public required string Reusable { get; init; }

    public required string ReusableHint { get; init; }

    public required string Kind { get; init; }

    public required string Expiry { get; init; }

    public required string Day { get; init; }

    public required string Week { get; init; }

    public required string Month { get; init; }

    public required string Label { get; init; }

    public required string LabelHint { get; init; }

    public required string Yours { get; init; }

    public required string NoneYet { get; init; }

    public required string Revoke { get; init; }

    public required string Revoked { get; init; }

    public required string Show { get; init; }

    public required Func<string, string> Uses { get; init; }

    public required string UsedOnce { get; init; }

    public required string Unused { get; init; }

    public required Func<string, string> Expires { get; init; }

    public required string NeverExpires { get; init; }

    public required string NotPublished { get; init; }

    public required string HaveOne { get; init; }

    public required string FilesByLink { get; init; }

    public required string FilesByLinkHint { get; init; }

    public required string Paste { get; init; }

    public required string Open { get; init; }

    public required string Scan { get; init; }

    public required string StopScan { get; init; }

    public required string CameraNone { get; init; }

    public required string CameraDenied { get; init; }

    public required string CameraFailed { get; init; }

    public required string NotInvite { get; init; }

    public required string Opening { get; init; }

    public required string OpenedTitle { get; init; }

    public required string NoLink { get; init; }

    public static InviteTexts English { get; } = new()
    {
        Title = "Invite somebody",
        Lead = "Send this link, or let them scan the code. They can use it also while you are offline; you then accept their request.",
        Make = "Make an invite",
        MakeAnother = "Make another",
        Link = "Invite link",
        QrAlt = "QR code of the invite link",
        Share = "Share",
        CopyLink = "Copy the link",
        ShareText = n => $"{n} invites you to Dapari",
        TryYourself = "Try it with yourself",
        TryHint = "Opens a second profile in a new tab, so that you can see both sides.",
        OneTime = "For one person",
        OneTimeHint = "Stops working once somebody has used it.",
        Reusable = "For several people",
        ReusableHint = "Works until you withdraw it. Everybody still needs your yes.",
        Kind = "Who is it for?",
        Expiry = "Valid for",
        Day = "1 day",
        Week = "1 week",
        Month = "30 days",
        Label = "Note to yourself (optional)",
        LabelHint = "For example: chess club",
        Yours = "Your invites",
        NoneYet = "No open invites.",
        Revoke = "Withdraw",
        Revoked = "The invite was withdrawn.",
        Show = "Show",
        Uses = n => $"used {n} times",
        UsedOnce = "used once",
        Unused = "not used yet",
        Expires = n => $"valid until {n}",
        NeverExpires = "does not expire",
        NotPublished = "The server does not have it yet; it can be used as soon as it answers.",
        HaveOne = "Did you get an invite?",
        FilesByLink = "Send files to somebody without Dapari",
        FilesByLinkHint = "By a link, straight from this device, while its page is open.",
        Paste = "Paste the link",
        Open = "Open",
        Scan = "Scan a code",
        StopScan = "Stop the camera",
        CameraNone = "There is no camera here, or the page is not on HTTPS. Paste the link instead.",
        CameraDenied = "The camera is not allowed for this page. Allow it in the browser’s settings, or paste the link.",
        CameraFailed = "The camera could not be started; another program may be using it. Close that one, or paste the link.",
        NotInvite = "That code is not an invite.",
        Opening = "Opening the invite…",
        OpenedTitle = "You are invited",
        NoLink = "The invite in this address was already opened. Paste it again if you need it.",
    };

    public static InviteTexts Italian { get; } = new()
    {
        Title = "Invita qualcuno",
        Lead = "Manda questo link, o fai inquadrare il codice. Funziona anche mentre sei offline; poi accetti tu la richiesta.",
        Make = "Crea un invito",
        MakeAnother = "Creane un altro",
        Link = "Link d’invito",
        QrAlt = "Codice QR del link d’invito",
        Share = "Condividi",
        CopyLink = "Copia il link",
        ShareText = n => $"{n} ti invita su Dapari",
        TryYourself = "Provalo con te stesso",
        TryHint = "Apre un secondo profilo in un’altra scheda, così vedi tutti e due i lati.",
        OneTime = "Per una persona",
        OneTimeHint = "Smette di valere appena qualcuno lo usa.",
        Reusable = "Per più persone",
        ReusableHint = "Vale finché non lo ritiri. Serve comunque il tuo sì per ognuno.",
        Kind = "Per chi è?",
        Expiry = "Vale per",
        Day = "1 giorno",
        Week = "1 settimana",
        Month = "30 giorni",
        Label = "Nota per te (facoltativa)",
        LabelHint = "Per esempio: circolo scacchi",
        Yours = "I tuoi inviti",
        NoneYet = "Nessun invito aperto.",
        Revoke = "Ritira",
        Revoked = "Invito ritirato.",
        Show = "Mostra",
        Uses = n => $"usato {n} volte",
        UsedOnce = "usato una volta",
        Unused = "non ancora usato",
        Expires = n => $"vale fino al {n}",
        NeverExpires = "non scade",
        NotPublished = "Il server non ce l’ha ancora: si potrà usare appena risponde.",
        HaveOne = "Hai ricevuto un invito?",
        FilesByLink = "Invia file a chi non ha Dapari",
        FilesByLinkHint = "Con un link, direttamente da questo dispositivo, finché la sua pagina è aperta.",
        Paste = "Incolla il link",
        Open = "Apri",
        Scan = "Inquadra un codice",
        StopScan = "Spegni la fotocamera",
        CameraNone = "Qui non c’è una fotocamera, o la pagina non è su HTTPS. Incolla il link.",
        CameraDenied = "La fotocamera non è permessa a questa pagina. Permettila nelle impostazioni del browser, o incolla il link.",
        CameraFailed = "La fotocamera non parte; forse la usa un altro programma. Chiudilo, o incolla il link.",
        NotInvite = "Quel codice non è un invito.",
        Opening = "Apro l’invito…",
        OpenedTitle = "Hai un invito",
        NoLink = "L’invito di questo indirizzo è già stato aperto. Se serve, incollalo di nuovo.",
    };
}
