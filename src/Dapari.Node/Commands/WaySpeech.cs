using System.Globalization;
using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>The live way to a contact, in plain words; addresses are not among them.</summary>
internal static class WaySpeech
{
    /// <summary>Writes all of it.</summary>
    public static void Write(Terminal terminal, LiveRouteBody live, DateTimeOffset now)
    {
        var (contact, path) = (live.Contact, live.Contact.Path);
        var (name, way) = (Terminal.Clean(contact.Name), Speech.Way(path.NextRoute));
        var reason = Speech.Reason(path.NextReason, outgoing: true);
        terminal.Line(Tongue.Of($"A message to {name} would go {way}: {reason}.", $"Un messaggio a {name} andrebbe {way}: {reason}."));
        if (live.Way is { Place: { } place } open)
            Write(terminal, open, place, now);
        if (live.FilesByHttps)
            terminal.Line(Tongue.Of("  bytes of files: directly, by HTTPS", "  i byte dei file: direttamente, tramite HTTPS"));
        foreach (var tried in live.Way?.NotUsed ?? [])
        {
            var kind = Kind(tried.Kind);
            terminal.Line("  " + Tongue.Of($"{kind} is not used: {Why(tried.Why)}", $"{kind} non è usato: {Why(tried.Why)}"));
        }

        terminal.Line(Tongue.Of("  policy: ", "  vie permesse: ") + Speech.Policy(contact.EffectivePolicy));
        terminal.Line(Tongue.Of("  their server: ", "  il loro server: ") + contact.Server);
        terminal.Line(path.Present ? Tongue.Of("  they are there", "  l'altro c'è") : Tongue.Of("  they are not there, as far as is known", "  l'altro non c'è, per quanto si sa"));
        if (contact.TheyHideAddress)
            terminal.Line(Tongue.Of("  they hide their address: no direct path is made", "  nasconde il suo indirizzo: nessuna via diretta"));
    }

    private static void Write(Terminal terminal, WayBody way, string place, DateTimeOffset now)
    {
        var round = way.RoundTripUs is { } us ? ", " + (us / 1_000.0).ToString(us < 10_000 ? "0.0" : "0", CultureInfo.InvariantCulture) + " ms" : "";
        terminal.Line(Tongue.Of("  the live way: ", "  la via aperta: ") + Kind(way.Kind) + ", " + Place(place) + round);
        terminal.Line(Tongue.Of("  this end: ", "  questo capo: ") + End(way.Here) + (way.RelayTransport is { } transport ? Tongue.Of($", reached over {transport.ToUpperInvariant()}", $", raggiunto per {transport.ToUpperInvariant()}") : ""));
        terminal.Line(Tongue.Of("  the other end: ", "  l'altro capo: ") + End(way.There)
            + (way.TheirCandidates.Count > 0 ? Tongue.Of("; it also told: ", "; ha indicato: ") + string.Join(", ", way.TheirCandidates.Select(Candidate)) : ""));
        if (way.SinceMs is { } since)
        {
            var lasted = TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - (long)Math.Min(since, long.MaxValue)));
            var length = lasted.TotalHours >= 1 ? $"{(long)lasted.TotalHours} h {lasted.Minutes} min" : lasted.TotalMinutes >= 1 ? $"{lasted.Minutes} min" : $"{lasted.Seconds} s";
            terminal.Line(Tongue.Of($"  since {Terminal.When(since)} ({length})", $"  dal {Terminal.When(since)} ({length})"));
        }

        var (sent, received) = (FileSpeech.Size((ulong)way.SentBytes), FileSpeech.Size((ulong)way.ReceivedBytes));
        terminal.Line(Tongue.Of($"  sent {sent}, received {received}", $"  inviati {sent}, ricevuti {received}"));
    }

    private static string Kind(string kind) => kind == "tcp" ? "TCP (TLS 1.3)" : "WebRTC (DTLS)";

    private static string Place(string place) => place switch
    {
        "same-machine" => Tongue.Of("on this same machine", "su questa stessa macchina"),
        "same-network" => Tongue.Of("on the same network", "sulla stessa rete"),
        "ipv6" => Tongue.Of("over the Internet by IPv6", "per Internet con IPv6"),
        "through-router" => Tongue.Of("over the Internet, through a router", "per Internet, attraverso un router"),
        "relay" => Tongue.Of("through a relay, which cannot read it", "per un relay, che non può leggerla"),
        _ => Tongue.Of("over the Internet", "per Internet"),
    };

    private static string End(string? kind) => kind switch
    {
        "this-machine" => Tongue.Of("an address of this machine alone", "un indirizzo solo di questa macchina"),
        "private" => Tongue.Of("an address of its own network", "un indirizzo della propria rete"),
        "ipv6" => Tongue.Of("an address of IPv6", "un indirizzo IPv6"),
        "public" => Tongue.Of("an address of the Internet", "un indirizzo di Internet"),
        "router" => Tongue.Of("the address that a router shows", "l'indirizzo che mostra un router"),
        "relay" => Tongue.Of("a relay's address", "l'indirizzo di un relay"),
        _ => Tongue.Of("not known", "non noto"),
    };

    private static string Candidate(string kind) => kind switch
    {
        "own" => Tongue.Of("addresses of its own", "indirizzi propri"),
        "hidden" => Tongue.Of("addresses hidden by a name", "indirizzi nascosti da un nome"),
        "relay" => Tongue.Of("a relay's address", "l'indirizzo di un relay"),
        _ => Tongue.Of("what a router shows", "ciò che mostra un router"),
    };

    private static string Why(string why) => why switch
    {
        "failed" => Tongue.Of("it was tried and failed", "provato, non è riuscito"),
        "not-offered" => Tongue.Of("the other does not take it (browsers do not)", "l'altro non lo accetta (i browser non lo fanno)"),
        "tcp-is-better" => Tongue.Of("it stood too; TCP is faster", "era aperto anche lui; TCP è più veloce"),
        "standing-by" => Tongue.Of("it stands too, and is left in a moment: TCP is faster", "è aperto anche lui, e tra poco si lascia: TCP è più veloce"),
        _ => Tongue.Of("nothing of the other end's answers", "dall'altro capo non risponde niente"),
    };
}
