using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

/// <summary>Calls.</summary>
public abstract record CallTexts
{
    public required string Voice { get; init; }

    public required string Video { get; init; }

    public required Func<string, string> CallByVoice { get; init; }

    public required Func<string, string> CallByVideo { get; init; }

    public required Func<string, string> CallAgain { get; init; }

    public required string IncomingVoice { get; init; }

    public required string IncomingVideo { get; init; }

    public required Func<string, string> CallsYou { get; init; }

    public required Func<string, string> NotifyTitle { get; init; }

    public required string NotifyText { get; init; }

    public required string Answer { get; init; }

    public required string AnswerWithVideo { get; init; }

    public required string AnswerWithoutCamera { get; init; }

    public required string AnswerWithoutMicrophone { get; init; }

    public required string CallWithoutMicrophone { get; init; }

    public required string Decline { get; init; }

    public required string Calling { get; init; }

    public required string Ringing { get; init; }

    public required string Connecting { get; init; }

    public required Func<string, string> Connected { get; init; }

    public required Func<string, string> Reconnecting { get; init; }

    public required string Mute { get; init; }

    public required string Unmute { get; init; }

    public required string CameraOn { get; init; }

    public required string CameraOff { get; init; }

    public required string SwitchCamera { get; init; }

    public required string ScreenOn { get; init; }

    public required string ScreenOff { get; init; }

    public required Func<string, string> TheirScreen { get; init; }

    public required string YourScreen { get; init; }

    public required string Devices { get; init; }

    public required string Details { get; init; }

    public required string FloatAbove { get; init; }

    public required string HangUp { get; init; }

    public required string Minimise { get; init; }

    public required string Return { get; init; }

    public required Func<string, string> InCall { get; init; }

    public required Func<string, string> ElsewhereCall { get; init; }

    public required string InAnotherTab { get; init; }

    public required string Muted { get; init; }

    public required Func<string, string> TheyMuted { get; init; }

    public required string You { get; init; }

    public required string OwnPicture { get; init; }

    public required Func<string, string> TheirPicture { get; init; }

    public required string TurnOnSound { get; init; }

    public required string SoundRefused { get; init; }

    public required string TryAgain { get; init; }

    public required string GoOnWithoutCamera { get; init; }

    public required string ChooseAnother { get; init; }

    public required string AddPerson { get; init; }

    public required string CallSeveral { get; init; }

    public required string WhoElse { get; init; }

    public required Func<string, string> AddChosen { get; init; }

    public required string NobodyToAdd { get; init; }

    public required Func<string, string> Joined { get; init; }

    public required Func<string, string> Speaks { get; init; }

    public required string AnswerByServer { get; init; }

    public required string AnswerDirectly { get; init; }

    public required string CallDirectly { get; init; }

    public required Func<string, string> NoRelay { get; init; }

    public required Func<string, string> BroughtIn { get; init; }

    /// <summary>The end of a line about the way.</summary>
    public required Func<string, string> NotInContact { get; init; }

    public required Func<string, string> People { get; init; }

    public required string Check { get; init; }

    public required string CheckHint { get; init; }

    public required string Microphone { get; init; }

    public required string Camera { get; init; }

    public required string Speaker { get; init; }

    public required string Level { get; init; }

    public required string TrySpeaker { get; init; }

    public required string ShowCamera { get; init; }

    public required string Begin { get; init; }

    public required string Stop { get; init; }

    public required string BrowserChooses { get; init; }

    public required string PolicyTitle { get; init; }

    public required string PolicyDefaultTitle { get; init; }

    public required string ByRule { get; init; }

    public required string ByRuleHint { get; init; }

    public required Func<string, string> ServerOnlyHint { get; init; }

    public required Func<string, string> NotVerifiedWhy { get; init; }

    public required string WayNow { get; init; }

    public required string WayForThisCall { get; init; }

    public required Func<string, string> FindingWay { get; init; }

    public required string Quality { get; init; }

    public required string Loss { get; init; }

