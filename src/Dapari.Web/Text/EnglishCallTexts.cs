using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed record EnglishCallTexts : CallTexts
{
    public override string Refused(MediaKind kind, MediaRefusal refusal) => (kind, refusal) switch
    {
        (_, MediaRefusal.None or MediaRefusal.Closed) => "",
        (MediaKind.Microphone, MediaRefusal.Denied) => "Dapari may not use the microphone, so nobody would hear you. Allow it in the browser’s address bar, and try again.",
        (MediaKind.Microphone, MediaRefusal.Missing) => "No microphone was found, so nobody would hear you. Plug one in, and try again.",
        (MediaKind.Microphone, MediaRefusal.Busy) => "Another program is using the microphone. Close it there, and try again.",
        (MediaKind.Microphone, MediaRefusal.Unsupported) => "This browser gives pages no microphone here. Calls need HTTPS and a recent browser.",
        (MediaKind.Microphone, _) => "The microphone did not start, so nobody would hear you. Try again, or choose another.",
        (MediaKind.Camera, MediaRefusal.Denied) => "Dapari may not use the camera. You can be heard, but not seen. Allow it in the browser’s address bar, and try again.",
        (MediaKind.Camera, MediaRefusal.Missing) => "No camera was found. You can be heard, but not seen.",
        (MediaKind.Camera, MediaRefusal.Busy) => "Another program is using the camera. You can be heard, but not seen. Close it there, and try again.",
        (MediaKind.Camera, MediaRefusal.Unsupported) => "This browser gives pages no camera here. You can be heard, but not seen.",
        (MediaKind.Camera, _) => "The camera did not start. You can be heard, but not seen.",
        (MediaKind.Screen, MediaRefusal.Unsupported) => "This browser cannot show its screen to others. The call goes on.",
        (MediaKind.Screen, _) => "The screen could not be shown. The call goes on.",
        _ => "This speaker cannot be used. The sound stays where it was.",
    };

    public override string Lost(MediaKind kind, MediaLoss loss) => (kind, loss) switch
    {
        (MediaKind.Screen, _) => "Your screen is no longer shown.",
        (MediaKind.Camera, _) => "The camera is gone: you can be heard, but not seen. Plug it in again, or choose another.",
        (_, MediaLoss.Changed) => "The microphone is gone; another one is used now.",
        _ => "The microphone is gone, and nobody hears you. Plug it in again, or choose another.",
    };

    public override string WaysExclude(string name, bool byServer) => byServer
        ? $"You allow direct calls only, and {name} hides an internet address: this call can only go through the server."
        : $"{name} allows direct calls only, and yours go through the server to hide your internet address. Answer directly, and {name} can see it.";

    public override string WaysOf(IReadOnlyList<string> direct, IReadOnlyList<string> relay) =>
        relay.Count == 0 ? "Direct with everybody" : direct.Count == 0 ? "Through the server with everybody" : $"Direct with {NamesOrCount(direct)}, through the server with {NamesOrCount(relay)}";

    public override string Names(IReadOnlyList<string> names) =>
        names.Count < 2 ? string.Concat(names) : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    public override string AutomaticHint(string names, bool several) => $"Direct where possible, otherwise through the server. {names} can then see your internet address.";

    public override string DirectOnlyHint(string names, bool several) => $"No server carries the call. {names} can see your internet address; where no direct way exists, there is no call.";

    public override string Obstacle(LegObstacle obstacle, string name, string bringer) => obstacle switch
    {
        LegObstacle.Blocked => $"You have blocked {name}: the two of you are not connected.",
        LegObstacle.NoRelay => $"You and {name} do not know each other, so only a relay could connect you, and your server has none.",
        LegObstacle.BringerGone => $"{bringer} has left, and without them the connection to {name} cannot be found again.",
        _ => $"No way to {name} was found. The others go on.",
    };

    public override string Gone(CallOutcome outcome, string name) => outcome switch
    {
        CallOutcome.Declined or CallOutcome.Busy or CallOutcome.Missed or CallOutcome.Lost or CallOutcome.Unreachable or CallOutcome.NotOurs or CallOutcome.NoWay => OutcomeSentence(outcome, true, name),
        _ => $"{name} has left.",
    };

    public override string WayLine(Route route, string me, string them, Network network, string roundTrip, Reason reason, bool ownServer)
    {
        var time = roundTrip.Length == 0 ? "" : ", " + roundTrip;
        if (route == Route.Direct)
            return $"Direct: {me} ⇄ {them}{(network == Network.Same ? ", same network" : network == Network.Internet ? ", across the internet" : "")}{time}";
        var because = reason switch
        {
            Reason.YouChoseServer => ", because you chose to hide your internet address",
            Reason.TheyChoseServer => $", because {them} chose to hide an internet address",
            Reason.ContactNotVerified => $", because {them} is not verified yet",
            Reason.NoDirectWay or Reason.RelayPathOpen or Reason.NoPath => ", because both networks block direct connections",
            _ => "",
        };
        return $"Through {(ownServer ? "your" : "the")} server: {me} → server ⇄ {them}{time}{because}";
    }

    public override string Because(Route route, Reason reason, bool outgoing, string name) => reason switch
    {
        Reason.DirectPathOpen => "Both devices could reach each other, so nothing stood in between.",
        Reason.YouChoseDirect => outgoing ? "You chose “direct only”: no server carried the call." : $"{name} chose “direct only”: no server carried the call.",
        Reason.YouChoseServer when outgoing => "You chose to hide your internet address.",
        Reason.TheyChoseServer when !outgoing => "You chose to hide your internet address.",
        Reason.YouChoseServer or Reason.TheyChoseServer => $"{name} chose to hide an internet address.",
        Reason.ContactNotVerified => "You had not verified each other yet, so the internet addresses stayed hidden.",
        Reason.NoDirectWay or Reason.RelayPathOpen or Reason.NoPath => "Both networks block direct connections.",
        _ => "The reason is not known to this version of Dapari.",
    };

    public override string Outcome(CallOutcome outcome, bool outgoing, string length) => outcome switch
    {
        CallOutcome.Answered => length,
        CallOutcome.Lost => $"{length}, then the connection was lost",
        CallOutcome.Declined => outgoing ? "Declined" : "You declined",
        CallOutcome.Busy => outgoing ? "Busy" : "Missed: you were in another call",
        CallOutcome.Missed => outgoing ? "Not answered" : "Missed",
        CallOutcome.Cancelled => outgoing ? "Cancelled" : "Missed",
        CallOutcome.Unreachable => outgoing ? "Not reached" : "Missed",
        CallOutcome.NoWay => "No way was found",
        CallOutcome.NotOurs => "Ended for your safety",
        _ => "In progress",
    };

    public override string OutcomeSentence(CallOutcome outcome, bool outgoing, string name) => outcome switch
    {
        CallOutcome.Answered => "The call has ended.",
        CallOutcome.Lost => $"The connection to {name} was lost and did not come back.",
        CallOutcome.Declined => outgoing ? $"{name} declined." : "You declined.",
        CallOutcome.Busy => outgoing ? $"{name} is in another call." : "You were in another call.",
        CallOutcome.Missed => outgoing ? $"{name} did not answer." : "You did not answer.",
        CallOutcome.Cancelled => outgoing ? "You cancelled the call." : $"{name} cancelled the call.",
        CallOutcome.Unreachable => $"{name} could not be reached: no device of theirs is online. They will see that you called.",
        CallOutcome.NoWay => $"No way to {name} was found that both of you allow. Choose another way, and call again.",
        CallOutcome.NotOurs => $"The connection did not prove to be {name}’s, so it was ended before anything was said. Verify each other before you call again.",
        _ => "The call has ended.",
    };

    public static EnglishCallTexts Make() => new()
    {
        Voice = "Voice call",
        Video = "Video call",
        CallByVoice = n => $"Call {n}",
        CallByVideo = n => $"Call {n} with video",
        CallAgain = n => $"Call {n} back",
        IncomingVoice = "Incoming voice call",
        IncomingVideo = "Incoming video call",
        CallsYou = n => $"{n} is calling you.",
        NotifyTitle = n => $"Call from {n}",
        NotifyText = "Tap to answer.",
        Answer = "Answer",
        AnswerWithVideo = "Answer with video",
        AnswerWithoutCamera = "Answer without camera",
        AnswerWithoutMicrophone = "Answer without a microphone",
        CallWithoutMicrophone = "Call without a microphone",
        Decline = "Decline",
        Calling = "Calling…",
        Ringing = "Ringing…",
        Connecting = "Connecting…",
        Connected = n => $"Connected with {n}.",
        Reconnecting = n => $"Looking for {n} again…",
        Mute = "Mute",
        Unmute = "Unmute",
        CameraOn = "Camera on",
        CameraOff = "Camera off",
        SwitchCamera = "Switch camera",
        ScreenOn = "Share screen",
        ScreenOff = "Stop sharing",
        TheirScreen = n => $"{n}’s screen",
        YourScreen = "You are sharing your screen",
        Devices = "Devices",
        Details = "Way and quality",
        FloatAbove = "Float above other windows",
        HangUp = "Hang up",
        Minimise = "Back to messages",
        Return = "Return to the call",
        InCall = n => $"In a call with {n}",
        ElsewhereCall = n => $"In a call with {n}, in another tab",
        InAnotherTab = "The call is in another tab. Hang up there first, or go on there.",
        Muted = "You are muted",
        TheyMuted = n => $"{n} is muted",
        You = "You",
        OwnPicture = "Your picture. Move it with the arrow keys.",
        TheirPicture = n => $"{n}’s picture",
        TurnOnSound = "Turn on the sound",
        SoundRefused = "The browser keeps the sound off until you tap.",
        TryAgain = "Try again",
        GoOnWithoutCamera = "Go on without camera",
        ChooseAnother = "Choose another",
        AddPerson = "Add somebody",
        CallSeveral = "Call several people",
        WhoElse = "Who else?",
        AddChosen = n => $"Add {n}",
        NobodyToAdd = "Nobody else can be called. Invite somebody first.",
        Joined = n => $"{n} has joined.",
        Speaks = n => $"{n} is speaking",
        AnswerByServer = "Answer through the server",
        AnswerDirectly = "Answer directly",
        CallDirectly = "Call directly",
        NoRelay = n => $"Your server has no relay that would hide your internet address. The call can go directly; then {n} can see it.",
        NotInContact = n => $", because you and {n} are not in contact with each other",
        BroughtIn = n => $"With {n}’s invitation",
        People = n => $"{n} people",
        Check = "Check sound and picture first",
        CheckHint = "Speak: the bar moves if you can be heard.",
        Microphone = "Microphone",
        Camera = "Camera",
        Speaker = "Speaker",
        Level = "How loud you are",
        TrySpeaker = "Play a sound",
        ShowCamera = "Show the camera",
        Begin = "Begin the check",
        Stop = "End the check",
        BrowserChooses = "As the browser chooses",
        PolicyTitle = "Which way may calls go?",
        PolicyDefaultTitle = "Which way may calls go, where nothing else is chosen?",
        ByRule = "As a rule",
        ByRuleHint = "Direct with those you have verified, through the server with everybody else.",
        ServerOnlyHint = n => $"Hides your internet address from {n}. The server carries sealed sound and pictures that it cannot open, with a little delay.",
        NotVerifiedWhy = n => $"You have not verified {n} yet, so calls go through the server and hide your internet address. You may choose otherwise.",
        WayNow = "The way right now",
        WayForThisCall = "The way for this call",
        FindingWay = n => $"Looking for the way to {n}",
        Quality = "Quality",
        Loss = "Lost on the way",
        Jitter = "Unevenness (jitter)",
        RoundTrip = "There and back",
        Bitrate = "Data in and out",
        Resolution = "Picture",
        NoPicture = "None",
        Codecs = "Formats",
        Plot = "The last minute: data in (line) and losses (bars)",
        NotMeasured = "Measured as soon as sound flows.",
        Sealed = "End to end sealed: the key of this connection was checked against your contact’s identity.",
        EntryTitle = "How the call went",
        Talked = "Talked",
        WayShares = "By way",
        NoWayTaken = "It did not come to a conversation, so nothing was sent and no address was shown.",
        TheOther = "The other person",
        Section = "Calls",
    };
}
