using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>One call and how it stands. Times are monotonic milliseconds where they do not say otherwise.</summary>
internal sealed class Call(MessageId id, ContactId with, bool outgoing, bool video, ulong clock)
{
    public MessageId Id { get; } = id;

    /// <summary>The other.</summary>
    public ContactId With { get; } = with;

    public bool Outgoing { get; } = outgoing;

    public bool Video { get; } = video;

    public ulong Clock { get; } = clock;

    /// <summary>The call of several that it belongs to; null: of two.</summary>
    public MessageId? Group { get; set; }

    /// <summary>Between two whom another brought together: it begins by itself, and leaves no entry.</summary>
    public bool Fellow { get; set; }

    /// <summary>Who brought the two together: the contact who began the call of several.</summary>
    public ContactId? BroughtBy { get; set; }

    /// <summary>The other, where they are no contact, as who brought them in names them.</summary>
    public CallPerson? Stranger { get; set; }

    /// <summary>Its signals are carried by who brought the two together: a relay only, at both ends.</summary>
    public bool Via { get; set; }

    /// <summary>The id under which a call that became one of several goes on being shown; null: its group's.</summary>
    public MessageId? Face { get; set; }

    /// <summary>Calls to fellows that were begun here for the sake of this one: their number, which only rises.</summary>
    public ulong FellowsBegun { get; set; }

    /// <summary>The same of others, as heard: what does not rise is a repetition.</summary>
    public Dictionary<ContactId, ulong> FellowsHeard { get; } = [];

    /// <summary>Calls to fellows that came to nothing, one after another.</summary>
    public Dictionary<ContactId, int> Tries { get; } = [];

    /// <summary>When fellows are looked after next.</summary>
    public long MeetAt { get; set; } = long.MaxValue;

    /// <summary>The others who were in the call of several while this one was.</summary>
    public HashSet<ContactId> Met { get; } = [];

    /// <summary>Others who were called into it, at most at one time.</summary>
    public int Called { get; set; }

    /// <summary>When they last began to speak; 0: never.</summary>
    public long SpokeAt { get; set; }

    /// <summary>When something of ours was last carried, or sent.</summary>
    public long CarriedAt { get; set; } = long.MinValue / 2;

    /// <summary>News waits for a moment, to go together.</summary>
    public bool Holds { get; set; }

    public long StartedAt { get; set; }

    public ulong StartedWallMs { get; set; }

    public long JoinedAt { get; set; }

    public ulong ConnectedWallMs { get; set; }

    public long EndedAt { get; set; }

    public ulong EndedWallMs { get; set; }

    /// <summary>Said or heard of last (wall clock): what a restart counts from.</summary>
    public ulong AliveWallMs { get; set; }

    /// <summary>The way as chosen for this call.</summary>
    public Policy Chosen { get; set; }

    public CallMedia Media { get; set; } = new();

    /// <summary>Ours.</summary>
    public CallPhase Phase
    {
        get;
        set
        {
            field = value;
            WasJoined |= value == CallPhase.Joined;
        }
    }

    /// <summary>Unspecified before the end.</summary>
    public CallEnding Ending { get; set; }

    /// <summary>What was measured here, with the end.</summary>
    public CallEnd? Measure { get; set; }

    /// <summary>Both called each other, and this is the other one of the two calls; it rings only if ours ends without being answered.</summary>
    public bool Hidden { get; set; }

    /// <summary>Ended, and no longer shown.</summary>
    public bool Left { get; set; }

    /// <summary>Its entry is in the conversation.</summary>
    public bool Entered { get; set; }

    /// <summary>It was counted as unread.</summary>
    public bool Counted { get; set; }

    /// <summary>The other knows how it ended, or a note will tell.</summary>
    public bool EndKnown { get; set; }

    /// <summary>The signals to and from the other.</summary>
    public Exchange Exchange { get; } = new();

    /// <summary>The connection that carries the media.</summary>
    public MediaLeg Leg { get; } = new();

    /// <summary>The way it last went, from the caller's view.</summary>
    public RouteRecord? LastWay { get; set; }

    /// <summary>What was talked by each route.</summary>
    public Dictionary<Route, long> Talked { get; } = [];

    /// <summary>It was answered, whatever came of it.</summary>
    public bool WasJoined { get => field || Leg.Epoch > 0; set; }

    /// <summary>Who began the call of several; null: this end.</summary>
    public ContactId? Beginner => Fellow ? BroughtBy : Outgoing ? null : With;

    /// <summary>Whether both are of the same call of several.</summary>
    public bool IsWith(Call other) => Group is not null && Group == other.Group && Beginner == other.Beginner;

    public bool IsEnded => Phase == CallPhase.Ended;

    /// <summary>Rings here and was not answered.</summary>
    public bool IsRingingHere => !Outgoing && Phase == CallPhase.Ringing;

    /// <summary>Takes the person: ours, or answered.</summary>
    public bool IsEngaging => !IsEnded && !IsRingingHere;

    /// <summary>It was heard that it rings there.</summary>
    public bool RangThere => Outgoing && Exchange.Theirs is not null;

    public CallState? Theirs => Exchange.Theirs;

    public bool HasTalked => ConnectedWallMs != 0;
}
