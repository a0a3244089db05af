using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Web.State;

/// <summary>How calls look: which icon, which tiles.</summary>
public static class CallLook
{
    /// <summary>Whether somebody called and was not heard.</summary>
    public static bool IsMissed(CallRecord call, bool outgoing) =>
        !outgoing && call.Outcome is CallOutcome.Missed or CallOutcome.Busy or CallOutcome.Cancelled or CallOutcome.Unreachable && !outgoing;

    /// <summary>The icon of an entry.</summary>
    public static string IconOf(CallRecord call, bool outgoing) => IsMissed(call, outgoing) ? "missed" : call.Video ? "video" : "phone";

    /// <summary>What is shown of the others: a screen first, then each person who is still there.</summary>
    public static List<CallTileView> Tiles(CallView call)
    {
        var tiles = new List<CallTileView>();
        foreach (var leg in call.Legs)
        {
            if (leg.Stage == LegStage.Gone && call.Legs.Count > 1) continue;
            if (leg.Media is { Screen: true } && leg.Leg != 0) tiles.Insert(0, new CallTileView(leg, IsScreen: true));
            tiles.Add(new CallTileView(leg, IsScreen: false));
        }

        return tiles;
    }

    /// <summary>The others who are in it, or are called.</summary>
    public static IEnumerable<LegView> There(CallView? call) => call?.Legs.Where(leg => leg.Stage != LegStage.Gone) ?? [];

    /// <summary>Whether any picture is on the screen.</summary>
    public static bool HasPicture(CallView call) => call.Legs.Any(leg => leg is { Leg: not 0, Media: { Camera: true } or { Screen: true } });

    /// <summary>The way of a leg, or unspecified before it is known.</summary>
    public static Route RouteOf(LegView leg) => leg.Stage is LegStage.Connected or LegStage.Lost ? leg.Route : Route.Unspecified;
}

/// <summary>One tile of a call.</summary>
/// <param name="Leg">Whose.</param>
/// <param name="IsScreen">Their screen, not themselves.</param>
public sealed record CallTileView(LegView Leg, bool IsScreen)
{
    /// <summary>The video element's id.</summary>
    public string VideoId => $"call-{(IsScreen ? "screen" : "their")}-{Convert.ToHexStringLower(Leg.IdentityKey.Span[..Math.Min(8, Leg.IdentityKey.Length)])}";
}
