using System.Runtime.InteropServices.JavaScript;
using Dapari.Web.Platform;

namespace Dapari.Web.Demo;

internal sealed partial class DemoBrowser : IBrowser, IBrowserFormats, IBrowserElements, IBrowserCamera, IBrowserKeys
{
    private readonly Dictionary<string, string?> _settings = [];

    public DemoBrowser()
    {
        Query = Call("query", "", "");
        Language = Query.Contains("lang=en", StringComparison.Ordinal) ? "en" : "it";
        Call("language", Language, "");
        if (Query.Contains("dark", StringComparison.Ordinal)) SetTheme(Theme.Dark);
        else if (Query.Contains("light", StringComparison.Ordinal)) SetTheme(Theme.Light);
    }

    public string Query { get; }
    public IBrowserFormats Formats => this;
    public IBrowserElements Elements => this;
    public IBrowserCamera Camera => this;
    public IBrowserKeys Keys => this;
    public IBrowserMedia Media { get; } = new DemoMedia();
    public DemoFiles Drawer { get; } = new();
    public IBrowserFiles Files => Drawer;
    public IBrowserPlayer Player => Drawer;

    public IBrowserWake Wake { get; } = new DemoWake();
    public TimeProvider Clock => TimeProvider.System;
    public string Profile => "";
    public string Origin => "https://dapari.example";
    public string Language { get; private set; }
    public Theme Theme { get; private set; }
    public bool IsVisible => true;
    public bool IsFocused => true;
    public bool IsOnline => true;
    public bool IsUpdateReady => false;
    public bool CanInstall => true;
    public bool CanShare => true;
    public bool IsSupported => true;
    public Permission Notifications => Permission.Askable;

    public event Action? Changed;
    public event Action<string>? NotificationClicked { add { } remove { } }

    public string LinkToProfile(string profile) => "/?profile=" + profile;
    public string RegistrationCode => "";

    public Task<RegistrationAnswer> AskRegistrationAsync(string code) => Task.FromResult(RegistrationAnswer.Open);

    public string? TakeInviteLink() => null;
    public void SetLanguage(string? language)
    {
        Language = language ?? "it";
        Call("language", Language, "");
        Changed?.Invoke();
    }

    public void SetTheme(Theme theme)
    {
        Theme = theme;
        Call("theme", theme.ToString().ToLowerInvariant(), "");
        Changed?.Invoke();
    }

    public string? ReadSetting(string name) => _settings.GetValueOrDefault(name);
    public void WriteSetting(string name, string? value) => _settings[name] = value;
    public void ApplyUpdate() { }
    public Task<bool> InstallAsync() => Task.FromResult(false);
    public Task<bool> ShareAsync(string title, string text, string url) => Task.FromResult(true);
    public Task<bool> CopyAsync(string text) => Task.FromResult(true);
    public Task<StorageFacts> ReadStorageAsync() => Task.FromResult(new StorageFacts(false, 3_200_000, 12_000_000_000));
    public Task<bool> AskPersistenceAsync() => Task.FromResult(false);
    public Task<Permission> AskNotificationsAsync() => Task.FromResult(Permission.Denied);
    public void Notify(string tag, string title, string body) { }
    public void Unnotify(string tag) { }
    public void SetTitle(string title, int unread) => Call("title", title, "");
    public void Reload() { }
    public Task PauseAsync() => Task.CompletedTask;

    public string Time(ulong atMs) => Format("time", atMs, Language);
    public string Day(ulong atMs) => Format("day", atMs, Language);
    public string Brief(ulong atMs) => Format("brief", atMs, Language);
    public string Full(ulong atMs) => Format("full", atMs, Language);
    public long DayNumber(ulong atMs) => long.Parse(Format("number", atMs, Language));
    public string Duration(ulong ms) => ms < 1000 ? $"{ms} ms" : ms < 60000 ? $"{ms / 1000} s" : ms < 3600000 ? $"{ms / 60000} min" : $"{ms / 3600000} h {ms / 60000 % 60} min";
    public string Relative(ulong atMs) => Format("relative", atMs, Language);
    public string Number(long value) => Call("numberText", value.ToString(), Language);
    public string Size(ulong bytes) => bytes > 1_000_000_000 ? $"{bytes / 1_000_000_000} GB" : $"{bytes / 100_000 / 10.0} MB";

    public void Focus(string id) => Call("focus", id, "");

    public void FocusIfNone(string id) => Call("focusIfNone", id, "");
    public void Select(string id) => Call("select", id, "");
    public void SetValue(string id, string value) => Call("setValue", id, value);

    public void FitHeight(string id, int maximumPixels) => Call("fit", id, maximumPixels.ToString());
    public void ScrollToEnd(string scrollerId, bool smooth) => Call("toEnd", scrollerId, "");
    public void ScrollTo(string id, bool smooth) => Call("scrollTo", id, "");
    public void HoldAnchor(string scrollerId) => Call("hold", scrollerId, "");
    public void RestoreAnchor(string scrollerId) => Call("restore", scrollerId, "");

    public IDisposable WatchScroll(string scrollerId, Action<ScrollFacts> changed)
    {
        WatchScroller(scrollerId, text =>
        {
            var p = text.Split('|');
            changed(new ScrollFacts(p[0] == "1", p[1] == "1", p[2] == "1", p[3].Length == 0 ? null : p[3], p[4].Length == 0 ? null : p[4]));
        });
        return new Nothing();
    }

    public IDisposable WatchWidth(int minimumPixels, Action<bool> changed)
    {
        changed(Call("wide", minimumPixels.ToString(), "") == "1");
        return new Nothing();
    }

    public Task<CameraStart> StartAsync(string videoId, Action<string> found) => Task.FromResult(CameraStart.Denied);
    public void Stop() { }
    public void SubmitOnEnter(string textareaId) => Call("submitOnEnter", textareaId, "");
    public void MoveWithArrows(string listId) => Call("arrows", listId, "");

    public IDisposable Watch(Action<KeyCall> pressed)
    {
        WatchKeys(k => pressed(k == "find" ? KeyCall.Find : KeyCall.Back));
        return new Nothing();
    }

    internal static void Level(string id) => Call("level", id, "");

    internal static void Paint(string id, string what) => Call("paint", id, what);

    [JSImport("call", "demo")]
    private static partial string Call(string name, string a, string b);

    [JSImport("format", "demo")]
    private static partial string FormatNumber(string kind, double at, string language);

    [JSImport("watchScroll", "demo")]
    private static partial void WatchScroller(string id, [JSMarshalAs<JSType.Function<JSType.String>>] Action<string> changed);

    [JSImport("watchKeys", "demo")]
    private static partial void WatchKeys([JSMarshalAs<JSType.Function<JSType.String>>] Action<string> pressed);

    private static string Format(string kind, ulong at, string language) => FormatNumber(kind, at, language);

    private sealed class Nothing : IDisposable
    {
        public void Dispose() { }
    }
}
