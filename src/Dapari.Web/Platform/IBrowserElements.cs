namespace Dapari.Web.Platform;

/// <summary>Focus and scrolling of elements, named by their DOM ids. An id that is not there: nothing happens.</summary>
public interface IBrowserElements
{
    /// <summary>Moves the focus without scrolling.</summary>
    void Focus(string id);

    /// <summary>Moves the focus without scrolling, but only when nothing on the page has it: what a person is at is not taken from them.</summary>
    void FocusIfNone(string id);

    /// <summary>Selects the text of an input.</summary>
    void Select(string id);

    /// <summary>Puts a text into an input.</summary>
    void SetValue(string id, string value);

    /// <summary>Makes a textarea as high as its text, up to <paramref name="maximumPixels"/>.</summary>
    void FitHeight(string id, int maximumPixels);

    /// <summary>Scrolls an element's content to its end.</summary>
    void ScrollToEnd(string scrollerId, bool smooth);

    /// <summary>Brings an element to the middle of its scroller.</summary>
    void ScrollTo(string id, bool smooth);

    /// <summary>Notes which keyed child is at the top and where: call before older items are put in or far ones taken out.</summary>
    void HoldAnchor(string scrollerId);

    /// <summary>Puts the noted child where it was: call after the rendering, once for each <see cref="HoldAnchor"/>.</summary>
    void RestoreAnchor(string scrollerId);

    /// <summary>
    /// Tells, now and whenever it scrolls, is resized or its content changes (at most once a frame), how a scroller stands.
    /// Its items carry a data-key attribute. Dispose to end it.
    /// </summary>
    IDisposable WatchScroll(string scrollerId, Action<ScrollFacts> changed);

    /// <summary>Whether the viewport is at least this wide, told now and at each change. Dispose to end it.</summary>
    IDisposable WatchWidth(int minimumPixels, Action<bool> changed);
}

/// <summary>How a scroller stands.</summary>
/// <param name="NearStart">Less than one and a half screens to the first item: time to fetch older ones.</param>
/// <param name="NearEnd">Less than one and a half screens to the last item: time to fetch newer ones.</param>
/// <param name="AtEnd">At the very end (within 48 pixels).</param>
/// <param name="FirstKey">data-key of the first item on screen, or null.</param>
/// <param name="LastKey">data-key of the last item on screen, or null.</param>
public readonly record struct ScrollFacts(bool NearStart, bool NearEnd, bool AtEnd, string? FirstKey, string? LastKey);
