using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Commands;

/// <summary>Ways and reasons in plain words, as the person at this end sees them.</summary>
internal static class Speech
{
    /// <summary>A way with its reason.</summary>
    public static string Of(RouteBody? route, bool outgoing)
    {
        if (route is null)
            return "";
        var text = Way(route.Route) + ", " + Reason(route.Reason, outgoing);
        if (route.Network is { } network)
            text += ", " + (network == "same" ? "same network" : network == "relayed" ? "relayed" : "over the Internet");
        if (route.RoundTripMs is { } round)
            text += $", {round} ms";
        return text;
    }

    /// <summary>A way.</summary>
    public static string Way(string route) => route switch
    {
        "direct" => "directly",
        "relay" => "through a relay",
        "mailbox" => "through the server",
        "drop-off" => "left at the server",
        "waiting" => "waiting here",
        _ => "by no way yet",
    };

    /// <summary>Why; what the sender chose is said of whoever that is.</summary>
    public static string Reason(string reason, bool outgoing) => reason switch
    {
        "direct-path-open" => "a direct path was open",
        "direct-path-not-yet" => "a direct path was still being opened",
        "peer-offline" => "the other was not there",
        "no-path" => "no direct path goes through the networks",
        "you-chose-server" => outgoing ? "you chose the server" : "they chose the server",
        "they-chose-server" => outgoing ? "they chose the server" : "you chose the server",
        "you-chose-direct" => outgoing ? "you chose direct only" : "they chose direct only",
        "direct-path-lost" => "the direct path was lost",
        "direct-path-opened" => "a direct path opened while it waited",
        "server-unreachable" => "the server is out of reach",
        "server-back" => "it waited until the server was back",
        "not-accepted-yet" => "the contact is not accepted yet",
        "starting-contact" => "a contact begins through the server",
        "mailbox-full" => "their mailbox is full",
        "relay-path-open" => "only a relay gets through",
        "mailbox-gone" => "the server does not know their mailbox",
        "contact-not-verified" => "the contact is not verified",
        "no-direct-way" => "both networks block direct connections",
        _ => "for no known reason",
    };

    /// <summary>Which ways are allowed.</summary>
    public static string Policy(string policy) => policy switch
    {
        "direct-only" => "direct only",
        "server-only" => "server only (your address stays hidden)",
        "default" => "as for everybody",
        _ => "direct where it can be, else through the server",
    };

    /// <summary>How a contact stands.</summary>
    public static string Contact(ContactBody contact) => contact.State switch
    {
        "inviting" => contact.InviteGone ? "their invite no longer works" : "their invite is being opened",
        "asked" => "asked, no answer yet",
        "asking" => "wants to be your contact",
        "accepted" => contact.Verified ? "verified" : "not verified",
        "declined" => contact.InviteGone ? "their invite no longer works" : "declined",
        _ => contact.State,
    };

    /// <summary>How a message stands.</summary>
    public static string State(string state) => state switch
    {
        "queued" => "on this device",
        "on-server" => "on the server",
        _ => state,
    };
}
