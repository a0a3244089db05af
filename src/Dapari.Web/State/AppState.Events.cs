using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.Text;
using Dapari.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Components.Routing;

namespace Dapari.Web.State;

/// <summary>What the peer, the browser and the address bar tell.</summary>
public sealed partial class AppState
{
    private string Query => Browser.Profile.Length == 0 ? "" : "?profile=" + Browser.Profile;

    private void OnNotice(Notice notice)
    {
        foreach (var change in notice.Messages)
        {
            if (change.Arrived) TellArrival(change.Record);
        }

        ResumeHeld();
        if (notice.Snapshot is not null) Calls.Follow();
        Files.Follow(notice);
        if (notice.Snapshot is not null) Wake.Follow();
        Noticed?.Invoke(notice);
        if (notice.Messages.Count != 0)
        {
            _ = SettleSoonAsync();
        }
        else if (notice.Snapshot is not null)
        {
            Settle();
            Changed?.Invoke();
        }
    }

    // A message is on screen before everything around it is drawn anew.
    private async Task SettleSoonAsync()
    {
        if (_settling) return;
        _settling = true;
        await Browser.PauseAsync();
        _settling = false;
        if (_disposed) return;
        Settle();
        Changed?.Invoke();
    }

    private void OnBrowser()
    {
        if (!ReferenceEquals(T, Texts.Of(Browser.Language)))
        {
            T = Texts.Of(Browser.Language);
            _ = Wake.KeepWordsAsync();
        }

        // Who leaves the page has not taken it back: it is done now, as it may be the last moment.
        if (!Browser.IsVisible && Toasts.Current is { CanUndo: true }) _ = Toasts.SettleAsync();
        Settle();
        Changed?.Invoke();
    }

    private void OnLocation(object? sender, LocationChangedEventArgs e)
    {
        Place = Place.Read(new Uri(e.Location));
        if (Browser.TakeInviteLink() is { } link)
        {
            InviteLink = link;
            if (Snapshot.Self is not null) Place = new Place(PlaceKind.OpenInvite);
        }

        IsPaletteOpen = false;
        if (Calls.Choosing is not null) Calls.Choose(null);
        Settle();
        Changed?.Invoke();
    }

    private void OnNotificationClicked(string tag)
    {
        if (tag.Length == 32 && Place.Read(new Uri(new Uri(Browser.Origin), "/c/" + tag)) is { Kind: PlaceKind.Conversation } place) Go(place);
    }

    private void OnKey(KeyCall key)
    {
        switch (key)
        {
            case KeyCall.Find:
                ShowPalette(!IsPaletteOpen);
                break;
            case KeyCall.Back when IsPaletteOpen:
                ShowPalette(false);
                break;
            case KeyCall.Back when Calls.Choosing is not null:
                Calls.Choose(null);
                break;
            case KeyCall.Back when Files.Back():
                break;
            case KeyCall.Back when Place.Kind == PlaceKind.Call:
                LeaveCallScreen();
                break;
            case KeyCall.Back when Place.Kind != PlaceKind.List:
                Go(Place.Parent);
                break;
        }
    }

    /// <summary>Back to messages; the call goes on.</summary>
    public void LeaveCallScreen()
    {
        if (Calls.Ended is not null) Calls.Dismiss();
        else Go(Calls.Call is { } call && ContactId.TryRead(call.ContactId, out var id) ? new Place(PlaceKind.Conversation, id) : Place.Home);
    }

    // A newcomer's message never comes here: the engine shows a request only.
    private void TellArrival(MessageRecord record)
    {
        if (!ContactId.TryRead(record.ContactId, out var id) || Find(id) is not { } contact) return;
        var text = ChatRows.Preview(record, T);
        Announcement = T.Chat.MessageFrom(contact.Name, text);
        var onScreen = Browser.IsFocused && Place.HasConversation && Place.Contact == id;
        if (!onScreen && Browser.Notifications == Permission.Granted) Browser.Notify(id.ToString(), contact.Name, text);
    }

    // The title, the badge, and which conversation wants a direct path.
    private void Settle()
    {
        var unread = 0;
        foreach (var contact in Snapshot.Contacts) unread += (int)Math.Min(contact.Unread, 9999);
        var name = Place.HasConversation ? Find(Place.Contact)?.Name : null;
        Browser.SetTitle(name is null ? "Dapari" : name + " · Dapari", unread);

        var active = Place.HasConversation && Browser.IsVisible && name is not null ? Place.Contact.ToByteString() : ByteString.Empty;
        if (active.Equals(_active) || Snapshot.Self is null) return;
        _active = active;
        if (!active.IsEmpty) Browser.Unnotify(Place.Contact.ToString());
        _ = Peer.ExecuteAsync(new Command { SetActiveConversation = new SetActiveConversation { ContactId = active } }, CancellationToken.None);
    }
}
