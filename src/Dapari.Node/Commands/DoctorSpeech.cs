using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>What the doctor of ways found, in plain words.</summary>
internal static class DoctorSpeech
{
    /// <summary>Whether direct paths can be expected.</summary>
    public static bool IsWell(DoctorBody body) => body.Conclusion is "open" or "mapped-by-router" or "mapping-steady" or "mapping-unknown";

    /// <summary>Writes all of it: the conclusion, what to do, and what it rests on.</summary>
    public static void Write(Terminal terminal, DoctorBody body)
    {
        terminal.Line(Conclusion(body.Conclusion));
        if (Advice(body) is { } advice)
            terminal.Line("  " + advice);
        foreach (var one in body.Seen)
        {
            terminal.Line("  " + (one.Mapped is { } mapped
                ? Tongue.Of($"{one.Server} sees this machine at {mapped}", $"{one.Server} vede questa macchina a {mapped}")
                : Tongue.Of($"{one.Server} does not answer over UDP", $"{one.Server} non risponde per UDP")));
        }

        foreach (var relay in body.Relays)
        {
            var kind = relay.Transport.ToUpperInvariant();
            terminal.Line("  " + (relay.Answers
                ? Tongue.Of($"the relay {relay.Server} answers over {kind}", $"il relay {relay.Server} risponde per {kind}")
                : Tongue.Of($"the relay {relay.Server} does not answer over {kind}", $"il relay {relay.Server} non risponde per {kind}")));
        }

        terminal.Line("  " + (body.Ipv6 ? Tongue.Of("IPv6: there", "IPv6: c'è") : Tongue.Of("IPv6: not there", "IPv6: non c'è")));
        terminal.Line("  " + body.PortMapping switch
        {
            "mapped" => Tongue.Of("the router opened a port", "il router ha aperto una porta"),
            "refused" => Tongue.Of("the router has not opened a port so far", "finora il router non ha aperto una porta"),
            "no-router" => Tongue.Of("no router that opens ports has answered so far", "finora nessun router che apra porte ha risposto"),
            _ => Tongue.Of("routers are not asked for ports", "non si chiedono porte ai router"),
        });
        terminal.Line("  " + (body.Nearby
            ? Tongue.Of("contacts on the same network are looked for", "si cercano i contatti sulla stessa rete")
            : Tongue.Of("contacts on the same network are not looked for", "non si cercano i contatti sulla stessa rete")));
    }

    private static string Conclusion(string conclusion) => conclusion switch
    {
        "no-network" => Tongue.Of("This machine is on no network.", "Questa macchina non è in nessuna rete."),
        "server-unreachable" => Tongue.Of("The home server is out of reach: nothing can be said of the network beyond.", "Il server è irraggiungibile: della rete oltre non si può dire nulla."),
        "nothing-to-ask" => Tongue.Of("The home server names no server that tells how this machine is seen.", "Il server non indica nessuno che dica come si vede questa macchina."),
        "udp-blocked" => Tongue.Of("This network lets no UDP through: direct paths work only where the other can be reached by TCP.", "Questa rete non lascia passare UDP: le vie dirette riescono solo se l'altro è raggiungibile per TCP."),
        "mapped-by-router" => Tongue.Of("Others reach this machine: the router opened a port.", "Gli altri raggiungono questa macchina: il router ha aperto una porta."),
        "mapping-varies" => Tongue.Of(
            "The router shows everyone another port: direct paths work only with whoever can be reached from anywhere.", "Il router mostra a ciascuno una porta diversa: le vie dirette riescono solo con chi è raggiungibile da ovunque."),
        "open" => Tongue.Of("Nothing translates this machine's addresses: direct paths work unless a firewall forbids them.", "Nulla traduce gli indirizzi di questa macchina: le vie dirette riescono, se un firewall non le vieta."),
        "mapping-steady" => Tongue.Of("The router shows everyone the same port: direct paths work with nearly everybody.", "Il router mostra a tutti la stessa porta: le vie dirette riescono con quasi tutti."),
        _ => Tongue.Of("UDP goes through a router. With one server to ask, nobody can tell how it treats others; often direct paths work.", "UDP passa da un router. Con un solo server a cui chiedere non si può dire come tratti gli altri; spesso le vie dirette riescono."),
    };

    private static string? Advice(DoctorBody body) => body.Conclusion switch
    {
        "mapping-varies" when body.PortMapping is "off" => Tongue.Of("To do: run `dapari port-mapping on`, then `dapari up`.", "Che fare: `dapari port-mapping on`, poi `dapari up`."),
        "mapping-varies" => Tongue.Of("To do: allow UPnP or NAT-PMP in the router, or use IPv6.", "Che fare: permettere UPnP o NAT-PMP nel router, o usare IPv6."),
        "udp-blocked" when body.Relays.Any(relay => relay.Answers) => Tongue.Of("The relay is reached all the same: calls and messages get through.", "Il relay si raggiunge comunque: chiamate e messaggi passano."),
        "udp-blocked" => Tongue.Of("To do: ask whoever runs the network to let UDP out, or use another network.", "Che fare: chiedere a chi gestisce la rete di lasciar uscire UDP, o usare un'altra rete."),
        "server-unreachable" or "no-network" => Tongue.Of("To do: look at the network of this machine, then ask again.", "Che fare: controllare la rete di questa macchina, poi richiedere."),
        _ => null,
    };
}
