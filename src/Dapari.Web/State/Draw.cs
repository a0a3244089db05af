using Dapari.Peer.Store;
using Dapari.Web.Text;
using Dapari.Wire.V1;
using Microsoft.AspNetCore.Components;

namespace Dapari.Web.State;

/// <summary>Small drawings as constant markup: one frame each to render. Nothing that people wrote ever goes through here.</summary>
public static class Draw
{
    private static readonly Dictionary<string, MarkupString> Icons = new(StringComparer.Ordinal);

    private static readonly MarkupString[] Badges =
    [
        Badge("unknown"), Badge("waiting"), Badge("direct"), Badge("relay"), Badge("server"), Badge("server"),
    ];

    /// <summary>An icon of the sprite, named by a constant.</summary>
    public static MarkupString Icon(string name)
    {
        if (!Icons.TryGetValue(name, out var icon))
            Icons[name] = icon = new MarkupString($"<svg class=\"icon\" aria-hidden=\"true\"><use href=\"#i-{name}\"/></svg>");
        return icon;
    }

    /// <summary>The 16 pixel badge of a way: a shape and a colour. The words stand beside it.</summary>
    public static MarkupString WayBadge(Route route) => Badges[(int)route is >= 0 and < 6 and var i ? i : 0];

    /// <summary>The class that carries the way's colour.</summary>
    public static string WayClass(Route route) => route switch
    {
        Route.Direct => "way-direct",
        Route.Relay => "way-relay",
        Route.Mailbox or Route.DropOff => "way-server",
        _ => "way-waiting",
    };

    /// <summary>The sign of a state: clock, one tick, two ticks, two ticks in a ring.</summary>
    public static MarkupString Tick(MessageState state) => state switch
    {
        MessageState.OnServer => Icon("tick"),
        MessageState.Delivered => Icon("ticks"),
        MessageState.Read => Icon("read"),
        _ => Icon("clock"),
    };

    /// <summary>A state in words.</summary>
    public static string StateWords(MessageState state, ChatTexts t) => state switch
    {
        MessageState.OnServer => t.OnServer,
        MessageState.Delivered => t.Delivered,
        MessageState.Read => t.Read,
        MessageState.Received => t.Received,
        _ => t.Queued,
    };

    private static MarkupString Badge(string way) =>
        new($"<svg class=\"way way-{(way == "unknown" ? "waiting" : way)}\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\"><use href=\"#w-{way}\"/></svg>");
}
