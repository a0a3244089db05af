using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/page.js and js/updates.js.</summary>
internal static partial class PageModule
{
    public const string Name = "dapari/page";
    public const string UpdatesName = "dapari/updates";
    public const string BridgeName = "dapari/bridge";

    [JSImport("connect", BridgeName)]
    public static partial Task ConnectAsync(string tabsName);

    [JSImport("apply", UpdatesName)]
    public static partial void ApplyUpdate();

    [JSImport("profile", Name)]
    public static partial string Profile();

    [JSImport("origin", Name)]
    public static partial string Origin();

    [JSImport("takeInvite", Name)]
    public static partial string TakeInvite();

    [JSImport("isVisible", Name)]
    public static partial bool IsVisible();

    [JSImport("isFocused", Name)]
    public static partial bool IsFocused();

    [JSImport("isOnline", Name)]
    public static partial bool IsOnline();

    [JSImport("canInstall", Name)]
    public static partial bool CanInstall();

    [JSImport("browserLanguages", Name)]
    public static partial string BrowserLanguages();

    [JSImport("reload", Name)]
    public static partial void Reload();

    [JSImport("readSetting", Name)]
    public static partial string? ReadSetting(string name);

    [JSImport("writeSetting", Name)]
    public static partial void WriteSetting(string name, string? value);

    [JSImport("setTheme", Name)]
    public static partial void SetTheme(string theme);

    [JSImport("setLanguage", Name)]
    public static partial void SetLanguage(string tag);

    [JSImport("install", Name)]
    public static partial Task<bool> InstallAsync();

    [JSImport("canShare", Name)]
    public static partial bool CanShare();

    [JSImport("share", Name)]
    public static partial Task<bool> ShareAsync(string title, string text, string url);

    [JSImport("copy", Name)]
    public static partial Task<bool> CopyAsync(string text);

    [JSImport("storageFacts", Name)]
    public static partial Task<string> StorageFactsAsync();

    [JSImport("persist", Name)]
    public static partial Task<bool> PersistAsync();

    [JSImport("notificationPermission", Name)]
    public static partial string NotificationPermission();

    [JSImport("askNotifications", Name)]
    public static partial Task<string> AskNotificationsAsync();

    [JSImport("notify", Name)]
    public static partial Task NotifyAsync(string tag, string title, string body);

    [JSImport("unnotify", Name)]
    public static partial Task UnnotifyAsync(string tag);

    [JSImport("setTitle", Name)]
    public static partial void SetTitle(string title, int unread);
}

/// <summary>What the page tells.</summary>
internal static partial class PageEvents
{
    public static Browser? Listener { get; set; }

    public static Action? NetworkListener { get; set; }

    [JSExport]
    internal static void Changed() => Listener?.OnChanged();

    [JSExport]
    internal static void NetworkChanged() => NetworkListener?.Invoke();

    [JSExport]
    internal static void NotificationClicked(string tag) => Listener?.OnNotificationClicked(tag);
}

/// <summary>What the service worker's registration tells.</summary>
internal static partial class UpdateEvents
{
    [JSExport]
    internal static void UpdateReady() => PageEvents.Listener?.OnUpdateReady();
}
