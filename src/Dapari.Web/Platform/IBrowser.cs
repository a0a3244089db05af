namespace Dapari.Web.Platform;

/// <summary>
/// The browser around the page, as far as a user interface needs it. Elements are named by their DOM ids. All members are called, and all
/// events raised, on the user interface's thread; what a browser lacks is answered by false or null, never by an exception.
/// </summary>
public interface IBrowser
{
    /// <summary>Times and numbers in the person's language and time zone.</summary>
    IBrowserFormats Formats { get; }

    /// <summary>Focus and scrolling.</summary>
    IBrowserElements Elements { get; }

    /// <summary>The camera, for reading QR codes.</summary>
    IBrowserCamera Camera { get; }

    /// <summary>Keys that the page takes from the browser.</summary>
    IBrowserKeys Keys { get; }

    /// <summary>Microphone, camera, screen, speakers and pictures of calls.</summary>
    IBrowserMedia Media { get; }

    /// <summary>Files: chosen, prepared, recorded, saved.</summary>
    IBrowserFiles Files { get; }

    /// <summary>Plays voice notes.</summary>
    IBrowserPlayer Player { get; }

    /// <summary>Being woken while the app is closed.</summary>
    IBrowserWake Wake { get; }

    /// <summary>The browser's clocks and timers.</summary>
    TimeProvider Clock { get; }

    /// <summary>Which of several people in this browser: letters, digits and hyphens; empty for the one without a name.</summary>
    string Profile { get; }

    /// <summary>This page's origin, "https://host[:port]": the home server of an identity made here.</summary>
    string Origin { get; }

    /// <summary>The address that opens this app as another profile, for a new tab.</summary>
    string LinkToProfile(string profile);

    /// <summary>The whole invite link that the page was opened with, once; then null. The address bar no longer holds it.</summary>
    string? TakeInviteLink();

    /// <summary>The registration code of a link that the page was opened with; empty: none.</summary>
    string RegistrationCode { get; }

    /// <summary>Asks this page's server who may register.</summary>
    /// <param name="code">The code that a newcomer has; may be empty.</param>
    Task<RegistrationAnswer> AskRegistrationAsync(string code);

    /// <summary>"it" or "en": the one chosen, else the first of the browser's languages that there is.</summary>
    string Language { get; }

    /// <summary>Chooses and keeps the language; null: follow the browser. Raises <see cref="Changed"/>.</summary>
    void SetLanguage(string? language);

    /// <summary>The theme chosen.</summary>
    Theme Theme { get; }

    /// <summary>Chooses and keeps the theme: sets data-theme ("light", "dark") on the root element, or removes it. Raises <see cref="Changed"/>.</summary>
    void SetTheme(Theme theme);

    /// <summary>A small setting of this profile's user interface, or null. Not for secrets.</summary>
    string? ReadSetting(string name);

    /// <summary>Keeps a small setting; null removes it. Silently not kept where the browser refuses.</summary>
    void WriteSetting(string name, string? value);

    /// <summary>Raised when any of the facts below, the language or the theme changed.</summary>
    event Action? Changed;

    /// <summary>Whether the page is on screen.</summary>
    bool IsVisible { get; }

    /// <summary>Whether the page has the focus: only then is a message read.</summary>
    bool IsFocused { get; }

    /// <summary>Whether the device believes that it has a network.</summary>
    bool IsOnline { get; }

    /// <summary>A newer version is installed and starts when <see cref="ApplyUpdate"/> is called or all tabs were closed.</summary>
    bool IsUpdateReady { get; }

    /// <summary>Starts the newer version: reloads all tabs of the app.</summary>
    void ApplyUpdate();

    /// <summary>Whether the browser offers to install the app.</summary>
    bool CanInstall { get; }

    /// <summary>Shows the browser's question; true when it was installed. Must be called from a click.</summary>
    Task<bool> InstallAsync();

    /// <summary>Whether there is a share sheet for a link.</summary>
    bool CanShare { get; }

    /// <summary>Opens the share sheet; false when it was closed or failed. Must be called from a click.</summary>
    Task<bool> ShareAsync(string title, string text, string url);

    /// <summary>Puts text on the clipboard; false when refused. Must be called from a click.</summary>
    Task<bool> CopyAsync(string text);

    /// <summary>What the browser says of this origin's storage.</summary>
    Task<StorageFacts> ReadStorageAsync();

    /// <summary>Asks that this origin's storage be not evicted; true when granted. Some browsers show a question: say before what for.</summary>
    Task<bool> AskPersistenceAsync();

    /// <summary>Whether notifications may be shown.</summary>
    Permission Notifications { get; }

    /// <summary>Asks for notifications. Must be called from a click.</summary>
    Task<Permission> AskNotificationsAsync();

    /// <summary>Shows a notification; one with the same tag replaces the former. Nothing happens without permission.</summary>
    void Notify(string tag, string title, string body);

    /// <summary>Takes notifications with this tag away.</summary>
    void Unnotify(string tag);

    /// <summary>A notification was clicked: its tag. The page has been brought to the front.</summary>
    event Action<string>? NotificationClicked;

    /// <summary>Sets the page's title, and the app icon's badge to the number of unread messages (0: none).</summary>
    void SetTitle(string title, int unread);

    /// <summary>Loads the page anew.</summary>
    void Reload();

    /// <summary>
    /// Ends when the browser had its turn. <see cref="Task.Yield"/> gives it none here: what waits for this thread goes on within the same task of the browser.
    /// </summary>
    Task PauseAsync();
}

/// <summary>Who may register at a server.</summary>
public enum RegistrationAnswer
{
    /// <summary>It gave no answer: to be tried.</summary>
    Unknown,

    /// <summary>Everybody.</summary>
    Open,

    /// <summary>Who has a code, and the one that was said is none.</summary>
    Invited,

    /// <summary>Who said this code.</summary>
    Admitted,

    /// <summary>Nobody new.</summary>
    Closed,
}

/// <summary>Light, dark, or as the system has it.</summary>
public enum Theme
{
    /// <summary>As the system has it.</summary>
    System,

    /// <summary>Light.</summary>
    Light,

    /// <summary>Dark.</summary>
    Dark,
}

/// <summary>A browser permission.</summary>
public enum Permission
{
    /// <summary>The browser does not have this.</summary>
    Unsupported,

    /// <summary>Not asked yet.</summary>
    Askable,

    /// <summary>Given.</summary>
    Granted,

    /// <summary>Refused; only the browser's settings change it.</summary>
    Denied,
}

/// <summary>This origin's storage.</summary>
/// <param name="Persistent">Whether the browser promised not to evict it.</param>
/// <param name="UsedBytes">Bytes used, roughly; 0 when unknown.</param>
/// <param name="QuotaBytes">Bytes that may be used, roughly; 0 when unknown.</param>
public readonly record struct StorageFacts(bool Persistent, long UsedBytes, long QuotaBytes);
