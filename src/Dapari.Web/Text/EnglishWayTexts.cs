using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed class EnglishWayTexts : WayTexts
{
    public override string Name(Route route) => route switch
    {
        Route.Direct => "Direct",
        Route.Relay => "Through a relay",
        Route.Mailbox or Route.DropOff => "Through the server",
        Route.Waiting => "Waiting",
        _ => "Not known",
    };

    public override string Because(Route route, Reason reason, bool outgoing, string name) => reason switch
    {
        Reason.DirectPathOpen => outgoing
            ? $"A direct path was open between your device and {name}’s."
            : $"A direct path was open between {name}’s device and yours.",
        Reason.DirectPathNotYet => "The direct path was still being opened, and the message did not wait for it.",
        Reason.PeerOffline => outgoing
            ? $"{name} was offline, so the message went to the server that keeps messages for {name}."
            : "You were offline, so the server kept the message until you were back.",
        Reason.NoPath => "The two networks do not let your devices reach each other directly.",
        Reason.YouChoseServer => outgoing
            ? $"You chose “server only” for {name}: your internet address stays hidden."
            : $"{name} chose “server only”, to keep an internet address hidden.",
        Reason.TheyChoseServer => outgoing
            ? $"{name} chose “server only”, to keep an internet address hidden."
            : $"You chose “server only” for {name}: your internet address stays hidden.",
        Reason.YouChoseDirect when route == Route.Waiting => outgoing
            ? $"You chose “direct only” for {name}. The message waits on your device until a direct path opens."
            : $"{name} chose “direct only”: the message waited for a direct path.",
        Reason.YouChoseDirect => outgoing
            ? $"You chose “direct only” for {name}: no server ever had it."
            : $"{name} chose “direct only”: no server ever had it.",
        Reason.DirectPathLost => "The direct path broke while the message was on its way, so it took the server.",
        Reason.DirectPathOpened => "It was waiting when the direct path opened, and took it.",
        Reason.ServerUnreachable when route == Route.Waiting => outgoing
            ? "The server does not answer. The message waits on your device and leaves by itself."
            : $"The server did not answer; the message waited on {name}’s device.",
        Reason.ServerUnreachable => "The server did not answer, but the direct path was open.",
        Reason.ServerBack => outgoing
            ? "It waited on your device until the server answered again."
            : $"It waited on {name}’s device until the server answered again.",
        Reason.NotAcceptedYet when route == Route.Waiting => outgoing
            ? $"{name} has not accepted you yet. The message leaves as soon as that happens."
            : $"It waited until you accepted {name}.",
        Reason.NotAcceptedYet => outgoing ? $"It waited until {name} accepted you." : $"It waited until you accepted {name}.",
        Reason.StartingContact => "You were just getting in touch, and that begins through the server.",
        Reason.MailboxFull when route == Route.Waiting => outgoing
            ? $"The server has no more room for {name}. The message waits on your device and is tried again."
            : $"The server had no more room for you; the message waited on {name}’s device.",
        Reason.MailboxFull => outgoing
            ? $"It waited until the server had room again for {name}."
            : "It waited until the server had room again for you.",
        Reason.MailboxGone when route == Route.Waiting => outgoing
            ? $"The server no longer has a mailbox for {name}. The message waits on your device until {name} opens a new one."
            : $"The server no longer had your mailbox; the message waited on {name}’s device.",
        Reason.MailboxGone => "The server no longer had the mailbox, so the message waited for a new one.",
        Reason.RelayPathOpen => "The devices could only meet through a relay, which passes everything on and keeps nothing.",
        Reason.ContactNotVerified => $"{name} is not verified, so the internet addresses stay hidden.",
        Reason.NoDirectWay => "Both networks block direct connections.",
        _ => "The reason is not known to this version of Dapari.",
    };

    public override string Now(Reason reason, string name) => reason switch
    {
        Reason.DirectPathNotYet => "A direct path is being opened behind it.",
        Reason.PeerOffline => $"{name} is not online.",
        Reason.NoPath => "The two networks do not let your devices reach each other directly.",
        Reason.YouChoseServer => "That is what you chose: your internet address stays hidden.",
        Reason.TheyChoseServer => $"{name} chose it, to keep an internet address hidden.",
        Reason.YouChoseDirect => "You chose “direct only”.",
        Reason.DirectPathLost => "The direct path broke and is being opened again.",
        Reason.ServerUnreachable => "The server does not answer.",
        Reason.NotAcceptedYet => $"{name} has not accepted you yet.",
        Reason.StartingContact => "You are just getting in touch, and that begins through the server.",
        Reason.MailboxFull => $"The server has no more room for {name}.",
        Reason.MailboxGone => $"The server no longer has a mailbox for {name}.",
        Reason.RelayPathOpen => "The devices can only meet through it.",
        _ => "",
    };

    public override string Where(Network network) => network switch
    {
        Network.Same => "Same network",
        Network.Internet => "Across the internet",
        Network.Relayed => "Across the internet, through a relay",
        _ => "",
    };

    public override string Meaning(Route route, bool outgoing, string name) => route switch
    {
        Route.Direct => outgoing
            ? $"From your device straight to {name}’s. No server in between."
            : $"From {name}’s device straight to yours. No server in between.",
        Route.Relay => "Live through a relay that passes sealed bytes on. It keeps nothing and can read nothing.",
        Route.Mailbox or Route.DropOff => outgoing
            ? $"A server kept it, sealed, until {name}’s device fetched it. It could not read it."
            : "A server kept it, sealed, until your device fetched it. It could not read it.",
        Route.Waiting => outgoing
            ? "Still on your device. It leaves by itself when it can."
            : $"It waited on {name}’s device.",
        _ => "How it travelled was not recorded.",
    };

    public override string Next(Route route, string name) => route switch
    {
        Route.Direct => $"A message now goes straight to {name}.",
        Route.Relay => "A message now goes live through a relay.",
        Route.Mailbox or Route.DropOff => "A message now goes through the server.",
        Route.Waiting => "A message now waits on your device.",
        _ => "The way is still being found.",
    };
}
