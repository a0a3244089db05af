using Dapari.Wire;

namespace Dapari.Web.State;

/// <summary>What a screen is about.</summary>
public enum PlaceKind
{
    /// <summary>The list of conversations.</summary>
    List,

    /// <summary>One conversation.</summary>
    Conversation,

    /// <summary>The page of a contact.</summary>
    Contact,

    /// <summary>How one message went.</summary>
    Message,

    /// <summary>Making invites.</summary>
    Invite,

    /// <summary>Somebody's invite link was opened.</summary>
    OpenInvite,

    /// <summary>Settings.</summary>
    Settings,

    /// <summary>How it travels.</summary>
    Ways,

    /// <summary>Search over messages.</summary>
    Search,

    /// <summary>The call under way.</summary>
    Call,

    /// <summary>Files under way.</summary>
    Transfers,
}

/// <summary>Where the person is: read from the address bar, so that the system's back works.</summary>
/// <param name="Kind">The screen.</param>
/// <param name="Contact">The conversation, where the screen has one.</param>
/// <param name="Message">The message, where the screen is about one.</param>
public sealed record Place(PlaceKind Kind, ContactId Contact = default, MessageId Message = default)
{
    /// <summary>The start.</summary>
    public static Place Home { get; } = new(PlaceKind.List);

    /// <summary>Reads an absolute address; what is not understood is the list.</summary>
    public static Place Read(Uri address)
    {
        var parts = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["invite"] => new Place(PlaceKind.Invite),
            ["i"] => new Place(PlaceKind.OpenInvite),
            ["settings"] => new Place(PlaceKind.Settings),
            ["ways"] => new Place(PlaceKind.Ways),
            ["search"] => new Place(PlaceKind.Search),
            ["call"] => new Place(PlaceKind.Call),
            ["files"] => new Place(PlaceKind.Transfers),
            ["c", var contact] when ReadContact(contact) is { } c => new Place(PlaceKind.Conversation, c),
            ["c", var contact, "details"] when ReadContact(contact) is { } c => new Place(PlaceKind.Contact, c),
            ["c", var contact, "m", var message] when ReadContact(contact) is { } c && ReadMessage(message) is { } m => new Place(PlaceKind.Message, c, m),
            _ => Home,
        };
    }

    /// <summary>The path within the application, without query.</summary>
    public string Path => Kind switch
    {
        PlaceKind.Conversation => $"/c/{Contact}",
        PlaceKind.Contact => $"/c/{Contact}/details",
        PlaceKind.Message => $"/c/{Contact}/m/{Message}",
        PlaceKind.Invite => "/invite",
        PlaceKind.OpenInvite => "/i",
        PlaceKind.Settings => "/settings",
        PlaceKind.Ways => "/ways",
        PlaceKind.Search => "/search",
        PlaceKind.Call => "/call",
        PlaceKind.Transfers => "/files",
        _ => "/",
    };

    /// <summary>Where Esc and the back arrow lead.</summary>
    public Place Parent => Kind switch
    {
        PlaceKind.Contact or PlaceKind.Message => new Place(PlaceKind.Conversation, Contact),
        _ => Home,
    };

    /// <summary>Whether this is the list, a main pane or a details pane.</summary>
    public string Depth => Kind switch
    {
        PlaceKind.List => "at-list",
        PlaceKind.Contact or PlaceKind.Message => "at-details",
        _ => "at-main",
    };

    /// <summary>Whether a conversation is (also) on the screen.</summary>
    public bool HasConversation => Kind is PlaceKind.Conversation or PlaceKind.Contact or PlaceKind.Message;

    private static ContactId? ReadContact(string hex) => TryHex(hex) is { } bytes && ContactId.TryRead(bytes, out var id) ? id : null;

    private static MessageId? ReadMessage(string hex) => TryHex(hex) is { } bytes && MessageId.TryRead(bytes, out var id) ? id : null;

    private static byte[]? TryHex(string hex)
    {
        if (hex.Length != 32) return null;
        var bytes = new byte[16];
        return Convert.FromHexString(hex, bytes, out _, out _) == System.Buffers.OperationStatus.Done ? bytes : null;
    }
}
