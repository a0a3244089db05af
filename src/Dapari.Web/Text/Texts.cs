using Dapari.Peer.Local;

namespace Dapari.Web.Text;

/// <summary>Every sentence of the screens in one language. A text that is missing does not compile.</summary>
public sealed record Texts
{
    /// <summary>What is said in many places.</summary>
    public required CommonTexts Common { get; init; }

    /// <summary>First start.</summary>
    public required StartTexts Start { get; init; }

    /// <summary>The list and search.</summary>
    public required ListTexts List { get; init; }

    /// <summary>The conversation.</summary>
    public required ChatTexts Chat { get; init; }

    /// <summary>Invites.</summary>
    public required InviteTexts Invite { get; init; }

    /// <summary>A contact's page.</summary>
    public required ContactTexts Contact { get; init; }

    /// <summary>A message's details.</summary>
    public required MessageTexts Message { get; init; }

    /// <summary>Calls.</summary>
    public required CallTexts Call { get; init; }

    /// <summary>Files.</summary>
    public required FileTexts File { get; init; }

    /// <summary>Settings.</summary>
    public required SettingsTexts Settings { get; init; }

    /// <summary>"How it travels".</summary>
    public required JourneyTexts Journey { get; init; }

    /// <summary>The ways and their reasons.</summary>
    public required WayTexts Ways { get; init; }

    /// <summary>What keeps the app itself from working.</summary>
    public required TroubleTexts Trouble { get; init; }

    /// <summary>What did not work, what it means and what to do.</summary>
    public required Func<CommandRefusal, string> Refusal { get; init; }

    /// <summary>English.</summary>
    public static Texts English { get; } = new()
    {
        Common = CommonTexts.English,
        Start = StartTexts.English,
        List = ListTexts.English,
        Chat = ChatTexts.English,
        Invite = InviteTexts.English,
        Contact = ContactTexts.English,
        Message = MessageTexts.English,
        Call = EnglishCallTexts.Make(),
        File = new EnglishFileTexts(),
        Settings = SettingsTexts.English,
        Journey = JourneyTexts.English,
        Ways = new EnglishWayTexts(),
        Trouble = TroubleTexts.English,
        Refusal = RefusalTexts.English,
    };

    /// <summary>Italian.</summary>
    public static Texts Italian { get; } = new()
    {
        Common = CommonTexts.Italian,
        Start = StartTexts.Italian,
        List = ListTexts.Italian,
        Chat = ChatTexts.Italian,
        Invite = InviteTexts.Italian,
        Contact = ContactTexts.Italian,
        Message = MessageTexts.Italian,
        Call = ItalianCallTexts.Make(),
        File = new ItalianFileTexts(),
        Settings = SettingsTexts.Italian,
        Journey = JourneyTexts.Italian,
        Ways = new ItalianWayTexts(),
        Trouble = TroubleTexts.Italian,
        Refusal = RefusalTexts.Italian,
    };

    /// <summary>"it" gives Italian, anything else English.</summary>
    public static Texts Of(string language) => language == "it" ? Italian : English;
}
