namespace Dapari.Web.Text;

/// <summary>A contact's page.</summary>
public sealed record ContactTexts
{
    public required string Title { get; init; }

    public required string PathNow { get; init; }

    public required Func<string, string> RoundTrip { get; init; }

    public required Func<string, string> Since { get; init; }

    public required string Policy { get; init; }

    public required Func<string, string> Default { get; init; }

    public required string Automatic { get; init; }

    public required string AutomaticHint { get; init; }

    public required string DirectOnly { get; init; }

    public required string DirectOnlyHint { get; init; }

    public required string ServerOnly { get; init; }

    public required string ServerOnlyHint { get; init; }

    public required Func<string, string> TheyHide { get; init; }

    public required string Verify { get; init; }

    public required Func<string, string> VerifyLead { get; init; }

    public required string Verified { get; init; }

    public required string NotVerified { get; init; }

    public required string MarkVerified { get; init; }

    public required string Unverify { get; init; }

    public required string ScanTheirs { get; init; }

    public required Func<string, string> ScanMatches { get; init; }

    public required Func<string, string> ScanDiffers { get; init; }

    public required Func<string, string> ScanOurs { get; init; }

    public required Func<string, string> ScanOther { get; init; }

    public required string QrAlt { get; init; }

    public required string ShowNumber { get; init; }

    public required string Rename { get; init; }

    public required Func<string, string> TheirName { get; init; }

    public required string Block { get; init; }

    public required string Unblock { get; init; }

    public required string BlockHint { get; init; }

    public required string Remove { get; init; }

    public required Func<string, string> Removed { get; init; }

    public required Func<string, string> WrittenAt { get; init; }

    public required Func<string, string> Added { get; init; }

    public required string More { get; init; }

    public static ContactTexts English { get; } = new()
    {
        Title = "Contact",
        PathNow = "The way right now",
        RoundTrip = n => $"{n} there and back",
        Since = n => $"Open since {n}",
        Policy = "Which way may messages go?",
        Default = n => $"As in your settings ({n})",
        Automatic = "Automatic",
        AutomaticHint = "Direct when possible, otherwise through the server. Your contact can then see your internet address.",
        DirectOnly = "Direct only",
        DirectOnlyHint = "No server ever has a message. You must both be online at the same time.",
        ServerOnly = "Server only",
        ServerOnlyHint = "Hides your internet address. The server cannot read messages, but it sees when and how much.",
        TheyHide = n => $"{n} hides their internet address: messages always take the server.",
        Verify = "Safety number",
        VerifyLead = n => $"If {n} sees the same number, nobody stands between you. Compare it face to face or by voice, or scan each other’s code.",
        Verified = "Verified",
        NotVerified = "Not verified yet",
        MarkVerified = "The numbers are the same",
        Unverify = "No longer verified",
        ScanTheirs = "Scan their code",
        ScanMatches = n => $"The code matches: {n} is verified.",
        ScanOurs = n => $"This is your own code. Hold the camera to the one that {n} shows.",
        ScanOther = n => $"This is no safety code. Hold the camera to the one that {n} shows.",
        ScanDiffers = n => $"The code does not match. Do not trust this conversation until you know why: ask {n} to show the code of your conversation.",
        QrAlt = "QR code of the safety number",
        ShowNumber = "Show the number",
        Rename = "Name you give",
        TheirName = n => $"Calls themselves {n}",
        Block = "Block",
        Unblock = "Unblock",
        BlockHint = "Nothing of theirs arrives any more. They are not told.",
        Remove = "Remove contact and messages",
        Removed = n => $"{n} was removed.",
        WrittenAt = n => $"Written to through {n}",
        Added = n => $"In contact since {n}",
        More = "More",
    };

    public static ContactTexts Italian { get; } = new()
    {
        Title = "Contatto",
        PathNow = "La strada in questo momento",
        RoundTrip = n => $"{n} andata e ritorno",
        Since = n => $"Aperta da: {n}",
        Policy = "Che strada possono fare i messaggi?",
        Default = n => $"Come nelle impostazioni ({n})",
        Automatic = "Automatica",
        AutomaticHint = "Diretta quando si può, altrimenti tramite il server. Il contatto può vedere il tuo indirizzo internet.",
        DirectOnly = "Solo diretta",
        DirectOnlyHint = "Nessun server riceve mai un messaggio. Dovete essere online tutti e due nello stesso momento.",
        ServerOnly = "Solo server",
        ServerOnlyHint = "Nasconde il tuo indirizzo internet. Il server non può leggere, ma vede quando e quanto.",
        TheyHide = n => $"{n} nasconde il proprio indirizzo internet: i messaggi passano sempre dal server.",
        Verify = "Numero di sicurezza",
        VerifyLead = n => $"Se {n} vede lo stesso numero, tra voi non si è messo nessuno. Confrontatelo di persona o a voce, o inquadrate i codici a vicenda.",
        Verified = "Verificato",
        NotVerified = "Non ancora verificato",
        MarkVerified = "I numeri sono uguali",
        Unverify = "Togli la verifica",
        ScanTheirs = "Inquadra il suo codice",
        ScanMatches = n => $"Il codice corrisponde: {n} è un contatto verificato.",
        ScanOurs = n => $"Questo è il tuo codice. Inquadra quello che mostra {n}.",
        ScanOther = n => $"Questo non è un codice di sicurezza. Inquadra quello che mostra {n}.",
        ScanDiffers = n => $"Il codice non corrisponde. Non fidarti di questa conversazione finché non sai perché: chiedi a {n} di mostrarti il codice della vostra conversazione.",
        QrAlt = "Codice QR del numero di sicurezza",
        ShowNumber = "Mostra il numero",
        Rename = "Nome che gli dai tu",
        TheirName = n => $"Si presenta come {n}",
        Block = "Blocca",
        Unblock = "Sblocca",
        BlockHint = "Non ti arriva più nulla di suo. Non lo viene a sapere.",
        Remove = "Elimina contatto e messaggi",
        Removed = n => $"{n}: contatto eliminato.",
        WrittenAt = n => $"Posta tramite {n}",
        Added = n => $"In contatto dal {n}",
        More = "Altro",
    };
}
