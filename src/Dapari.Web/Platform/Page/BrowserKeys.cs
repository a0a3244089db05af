using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/keys.js.</summary>
internal static partial class KeyModule
{
    public const string Name = "dapari/keys";

    [JSImport("watch", Name)]
    public static partial void Watch(bool on);

    [JSImport("submitOnEnter", Name)]
    public static partial void SubmitOnEnter(string id);

    [JSImport("moveWithArrows", Name)]
    public static partial void MoveWithArrows(string id);
}

/// <summary>What keys tell.</summary>
internal static partial class KeyEvents
{
    public static BrowserKeys? Listener { get; set; }

    [JSExport]
    internal static void Pressed(int call) => Listener?.OnPressed((KeyCall)call);
}

/// <summary>Keys taken from the browser.</summary>
internal sealed class BrowserKeys : IBrowserKeys
{
    private readonly List<Action<KeyCall>> _watchers = [];

    public BrowserKeys() => KeyEvents.Listener = this;

    /// <inheritdoc/>
    public void SubmitOnEnter(string textareaId) => KeyModule.SubmitOnEnter(textareaId);

    /// <inheritdoc/>
    public void MoveWithArrows(string listId) => KeyModule.MoveWithArrows(listId);

    /// <inheritdoc/>
    public IDisposable Watch(Action<KeyCall> pressed)
    {
        _watchers.Add(pressed);
        KeyModule.Watch(true);
        return new Ending(() =>
        {
            _watchers.Remove(pressed);
            KeyModule.Watch(false);
        });
    }

    public void OnPressed(KeyCall call)
    {
        foreach (var watcher in _watchers.ToList())
            watcher(call);
    }
}
