using System.Globalization;

namespace Dapari.Web.Platform;

/// <summary>The browser around the page. Made once, after the modules were imported.</summary>
internal sealed class Browser : IBrowser, IBrowserCamera, IBrowserKeys
{
    private const string LanguageSetting = "dapari.language";
    private const string ThemeSetting = "dapari.theme";
    private readonly List<Action<KeyCall>> _keys = [];
    private Action<string>? _codes;

    public Browser(MediaLink legs, FileModules files)
    {
        Media = new BrowserMedia(legs);
        Files = new BrowserFiles(files);
        Profile = BrowserPage.Profile();
        Origin = BrowserPage.Origin();
        RegistrationCode = BrowserPage.TakeCode();
        Language = BrowserPage.Language();
        Theme = BrowserPage.ReadSetting(ThemeSetting) switch { "light" => Theme.Light, "dark" => Theme.Dark, _ => Theme.System };
        Formats = new BrowserFormats(() => Language, Clock);
        Elements = new BrowserElements();
        PageEvents.OnChanged = () => Changed?.Invoke();
        PageEvents.OnNotificationClicked = tag => NotificationClicked?.Invoke(tag);
        CameraEvents.OnFound = text => _codes?.Invoke(text);
        UpdateEvents.OnUpdateReady = () =>
        {
            IsUpdateReady = true;
            Changed?.Invoke();
        };
        KeyEvents.OnPressed = key =>
        {
            foreach (var pressed in _keys.ToArray()) pressed(key == 0 ? KeyCall.Find : KeyCall.Back);
        };
    }

    public event Action? Changed;

    public event Action<string>? NotificationClicked;

    public IBrowserFormats Formats { get; }

    public IBrowserElements Elements { get; }

    public IBrowserCamera Camera => this;

    public IBrowserMedia Media { get; }

    public IBrowserFiles Files { get; }

    public IBrowserPlayer Player { get; } = new BrowserPlayer();

    public IBrowserKeys Keys => this;

    public IBrowserWake Wake { get; } = new BrowserWake();

    public TimeProvider Clock => TimeProvider.System;

    public string Profile { get; }

    public string Origin { get; }

    public string RegistrationCode { get; }

    public string Language { get; private set; }

    public Theme Theme { get; private set; }

    public bool IsVisible => BrowserPage.IsVisible();

    public bool IsFocused => BrowserPage.IsFocused();

    public bool IsOnline => BrowserPage.IsOnline();

    public bool IsUpdateReady { get; private set; }

    public bool CanInstall => BrowserPage.CanInstall();

    public bool CanShare => BrowserPage.CanShare();

    public Permission Notifications => PermissionOf(BrowserPage.NotificationPermission());

    public bool IsSupported => BrowserPage.CameraIsSupported();

    public string LinkToProfile(string profile) => "/?profile=" + Uri.EscapeDataString(profile);

    public string? TakeInviteLink() => BrowserPage.TakeInvite() is { Length: > 0 } link ? link : null;

    public async Task<RegistrationAnswer> AskRegistrationAsync(string code) => await BrowserPage.RegistrationAsync(code) switch
    {
        "open" => RegistrationAnswer.Open,
        "invited" => RegistrationAnswer.Invited,
        "admitted" => RegistrationAnswer.Admitted,
        "closed" => RegistrationAnswer.Closed,
        _ => RegistrationAnswer.Unknown,
    };

    public void SetLanguage(string? language)
    {
        BrowserPage.WriteSetting(LanguageSetting, language);
        Language = language ?? BrowserPage.BrowserLanguages().Split(',').Select(tag => tag.Split('-')[0].ToLowerInvariant()).FirstOrDefault(tag => tag is "it" or "en") ?? "en";
        BrowserPage.SetLanguage(Language);
        Changed?.Invoke();
    }

    public void SetTheme(Theme theme)
    {
        var name = theme switch { Theme.Light => "light", Theme.Dark => "dark", _ => null };
        Theme = theme;
        BrowserPage.WriteSetting(ThemeSetting, name);
        BrowserPage.SetTheme(name ?? "");
        Changed?.Invoke();
    }

    public string? ReadSetting(string name) => BrowserPage.ReadSetting(Named(name));

    public void WriteSetting(string name, string? value) => BrowserPage.WriteSetting(Named(name), value);

    public void ApplyUpdate() => BrowserPage.ApplyUpdate();

    public Task<bool> InstallAsync() => BrowserPage.InstallAsync();

    public Task<bool> ShareAsync(string title, string text, string url) => BrowserPage.ShareAsync(title, text, url);

    public Task<bool> CopyAsync(string text) => BrowserPage.CopyAsync(text);

    public async Task<StorageFacts> ReadStorageAsync()
    {
        var parts = (await BrowserPage.StorageFactsAsync()).Split('|');
        return new StorageFacts(parts[0] == "1", Number(parts[1]), Number(parts[2]));
    }

    public Task<bool> AskPersistenceAsync() => BrowserPage.PersistAsync();

    public async Task<Permission> AskNotificationsAsync()
    {
        var answer = PermissionOf(await BrowserPage.AskNotificationsAsync());
        Changed?.Invoke();
        return answer;
    }

    public void Notify(string tag, string title, string body) => _ = BrowserPage.NotifyAsync(tag, title, body);

    public void Unnotify(string tag) => _ = BrowserPage.UnnotifyAsync(tag);

    public void SetTitle(string title, int unread) => BrowserPage.SetTitle(title, unread);

    public void Reload() => BrowserPage.Reload();

    public Task PauseAsync() => BrowserPage.PauseAsync();

    public async Task<CameraStart> StartAsync(string videoId, Action<string> found)
    {
        _codes = found;
        return await BrowserPage.CameraStartAsync(videoId) switch { 0 => CameraStart.Running, 1 => CameraStart.None, 2 => CameraStart.Denied, _ => CameraStart.Failed };
    }

    public void Stop()
    {
        _codes = null;
        BrowserPage.CameraStop();
    }

    public void SubmitOnEnter(string textareaId) => BrowserPage.SubmitOnEnter(textareaId);

    public void MoveWithArrows(string listId) => BrowserPage.MoveWithArrows(listId);

    public IDisposable Watch(Action<KeyCall> pressed)
    {
        _keys.Add(pressed);
        BrowserPage.KeysWatch(true);
        return new KeyWatch(this, pressed);
    }

    private string Named(string name) => Profile.Length == 0 ? "dapari." + name : $"dapari.{Profile}.{name}";

    private static long Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? (long)value : 0;

    private static Permission PermissionOf(string name) => name switch
    {
        "granted" => Permission.Granted,
        "denied" => Permission.Denied,
        "default" => Permission.Askable,
        _ => Permission.Unsupported,
    };

    private sealed class KeyWatch(Browser browser, Action<KeyCall> pressed) : IDisposable
    {
        public void Dispose()
        {
            browser._keys.Remove(pressed);
            if (browser._keys.Count == 0) BrowserPage.KeysWatch(false);
        }
    }
}
