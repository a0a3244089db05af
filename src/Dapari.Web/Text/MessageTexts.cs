namespace Dapari.Web.Text;

/// <summary>How one message went.</summary>
public sealed record MessageTexts
{
    public required string Title { get; init; }

    public required string Why { get; init; }

    public required Func<string, string> Lay { get; init; }

    public required string LiesNow { get; init; }

    public required string Network { get; init; }

    public required string NetworkUnknown { get; init; }

    public required string RoundTrip { get; init; }

    public required string LayFor { get; init; }

    public required string Encryption { get; init; }

    public required string EncryptionText { get; init; }

    public required string Written { get; init; }

    public required string WrittenTheirs { get; init; }

    public required string AtServer { get; init; }

    public required string Delivered { get; init; }

    public required string Arrived { get; init; }

    public required string Read { get; init; }

    public required string Shown { get; init; }

    public required string State { get; init; }

    public required string Gone { get; init; }

    public required string Learn { get; init; }

    public required Func<string, string, string, string> Drawing { get; init; }

    public required string Times { get; init; }

    public static MessageTexts English { get; } = new()
    {
        Title = "How it travelled",
        Why = "Why this way",
        Lay = n => $"lay there for {n}",
        LiesNow = "lying there now",
        Network = "Network",
        NetworkUnknown = "Not stated",
        RoundTrip = "There and back",
        LayFor = "At the server",
        Encryption = "Encryption",
        EncryptionText = "End to end: only the two devices can read it. Each message has a key of its own (X25519 with ML-KEM-768, Double Ratchet, ChaCha20-Poly1305).",
        Written = "Written",
        WrittenTheirs = "Written (by their clock)",
        AtServer = "Safe on the server",
        Delivered = "Delivered",
        Arrived = "Arrived here",
        Read = "Read",
        Shown = "Shown at",
        State = "State",
        Gone = "This message is no longer on this device.",
        Learn = "How it travels, explained",
        Drawing = (n, m, o) => $"{n}, then {m}: {o}",
        Times = "Times",
    };

    public static MessageTexts Italian { get; } = new()
    {
        Title = "Come ha viaggiato",
        Why = "Perché così",
        Lay = n => $"ci è rimasto {n}",
        LiesNow = "ora è lì",
        Network = "Rete",
        NetworkUnknown = "Non indicata",
        RoundTrip = "Andata e ritorno",
        LayFor = "Sul server",
        Encryption = "Cifratura",
        EncryptionText = "Da un capo all’altro: lo leggono solo i due dispositivi. Ogni messaggio ha una chiave sua (X25519 con ML-KEM-768, Double Ratchet, ChaCha20-Poly1305).",
        Written = "Scritto",
        WrittenTheirs = "Scritto (secondo il suo orologio)",
        AtServer = "Al sicuro sul server",
        Delivered = "Consegnato",
        Arrived = "Arrivato qui",
        Read = "Letto",
        Shown = "Mostrato alle",
        State = "Stato",
        Gone = "Questo messaggio non è più su questo dispositivo.",
        Learn = "Come viaggia, spiegato",
        Drawing = (n, m, o) => $"{n}, poi {m}: {o}",
        Times = "Orari",
    };
}
