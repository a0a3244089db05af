using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.Text;
using Dapari.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Components;

namespace Dapari.Web.State;

/// <summary>
/// What all screens share: the peer, the browser, the place in the address bar, the language, notices. One for the page; used on the
/// user interface's thread.
/// </summary>
public sealed partial class AppState : IDisposable
{
    private readonly NavigationManager _navigation;
    private readonly HashSet<ByteString> _hidden = [];
    private readonly IDisposable _keys;
    private ByteString _active = ByteString.Empty;
    private bool _settling;
    private bool _disposed;

    /// <summary>Begins to listen to all of them.</summary>
    public AppState(IPeerClient peer, IBrowser browser, NavigationManager navigation, RandomSource random)
    {
        Peer = peer;
        Browser = browser;
        Random = random;
        _navigation = navigation;
        T = Texts.Of(browser.Language);
        Place = Place.Read(new Uri(navigation.Uri));
        InviteLink = browser.TakeInviteLink();
        if (InviteLink is not null && peer.Snapshot.Self is not null) Place = new Place(PlaceKind.OpenInvite);
        Toasts = new Toasts(browser.Clock);
        _heldBack = new HeldBack(browser);
        Calls = new LiveCalls(this);
        Files = new LiveFiles(this);
        Wake = new LiveWake(this);
        peer.Changed += OnNotice;
        browser.Changed += OnBrowser;
        browser.NotificationClicked += OnNotificationClicked;
        navigation.LocationChanged += OnLocation;
        _keys = browser.Keys.Watch(OnKey);
        Calls.Follow();
        Files.Follow(new Notice { Snapshot = Snapshot });
        Wake.Follow();
        Settle();
        ResumeHeld();
        _ = Files.AskSharedAsync();
    }

    /// <summary>The peer.</summary>
    public IPeerClient Peer { get; }

    /// <summary>The browser.</summary>
    public IBrowser Browser { get; }

    /// <summary>For message ids.</summary>
    public RandomSource Random { get; }

    /// <summary>The sentences in the person's language.</summary>
    public Texts T { get; private set; }

    /// <summary>Where the person is.</summary>
    public Place Place { get; private set; }

    /// <summary>The small state of the peer.</summary>
    public Snapshot Snapshot => Peer.Snapshot;

    /// <summary>Times and numbers.</summary>
    public IBrowserFormats Formats => Browser.Formats;

    /// <summary>Notices and what can be undone.</summary>
    public Toasts Toasts { get; }

    /// <summary>Calls.</summary>
    public LiveCalls Calls { get; }

    /// <summary>Files.</summary>
    public LiveFiles Files { get; }

    /// <summary>Being woken while the app is closed.</summary>
    public LiveWake Wake { get; }

    /// <summary>The invite that the page was opened with, until it was used.</summary>
    public string? InviteLink { get; set; }

    /// <summary>What a screen reader is told next.</summary>
    public string Announcement { get; private set; } = "";

    /// <summary>Whether the palette (Ctrl+K) is open.</summary>
    public bool IsPaletteOpen { get; private set; }

    /// <summary>Raised when a screen may look different: place, language, snapshot, what is hidden.</summary>
    public event Action? Changed;

    /// <summary>Raised for new and changed messages.</summary>
    public event Action<Notice>? Noticed;

    /// <summary>The link to a place, keeping which profile this is.</summary>
    public string Href(Place place) => place.Path + Query;

    /// <summary>Goes to a place.</summary>
    public void Go(Place place, bool replace = false) => _navigation.NavigateTo(Href(place), forceLoad: false, replace);

    /// <summary>Goes to an address that <see cref="Href"/> made.</summary>
    public void GoTo(string href) => _navigation.NavigateTo(href);

    /// <summary>The person with this id, if still there.</summary>
    public ContactView? Find(ContactId id)
    {
        foreach (var contact in Snapshot.Contacts)
        {
            if (ContactId.TryRead(contact.Id, out var other) && other == id) return contact;
        }

        return null;
    }

    /// <summary>People with a conversation, newest first.</summary>
    public IEnumerable<ContactView> Conversations => Snapshot.Contacts.Where(c => c.State != ContactState.Asking && !_hidden.Contains(c.Id));

    /// <summary>People who ask.</summary>
    public IEnumerable<ContactView> Requests => Snapshot.Contacts.Where(c => c.State == ContactState.Asking && !_hidden.Contains(c.Id));

    /// <summary>The invites that still work.</summary>
    public IEnumerable<InviteView> Invites => Snapshot.Invites.Where(i => !i.Revoked && !_hidden.Contains(i.Id));

    /// <summary>The home server, if known.</summary>
    public ServerView? Home => Snapshot.Servers.FirstOrDefault(s => s.Home);

    /// <summary>Whether the home server does not answer.</summary>
    public bool IsServerAway => Home is { State: ServerState.Offline };

    /// <summary>Carries out a command; what is refused is said. True when it was done.</summary>
    public async Task<bool> DoAsync(Command command) => await TryAsync(command) is not null;

    /// <summary>Carries out a command; what is refused is said and gives null.</summary>
    public async Task<CommandResult?> TryAsync(Command command)
    {
        var result = await Peer.ExecuteAsync(command, CancellationToken.None);
        if (result.Refusal == CommandRefusal.Unspecified) return result;
        Toasts.Fail(T.Refusal(result.Refusal));
        return null;
    }

    /// <summary>Tells a screen reader once, politely.</summary>
    public void Announce(string text)
    {
        // The same sentence twice would not be a change; a no-break space at the end makes it one.
        Announcement = Announcement == text ? text + "\u00a0" : text;
        Changed?.Invoke();
    }

    /// <summary>Something outside of the snapshot changed what screens show.</summary>
    internal void Redraw() => Changed?.Invoke();

    /// <summary>Opens or closes the palette.</summary>
    public void ShowPalette(bool open)
    {
        if (IsPaletteOpen == open) return;
        IsPaletteOpen = open;
        Changed?.Invoke();
    }

    /// <summary>What was begun to be written to somebody.</summary>
    public string ReadDraft(ContactId contact) => Browser.ReadSetting("draft/" + contact) ?? "";

    /// <summary>Keeps it.</summary>
    public void KeepDraft(ContactId contact, string text) => Browser.WriteSetting("draft/" + contact, text.Length == 0 ? null : text);

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Peer.Changed -= OnNotice;
        Browser.Changed -= OnBrowser;
        Browser.NotificationClicked -= OnNotificationClicked;
        _navigation.LocationChanged -= OnLocation;
        _keys.Dispose();
        Calls.Dispose();
        Files.Dispose();
        Toasts.Dispose();
        foreach (var timer in _overdue) timer.Dispose();
    }
}
