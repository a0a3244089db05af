using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>The browser around the page.</summary>
internal sealed class Browser : IBrowser
{
    private const string LanguageSetting = "dapari.language";
    private const string ThemeSetting = "dapari.theme";
    private readonly BrowserElements _elements = new();
    private readonly BrowserCamera _camera = new();
    private readonly BrowserKeys _keys = new();
    private readonly BrowserFormats _formats;
    private string? _chosenLanguage;

    private Browser(TimeProvider clock)
    {
        Clock = clock;
        Profile = Clean(PageModule.Profile());
        Origin = PageModule.Origin();
        _chosenLanguage = PageModule.ReadSetting(LanguageSetting) is "it" or "en" ? PageModule.ReadSetting(LanguageSetting) : null;
        Language = Settle(_chosenLanguage);
        Theme = PageModule.ReadSetting(ThemeSetting) switch { "light" => Theme.Light, "dark" => Theme.Dark, _ => Theme.System };
        _formats = new BrowserFormats(this);
        PageEvents.Listener = this;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <inheritdoc/>
    public event Action<string>? NotificationClicked;

    /// <inheritdoc/>
    public IBrowserFormats Formats => _formats;

    /// <inheritdoc/>
    public IBrowserElements Elements => _elements;

    /// <inheritdoc/>
    public IBrowserCamera Camera => _camera;

    /// <inheritdoc/>
    public IBrowserKeys Keys => _keys;

    /// <inheritdoc/>
    public TimeProvider Clock { get; }

    /// <inheritdoc/>
    public string Profile { get; }

    /// <inheritdoc/>
    public string Origin { get; }

    /// <inheritdoc/>
    public string Language { get; private set; }

    /// <inheritdoc/>
    public Theme Theme { get; private set; }

    /// <inheritdoc/>
    public bool IsVisible => PageModule.IsVisible();

    /// <inheritdoc/>
    public bool IsFocused => PageModule.IsFocused();

    /// <inheritdoc/>
    public bool IsOnline => PageModule.IsOnline();

    /// <inheritdoc/>
    public bool IsUpdateReady { get; private set; }

    /// <inheritdoc/>
    public bool CanInstall => PageModule.CanInstall();

    /// <inheritdoc/>
    public bool CanShare => PageModule.CanShare();

    /// <inheritdoc/>
    public Permission Notifications => ToPermission(PageModule.NotificationPermission());

    /// <summary>Loads the modules; nothing else of the platform may be used before.</summary>
    public static async Task<Browser> LoadAsync(TimeProvider clock)
    {
        await Task.WhenAll(
            JSHost.ImportAsync(PageModule.Name, "/js/page.js"),
            JSHost.ImportAsync(PageModule.UpdatesName, "/js/updates.js"),
            JSHost.ImportAsync(PageModule.BridgeName, "/js/bridge.js"),
            JSHost.ImportAsync(ElementModule.Name, "/js/elements.js"),
            JSHost.ImportAsync(FormatModule.Name, "/js/formats.js"),
            JSHost.ImportAsync(CameraModule.Name, "/js/camera.js"),
            JSHost.ImportAsync(KeyModule.Name, "/js/keys.js"),
            JSHost.ImportAsync(SocketModule.Name, "/js/socket.js"),
            JSHost.ImportAsync(PathModule.Name, "/js/path.js"),
            JSHost.ImportAsync(TabModule.Name, "/js/tabs.js"));
        var browser = new Browser(clock);
        await PageModule.ConnectAsync(browser.StoreName);
        return browser;
    }

    /// <summary>Names this profile's database, lock and channel.</summary>
    public string StoreName => "dapari:" + Profile;

    /// <inheritdoc/>
    public string LinkToProfile(string profile) => $"{Origin}/?profile={Uri.EscapeDataString(Clean(profile))}";

    /// <inheritdoc/>
    public string? TakeInviteLink() => PageModule.TakeInvite() is { Length: > 0 } link ? link : null;

    /// <inheritdoc/>
    public void SetLanguage(string? language)
    {
        _chosenLanguage = language is "it" or "en" ? language : null;
        PageModule.WriteSetting(LanguageSetting, _chosenLanguage);
        Language = Settle(_chosenLanguage);
        PageModule.SetLanguage(Language);
        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public void SetTheme(Theme theme)
    {
        var name = theme switch { Theme.Light => "light", Theme.Dark => "dark", _ => "" };
        PageModule.WriteSetting(ThemeSetting, name.Length == 0 ? null : name);
        PageModule.SetTheme(name);
        Theme = theme;
        Changed?.Invoke();
    }

    /// <inheritdoc/>
    public string? ReadSetting(string name) => PageModule.ReadSetting($"{StoreName}:{name}");

    /// <inheritdoc/>
    public void WriteSetting(string name, string? value) => PageModule.WriteSetting($"{StoreName}:{name}", value);

    /// <inheritdoc/>
    public void ApplyUpdate() => PageModule.ApplyUpdate();

    /// <inheritdoc/>
    public Task<bool> InstallAsync() => PageModule.InstallAsync();

    /// <inheritdoc/>
    public Task<bool> ShareAsync(string title, string text, string url) => PageModule.ShareAsync(title, text, url);

    /// <inheritdoc/>
    public Task<bool> CopyAsync(string text) => PageModule.CopyAsync(text);

    /// <inheritdoc/>
    public async Task<StorageFacts> ReadStorageAsync()
    {
        var parts = (await PageModule.StorageFactsAsync()).Split('|');
        return new StorageFacts(parts[0] == "1", Number(parts[1]), Number(parts[2]));
    }

    /// <inheritdoc/>
    public Task<bool> AskPersistenceAsync() => PageModule.PersistAsync();

    /// <inheritdoc/>
    public async Task<Permission> AskNotificationsAsync() => ToPermission(await PageModule.AskNotificationsAsync());

    /// <inheritdoc/>
    public void Notify(string tag, string title, string body) => _ = PageModule.NotifyAsync(tag, title, body);

    /// <inheritdoc/>
    public void Unnotify(string tag) => _ = PageModule.UnnotifyAsync(tag);

    /// <inheritdoc/>
    public void SetTitle(string title, int unread) => PageModule.SetTitle(title, unread);

    /// <inheritdoc/>
    public void Reload() => PageModule.Reload();

    public void OnChanged() => Changed?.Invoke();

    public void OnNotificationClicked(string tag) => NotificationClicked?.Invoke(tag);

    public void OnUpdateReady()
    {
        IsUpdateReady = true;
        Changed?.Invoke();
    }

    private static string Settle(string? chosen)
    {
        if (chosen is not null) return chosen;
        foreach (var tag in PageModule.BrowserLanguages().Split(','))
        {
            if (tag.StartsWith("it", StringComparison.OrdinalIgnoreCase)) return "it";
            if (tag.StartsWith("en", StringComparison.OrdinalIgnoreCase)) return "en";
        }

        return "en";
    }

    private static string Clean(string profile) =>
        string.Concat(profile.Where(one => char.IsAsciiLetterOrDigit(one) || one == '-').Take(32)).ToLowerInvariant();

    private static long Number(string text) => double.TryParse(text, out var value) && value is >= 0 and < 9e15 ? (long)value : 0;

    private static Permission ToPermission(string name) => name switch
    {
        "granted" => Permission.Granted,
        "denied" => Permission.Denied,
        "default" => Permission.Askable,
        _ => Permission.Unsupported,
    };
}