    public required string Jitter { get; init; }

    public required string RoundTrip { get; init; }

    public required string Bitrate { get; init; }

    public required string Resolution { get; init; }

    public required string NoPicture { get; init; }

    public required string Codecs { get; init; }

    public required string Plot { get; init; }

    public required string NotMeasured { get; init; }

    public required string Sealed { get; init; }

    public required string EntryTitle { get; init; }

    public required string Talked { get; init; }

    public required string WayShares { get; init; }

    public required string NoWayTaken { get; init; }

    public required string Section { get; init; }

    public required string TheOther { get; init; }

    /// <summary>Why a device did not open, what it means and what to do.</summary>
    public abstract string Refused(MediaKind kind, MediaRefusal refusal);

    /// <summary>What happened to a device in use.</summary>
    public abstract string Lost(MediaKind kind, MediaLoss loss);

    /// <summary>Both ways exclude each other, and what can be done.</summary>
    /// <param name="name">The other.</param>
    /// <param name="byServer">The way on is through the server; otherwise directly.</param>
    public abstract string WaysExclude(string name, bool byServer);

    /// <summary>The ways in a call of several: with whom directly, with whom through the server.</summary>
    public abstract string WaysOf(IReadOnlyList<string> direct, IReadOnlyList<string> relay);

    /// <summary>People in a sentence.</summary>
    public abstract string Names(IReadOnlyList<string> names);

    /// <summary>What the policy means for a call with them: one, or several.</summary>
    public abstract string AutomaticHint(string names, bool several);

    /// <inheritdoc cref="AutomaticHint"/>
    public abstract string DirectOnlyHint(string names, bool several);

    /// <summary>Who they are, while they can be taken in at a glance; else how many.</summary>
    protected string NamesOrCount(IReadOnlyList<string> names) => names.Count <= 2 ? Names(names) : names.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Why there is no connection with one of several, while the others go on.</summary>
    public abstract string Obstacle(LegObstacle obstacle, string name, string bringer);

    /// <summary>That one of several is no longer, or not, there.</summary>
    public abstract string Gone(CallOutcome outcome, string name);

    /// <summary>The live way in one line: "Direct: Alice ⇄ Bob, same network, 3 ms".</summary>
    /// <param name="route">Direct or relay.</param>
    /// <param name="me">This person.</param>
    /// <param name="them">The other.</param>
    /// <param name="network">Where both are.</param>
    /// <param name="roundTrip">With its unit, or empty.</param>
    /// <param name="reason">Why.</param>
    /// <param name="ownServer">Whether the server in between is this person's own.</param>
    public abstract string WayLine(Route route, string me, string them, Network network, string roundTrip, Reason reason, bool ownServer);

    /// <summary>Why a call went that way, for the details of an entry. The record is written from the caller's view.</summary>
    public abstract string Because(Route route, Reason reason, bool outgoing, string name);

    /// <summary>How a call ended, for its entry; the length is told where it was talked.</summary>
    public abstract string Outcome(CallOutcome outcome, bool outgoing, string length);

    /// <summary>How a call ended, in a whole sentence, for who was in it.</summary>
    public abstract string OutcomeSentence(CallOutcome outcome, bool outgoing, string name);

    /// <summary>A length in hours, minutes and seconds: "4 min 12 s".</summary>
    public static string Length(ulong milliseconds)
    {
        var seconds = (long)Math.Min(milliseconds / 1000, int.MaxValue);
        return seconds < 60 ? $"{seconds} s"
            : seconds < 3600 ? $"{seconds / 60} min {seconds % 60} s"
            : $"{seconds / 3600} h {seconds / 60 % 60} min";
    }

    /// <summary>A running clock: "04:12", "1:04:12".</summary>
    public static string Clock(ulong milliseconds)
    {
        var seconds = (long)Math.Min(milliseconds / 1000, int.MaxValue);
        return seconds < 3600 ? $"{seconds / 60:00}:{seconds % 60:00}" : $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}";
    }
}
