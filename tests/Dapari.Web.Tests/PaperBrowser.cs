using Dapari.Web.Platform;
using Microsoft.Extensions.Time.Testing;

namespace Dapari.Web.Tests;

/// <summary>A browser of which only the page is looked at: it remembers, and nothing moves.</summary>
internal sealed class PaperBrowser : IBrowser, IBrowserFormats, IBrowserElements, IBrowserCamera, IBrowserKeys, IDisposable
{
    private readonly Dictionary<string, string?> _settings = [];

    public event Action? Changed;

    public event Action<string>? NotificationClicked;

    public Action<KeyCall>? Pressed { get; private set; }

    public List<string> Notified { get; } = [];

    public string Title { get; private set; } = "";

    public int Badge { get; private set; }

    public IBrowserFormats Formats => this;

    public IBrowserElements Elements => this;

    public IBrowserCamera Camera => this;

    public IBrowserKeys Keys => this;

    public PaperMedia Devices { get; } = new();

    public IBrowserMedia Media => Devices;

    public PaperFiles Drawer { get; } = new();

    public IBrowserFiles Files => Drawer;

    public IBrowserPlayer Player => Drawer;

    public IBrowserWake Wake { get; } = new PaperWake();

    public TimeProvider Clock { get; } = new FakeTimeProvider();

    public string Profile { get; init; } = "";

    public string Origin => "https://home.example";

    public string Language { get; private set; } = "en";

    public Theme Theme { get; private set; }

    public bool IsVisible { get; set; } = true;

    public bool IsFocused { get; set; } = true;

    public bool IsOnline { get; set; } = true;

    public bool IsUpdateReady => false;

    public bool CanInstall => false;

    public bool CanShare => false;

    public bool IsSupported => false;

    public Permission Notifications { get; set; } = Permission.Granted;

    public string? InviteLink { get; set; }

    public string LinkToProfile(string profile) => "/?profile=" + profile;

    public string RegistrationCode { get; set; } = "";

    /// <summary>What the server says to a code.</summary>
    public Func<string, RegistrationAnswer> Registration { get; set; } = _ => RegistrationAnswer.Open;

    public Task<RegistrationAnswer> AskRegistrationAsync(string code) => Task.FromResult(Registration(code));

    public string? TakeInviteLink() => InviteLink;

    public void SetLanguage(string? language)
    {
        Language = language ?? "en";
        Changed?.Invoke();
    }

    public void SetTheme(Theme theme)
    {
        Theme = theme;
        Changed?.Invoke();
    }

    public void Click(string tag) => NotificationClicked?.Invoke(tag);

    public string? ReadSetting(string name) => _settings.GetValueOrDefault(name);

    public void WriteSetting(string name, string? value) => _settings[name] = value;

    public void ApplyUpdate() => Reload();

    public Task PauseAsync() => Task.CompletedTask;

    public Task<bool> InstallAsync() => Task.FromResult(false);

    public Task<bool> ShareAsync(string title, string text, string url) => Task.FromResult(false);

    public Task<bool> CopyAsync(string text) => Task.FromResult(true);

    public Task<StorageFacts> ReadStorageAsync() => Task.FromResult(new StorageFacts(true, 1, 2));

    public Task<bool> AskPersistenceAsync() => Task.FromResult(true);

    public Task<Permission> AskNotificationsAsync() => Task.FromResult(Notifications);

    public void Notify(string tag, string title, string body) => Notified.Add(title + ": " + body);

    public List<string> Unnotified { get; } = [];

    public void Unnotify(string tag)
    {
        Unnotified.Add(tag);
        Notified.RemoveAll(n => n.StartsWith(tag, StringComparison.Ordinal));
    }

    public void SetTitle(string title, int unread) => (Title, Badge) = (title, unread);

    public void Reload() => Changed?.Invoke();

    public string Time(ulong atMs) => $"t{atMs}";

    public string Day(ulong atMs) => $"d{atMs}";

    public string Brief(ulong atMs) => $"b{atMs}";

    public string Full(ulong atMs) => $"f{atMs}";

    public long DayNumber(ulong atMs) => (long)(atMs / 86_400_000);

    public string Duration(ulong milliseconds) => $"{milliseconds} ms";

    public string Relative(ulong atMs) => $"r{atMs}";

    public string Number(long value) => $"{value}";

    public string Size(ulong bytes) => $"{bytes} B";

    public void Focus(string id) => _settings["focus"] = id;

    public void FocusIfNone(string id) => _settings.TryAdd("focus", id);

    public void Select(string id) => _settings["select"] = id;

    public void SetValue(string id, string value) => _settings["value/" + id] = value;

    public void FitHeight(string id, int maximumPixels) => _settings["fit"] = id;

    public void ScrollToEnd(string scrollerId, bool smooth) => _settings["end"] = scrollerId;

    public void ScrollTo(string id, bool smooth) => _settings["scroll"] = id;

    public void HoldAnchor(string scrollerId) => _settings["anchor"] = scrollerId;

    public void RestoreAnchor(string scrollerId) => _settings["anchor"] = null;

    public IDisposable WatchScroll(string scrollerId, Action<ScrollFacts> changed) => this;

    public IDisposable WatchWidth(int minimumPixels, Action<bool> changed) => this;

    public Task<CameraStart> StartAsync(string videoId, Action<string> found) => Task.FromResult(CameraStart.None);

    public void Stop() => _settings["camera"] = null;

    public void SubmitOnEnter(string textareaId) => _settings["submit"] = textareaId;

    public void MoveWithArrows(string listId) => _settings["arrows"] = listId;

    public IDisposable Watch(Action<KeyCall> pressed)
    {
        Pressed = pressed;
        return this;
    }

    public void Dispose() => Pressed = null;
}
