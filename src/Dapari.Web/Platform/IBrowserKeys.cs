namespace Dapari.Web.Platform;

/// <summary>Keys that a page must take from the browser before it acts on them.</summary>
public interface IBrowserKeys
{
    /// <summary>
    /// Enter in this textarea submits its form, and the browser inserts no line. Not with Shift, not while an input method composes,
    /// and not on devices whose main pointer is a finger. Forgotten when the element goes away.
    /// </summary>
    void SubmitOnEnter(string textareaId);

    /// <summary>Arrow up and down, Home and End move the focus among the links and buttons inside this element.</summary>
    void MoveWithArrows(string listId);

    /// <summary>
    /// Tells Ctrl+K or Cmd+K (the browser's own action is suppressed) and Esc (not while an input method composes). Dispose to end it.
    /// </summary>
    IDisposable Watch(Action<KeyCall> pressed);
}

/// <summary>A key that means something everywhere.</summary>
public enum KeyCall
{
    /// <summary>Ctrl+K: find people, messages and actions.</summary>
    Find,

    /// <summary>Esc: back.</summary>
    Back,
}
