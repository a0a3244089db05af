namespace Dapari.Web.Text;

/// <summary>What is said in many places.</summary>
public sealed record CommonTexts
{
    public required string Back { get; init; }

    public required string Cancel { get; init; }

    public required string Undo { get; init; }

    public required string Close { get; init; }

    public required string Copy { get; init; }

    public required string Copied { get; init; }

    public required string CopyFailed { get; init; }

    public required string Save { get; init; }

    public required string Saved { get; init; }

    public required string You { get; init; }

    public required string Server { get; init; }

    public required string Relay { get; init; }

    public required string Loading { get; init; }

    public required string SkipToContent { get; init; }

    public required string OpensNewTab { get; init; }

    public required string UpdateReady { get; init; }

    public required string UpdateNow { get; init; }

    public required string Install { get; init; }

    public required string NotHere { get; init; }

    public static CommonTexts English { get; } = new()
    {
        Back = "Back",
        Cancel = "Cancel",
        Undo = "Undo",
        Close = "Close",
        Copy = "Copy",
        Copied = "Copied",
        CopyFailed = "The browser did not allow copying. Select the text and copy it by hand.",
        Save = "Save",
        Saved = "Saved",
        You = "You",
        Server = "Server",
        Relay = "Relay",
        Loading = "Loading",
        SkipToContent = "Skip to the content",
        OpensNewTab = "opens in a new tab",
        UpdateReady = "A newer Dapari is ready.",
        UpdateNow = "Start it",
        Install = "Install Dapari",
        NotHere = "This is no longer here.",
    };

    public static CommonTexts Italian { get; } = new()
    {
        Back = "Indietro",
        Cancel = "Annulla",
        Undo = "Annulla",
        Close = "Chiudi",
        Copy = "Copia",
        Copied = "Copiato",
        CopyFailed = "Il browser non ha permesso la copia. Seleziona il testo e copialo a mano.",
        Save = "Salva",
        Saved = "Salvato",
        You = "Tu",
        Server = "Server",
        Relay = "Relay",
        Loading = "Sto caricando",
        SkipToContent = "Vai al contenuto",
        OpensNewTab = "si apre in una nuova scheda",
        UpdateReady = "È pronta una versione più recente.",
        UpdateNow = "Avviala",
        Install = "Installa Dapari",
        NotHere = "Questo non c’è più.",
    };
}
