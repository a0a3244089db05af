using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Facts and services of the page: page.js, camera.js, keys.js and updates.js.</summary>
internal static partial class BrowserPage
{
    [JSImport("profile", "page")]
    internal static partial string Profile();

    [JSImport("origin", "page")]
    internal static partial string Origin();

    [JSImport("takeInvite", "page")]
    internal static partial string TakeInvite();

    [JSImport("takeCode", "page")]
    internal static partial string TakeCode();

    [JSImport("registration", "page")]
    internal static partial Task<string> RegistrationAsync(string code);

    [JSImport("pause", "page")]
    internal static partial Task PauseAsync();

    [JSImport("isVisible", "page")]
    internal static partial bool IsVisible();

    [JSImport("isFocused", "page")]
    internal static partial bool IsFocused();

    [JSImport("isOnline", "page")]
    internal static partial bool IsOnline();

    [JSImport("canInstall", "page")]
    internal static partial bool CanInstall();

    [JSImport("language", "page")]
    internal static partial string Language();

    [JSImport("browserLanguages", "page")]
    internal static partial string BrowserLanguages();

    [JSImport("setLanguage", "page")]
    internal static partial void SetLanguage(string tag);

    [JSImport("setTheme", "page")]
    internal static partial void SetTheme(string theme);

    [JSImport("readSetting", "page")]
    internal static partial string? ReadSetting(string name);

    [JSImport("writeSetting", "page")]
    internal static partial void WriteSetting(string name, string? value);

    [JSImport("install", "page")]
    internal static partial Task<bool> InstallAsync();

    [JSImport("canShare", "page")]
    internal static partial bool CanShare();

    [JSImport("share", "page")]
    internal static partial Task<bool> ShareAsync(string title, string text, string url);

    [JSImport("copy", "page")]
    internal static partial Task<bool> CopyAsync(string text);

    [JSImport("storageFacts", "page")]
    internal static partial Task<string> StorageFactsAsync();

    [JSImport("persist", "page")]
    internal static partial Task<bool> PersistAsync();

    [JSImport("notificationPermission", "page")]
    internal static partial string NotificationPermission();

    [JSImport("canBeWoken", "page")]
    internal static partial bool CanBeWoken();

    [JSImport("askNotifications", "page")]
    internal static partial Task<string> AskNotificationsAsync();

    [JSImport("notify", "page")]
    internal static partial Task NotifyAsync(string tag, string title, string body);

    [JSImport("unnotify", "page")]
    internal static partial Task UnnotifyAsync(string tag);

    [JSImport("fileFacts", "page")]
    internal static partial int FileFacts();

    [JSImport("wasShared", "page")]
    internal static partial bool WasShared();

    [JSImport("pictureUrl", "page")]
    internal static partial string PictureUrl(byte[] picture);

    [JSImport("releaseUrl", "page")]
    internal static partial void ReleaseUrl(string url);

    [JSImport("watchDrops", "page")]
    internal static partial void WatchDrops(int watch, string element);

    [JSImport("unwatchDrops", "page")]
    internal static partial void UnwatchDrops(int watch);

    [JSImport("setTitle", "page")]
    internal static partial void SetTitle(string title, int unread);

    [JSImport("reload", "page")]
    internal static partial void Reload();

    [JSImport("isSupported", "camera")]
    internal static partial bool CameraIsSupported();

    [JSImport("start", "camera")]
    internal static partial Task<int> CameraStartAsync(string videoId);

    [JSImport("stop", "camera")]
    internal static partial void CameraStop();

    [JSImport("watch", "keys")]
    internal static partial void KeysWatch(bool on);

    [JSImport("submitOnEnter", "keys")]
    internal static partial void SubmitOnEnter(string id);

    [JSImport("moveWithArrows", "keys")]
    internal static partial void MoveWithArrows(string id);

    [JSImport("apply", "updates")]
    internal static partial void ApplyUpdate();

    [JSImport("connect", "bridge")]
    internal static partial Task ConnectAsync(string tabsName);
}
