using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

/// <summary>Files. A class and no record: of so many texts a record's own members would be a download of their own.</summary>
public abstract class FileTexts
{
    public abstract string Attach { get; }

    public abstract string MenuFiles { get; }

    public abstract string MenuPictures { get; }

    public abstract string MenuFolder { get; }

    public abstract string MenuCamera { get; }

    public abstract string VoiceNote { get; }

    public abstract string DropHere(string name);

    public abstract string SheetTitle(string name);

    public abstract string SheetWhom { get; }

    public abstract string NoOneYet { get; }

    public abstract string Count(string n);

    public abstract string LeaveOut(string name);

    public abstract string TooMany { get; }

    public abstract string Caption { get; }

    public abstract string KeepMetadata { get; }

    public abstract string KeepMetadataHint { get; }

    public abstract string AwayTitle(string name);

    public abstract string WaitDirect { get; }

    public abstract string WaitDirectHint(string name);

    public abstract string LeaveThere { get; }

    public abstract string LeaveThereHint(string name, string days);

    public abstract string Room(string used, string quota, string more);

    public abstract string NoRoomThere(string room);

    public abstract string DirectOnly(string name);

    public abstract string BothWays { get; }

    public abstract string BothWaysHint { get; }

    public abstract string Preparing(string what, string percent);

    public abstract string Unreadable(string name);

    public abstract string NoRoomHere { get; }

    public abstract string TooLarge { get; }

    public abstract string NotPicked { get; }

    public abstract string Record { get; }

    public abstract string Recording(string time);

    public abstract string SendVoice { get; }

    public abstract string ThrowAway { get; }

    public abstract string SlideAway { get; }

    public abstract string ThrownAway { get; }

    public abstract string NoMicrophone { get; }

    public abstract string Picture { get; }

    public abstract string Pictures(string n);

    public abstract string Video { get; }

    public abstract string Folder(string name, string n);

    public abstract string Get(string size);

    public abstract string NoThanks { get; }

    public abstract string Refused { get; }

    public abstract string AskHint { get; }

    public abstract string NotAsked(string name);

    public abstract string Progress(string done, string all);

    public abstract string PerSecond(string size);

    public abstract string Remaining(string time);

    public abstract string Pause { get; }

    public abstract string GoOn { get; }

    public abstract string Stop { get; }

    public abstract string Stopped { get; }

    public abstract string Retry { get; }

    public abstract string ChooseAgain { get; }

    public abstract string NotTheSame { get; }

    public abstract string LiesThere(string size, string until);

    public abstract string Leaving(string done, string all);

    public abstract string Lost(string n);

    public abstract string LostOne { get; }

    public abstract string SaveAll { get; }

    public abstract string Save(string name);

    public abstract string RemoveHere { get; }

    public abstract string RemovedHere { get; }

    public abstract string GoneHere { get; }

    public abstract string SaveFailed { get; }

    public abstract string NameChanged { get; }

    public abstract string More(string n);

    public abstract string Open(string name);

    public abstract string Viewer { get; }

    public abstract string Next { get; }

    public abstract string Previous { get; }

    public abstract string ZoomIn { get; }

    public abstract string ZoomOut { get; }

    public abstract string OfAll(string i, string n);

    public abstract string NotHereYet { get; }

    public abstract string Play { get; }

    public abstract string Hold { get; }

    public abstract string Position { get; }

    public abstract string Speed(string times);

    public abstract string CannotPlay { get; }

    public abstract string EntryTitle { get; }

    public abstract string What { get; }

    public abstract string Shares { get; }

    public abstract string ByHttps { get; }

    public abstract string NoneMoved { get; }

    public abstract string Began { get; }

    public abstract string Ended { get; }

    public abstract string Took { get; }

    public abstract string SpeedMean { get; }

    public abstract string CrossedServer { get; }

    public abstract string Nothing { get; }

    public abstract string LayAt { get; }

    public abstract string Never { get; }

    public abstract string Still(string since);

    public abstract string LayFor(string size, string time);

    public abstract string WhoSaw { get; }

    public abstract string DoBoth { get; }

    public abstract string BothTitle { get; }

    public abstract string BothText { get; }

    public abstract string Measure { get; }

    public abstract string NotYet { get; }

    public abstract string Title { get; }

    public abstract string None { get; }

    public abstract string UnderWay(string n);

    public abstract string ToPerson(string name);

    public abstract string FromPerson(string name);

    public abstract string Section { get; }

    public abstract string Unasked { get; }

    public abstract string UnaskedHint { get; }

    public abstract string UnaskedNone { get; }

    public abstract string UpTo(string size);

    public abstract string Kept(string size);

    public abstract string RemoveAll { get; }

    public abstract string RemoveAllHint { get; }

    public abstract string RemovedAll { get; }

    public abstract string WaysTitle { get; }

    public abstract string WaysText { get; }

    public abstract string WaysWhen { get; }

    public abstract string WaysOwn(string n);

    public abstract string CameFrom(string what, string name);

    public abstract string TheyHave(string what, string name);

    public abstract string CutShort(string what);

    /// <summary>Why nothing moves, what it means and what to do; empty where nothing is wrong.</summary>
    public abstract string Trouble(TransferTrouble trouble, bool outgoing, bool leave, string name);

    /// <summary>How a transfer ended, to who sees it.</summary>
    public abstract string Outcome(FileOutcome outcome, bool outgoing, string name);

    /// <summary>What to know before a file is opened with another program.</summary>
    public abstract string Warning(FileWarning warning);

    /// <summary>Who could see what of bytes that went by this way.</summary>
    public abstract string Saw(Route route);
}
