using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/elements.js.</summary>
internal static partial class ElementModule
{
    public const string Name = "dapari/elements";

    [JSImport("focus", Name)]
    public static partial void Focus(string id);

    [JSImport("select", Name)]
    public static partial void Select(string id);

    [JSImport("fitHeight", Name)]
    public static partial void FitHeight(string id, int maximum);

    [JSImport("scrollToEnd", Name)]
    public static partial void ScrollToEnd(string id, bool smooth);

    [JSImport("scrollTo", Name)]
    public static partial void ScrollTo(string id, bool smooth);

    [JSImport("holdAnchor", Name)]
    public static partial void HoldAnchor(string id);

    [JSImport("restoreAnchor", Name)]
    public static partial void RestoreAnchor(string id);

    [JSImport("watchScroll", Name)]
    public static partial void WatchScroll(int watch, string id);

    [JSImport("watchWidth", Name)]
    public static partial void WatchWidth(int watch, int minimum);

    [JSImport("unwatch", Name)]
    public static partial void Unwatch(int watch);
}

/// <summary>What elements tell.</summary>
internal static partial class ElementEvents
{
    public static BrowserElements? Listener { get; set; }

    [JSExport]
    internal static void Scrolled(int watch, int bits, string first, string last) => Listener?.OnScrolled(watch, bits, first, last);

    [JSExport]
    internal static void Width(int watch, bool wide) => Listener?.OnWidth(watch, wide);
}

/// <summary>Focus and scrolling.</summary>
internal sealed class BrowserElements : IBrowserElements
{
    private const int NearStart = 1;
    private const int NearEnd = 2;
    private const int AtEnd = 4;
    private readonly Dictionary<int, Action<ScrollFacts>> _scrolls = [];
    private readonly Dictionary<int, Action<bool>> _widths = [];
    private int _last;

    public BrowserElements() => ElementEvents.Listener = this;

    /// <inheritdoc/>
    public void Focus(string id) => ElementModule.Focus(id);

    /// <inheritdoc/>
    public void Select(string id) => ElementModule.Select(id);

    /// <inheritdoc/>
    public void FitHeight(string id, int maximumPixels) => ElementModule.FitHeight(id, maximumPixels);

    /// <inheritdoc/>
    public void ScrollToEnd(string scrollerId, bool smooth) => ElementModule.ScrollToEnd(scrollerId, smooth);

    /// <inheritdoc/>
    public void ScrollTo(string id, bool smooth) => ElementModule.ScrollTo(id, smooth);

    /// <inheritdoc/>
    public void HoldAnchor(string scrollerId) => ElementModule.HoldAnchor(scrollerId);

    /// <inheritdoc/>
    public void RestoreAnchor(string scrollerId) => ElementModule.RestoreAnchor(scrollerId);

    /// <inheritdoc/>
    public IDisposable WatchScroll(string scrollerId, Action<ScrollFacts> changed)
    {
        var watch = ++_last;
        _scrolls[watch] = changed;
        ElementModule.WatchScroll(watch, scrollerId);
        return new Ending(() =>
        {
            if (_scrolls.Remove(watch)) ElementModule.Unwatch(watch);
        });
    }

    /// <inheritdoc/>
    public IDisposable WatchWidth(int minimumPixels, Action<bool> changed)
    {
        var watch = ++_last;
        _widths[watch] = changed;
        ElementModule.WatchWidth(watch, minimumPixels);
        return new Ending(() =>
        {
            if (_widths.Remove(watch)) ElementModule.Unwatch(watch);
        });
    }

    public void OnScrolled(int watch, int bits, string first, string last)
    {
        if (_scrolls.TryGetValue(watch, out var changed))
            changed(new ScrollFacts((bits & NearStart) != 0, (bits & NearEnd) != 0, (bits & AtEnd) != 0, OrNull(first), OrNull(last)));
    }

    public void OnWidth(int watch, bool wide)
    {
        if (_widths.TryGetValue(watch, out var changed)) changed(wide);
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}
