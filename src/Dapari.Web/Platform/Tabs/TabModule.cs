using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/tabs.js.</summary>
internal static partial class TabModule
{
    public const string Name = "dapari/tabs";

    [JSImport("say", Name)]
    public static partial void Say(byte[] bytes);

    [JSImport("acquire", Name)]
    public static partial Task<bool> AcquireAsync(string name, string how);

    [JSImport("letGo", Name)]
    public static partial void LetGo();
}

/// <summary>What the other tabs and the page's life tell.</summary>
internal static partial class TabEvents
{
    public static TabClient? Listener { get; set; }

    [JSExport]
    internal static void Received(byte[] bytes) => Listener?.OnReceived(bytes);

    [JSExport]
    internal static void LockLost() => Listener?.OnLockLost();

    [JSExport]
    internal static void Sleeping() => Listener?.OnSleeping();

    [JSExport]
    internal static void Waking() => Listener?.OnWaking();
}
