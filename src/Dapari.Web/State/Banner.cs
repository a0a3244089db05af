using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Text;

namespace Dapari.Web.State;

/// <summary>What a banner's button does.</summary>
public enum BannerAction
{
    /// <summary>No button.</summary>
    None,

    /// <summary>Try the server now.</summary>
    Retry,

    /// <summary>Unblock the person.</summary>
    Unblock,

    /// <summary>Answer the request.</summary>
    Request,
}

/// <summary>The one sentence above a conversation that matters most now.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Action">The button.</param>
/// <param name="CanWrite">Whether the composer is shown.</param>
public sealed record Banner(string Text, BannerAction Action, bool CanWrite)
{
    /// <summary>The banner for a contact, or null when all is well.</summary>
    public static Banner? Of(ContactView contact, bool serverAway, Texts t)
    {
        var open = contact.Path?.State == PathState.Open;
        return contact.State switch
        {
            ContactState.Asking => new(t.List.WantsContact(contact.Name), BannerAction.Request, false),
            ContactState.Blocked => new(t.Chat.BlockedBanner(contact.Name), BannerAction.Unblock, false),
            ContactState.Inviting or ContactState.Asked or ContactState.Declined when contact.InviteGone =>
                new(t.Chat.InviteGone, BannerAction.None, false),
            ContactState.Declined => new(t.Chat.DeclinedBanner(contact.Name), BannerAction.None, false),
            ContactState.Inviting => new(t.Chat.WaitInvite(contact.Name), serverAway ? BannerAction.Retry : BannerAction.None, true),
            ContactState.Asked => new(t.Chat.WaitAccept(contact.Name), BannerAction.None, true),
            _ when serverAway && open => new(t.Chat.ServerAwayDirect(contact.Name), BannerAction.Retry, true),
            _ when serverAway => new(t.Chat.ServerAway, BannerAction.Retry, true),
            _ when contact.EffectivePolicy == Policy.DirectOnly && !open => new(t.Chat.WaitDirect(contact.Name), BannerAction.None, true),
            _ => null,
        };
    }
}
