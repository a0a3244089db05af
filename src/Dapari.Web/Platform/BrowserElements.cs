using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Focus and scrolling, by elements.js.</summary>
internal sealed partial class BrowserElements : IBrowserElements
{
    private readonly Dictionary<int, Action<ScrollFacts>> _scrolls = [];
    private readonly Dictionary<int, Action<bool>> _widths = [];
    private int _last;

    public BrowserElements()
    {
        ElementEvents.OnScrolled = (watch, bits, first, last) =>
        {
            if (_scrolls.TryGetValue(watch, out var changed))
                changed(new ScrollFacts((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, first.Length == 0 ? null : first, last.Length == 0 ? null : last));
        };
        ElementEvents.OnWidth = (watch, wide) =>
        {
            if (_widths.TryGetValue(watch, out var changed)) changed(wide);
        };
    }

    public void Focus(string id) => Js.Focus(id);

    public void FocusIfNone(string id) => Js.FocusIfNone(id);

    public void Select(string id) => Js.Select(id);

    public void SetValue(string id, string value) => Js.SetValue(id, value);

    public void FitHeight(string id, int maximumPixels) => Js.FitHeight(id, maximumPixels);

    public void ScrollToEnd(string scrollerId, bool smooth) => Js.ScrollToEnd(scrollerId, smooth);

    public void ScrollTo(string id, bool smooth) => Js.ScrollTo(id, smooth);

    public void HoldAnchor(string scrollerId) => Js.HoldAnchor(scrollerId);

    public void RestoreAnchor(string scrollerId) => Js.RestoreAnchor(scrollerId);

    public IDisposable WatchScroll(string scrollerId, Action<ScrollFacts> changed)
    {
        var watch = ++_last;
        _scrolls[watch] = changed;
        Js.WatchScroll(watch, scrollerId);
        return new Watch(() => _scrolls.Remove(watch), watch);
    }

    public IDisposable WatchWidth(int minimumPixels, Action<bool> changed)
    {
        var watch = ++_last;
        _widths[watch] = changed;
        Js.WatchWidth(watch, minimumPixels);
        return new Watch(() => _widths.Remove(watch), watch);
    }

    private sealed class Watch(Func<bool> forget, int number) : IDisposable
    {
        public void Dispose()
        {
            if (forget()) Js.Unwatch(number);
        }
    }

    private static partial class Js
    {
        [JSImport("focus", "elements")]
        internal static partial void Focus(string id);

        [JSImport("focusIfNone", "elements")]
        internal static partial void FocusIfNone(string id);

        [JSImport("select", "elements")]
        internal static partial void Select(string id);

        [JSImport("setValue", "elements")]
        internal static partial void SetValue(string id, string value);

        [JSImport("fitHeight", "elements")]
        internal static partial void FitHeight(string id, int maximum);

        [JSImport("scrollToEnd", "elements")]
        internal static partial void ScrollToEnd(string id, bool smooth);

        [JSImport("scrollTo", "elements")]
        internal static partial void ScrollTo(string id, bool smooth);

        [JSImport("holdAnchor", "elements")]
        internal static partial void HoldAnchor(string id);

        [JSImport("restoreAnchor", "elements")]
        internal static partial void RestoreAnchor(string id);

        [JSImport("watchScroll", "elements")]
        internal static partial void WatchScroll(int watch, string id);

        [JSImport("watchWidth", "elements")]
        internal static partial void WatchWidth(int watch, int minimum);

        [JSImport("unwatch", "elements")]
        internal static partial void Unwatch(int watch);
    }
}
