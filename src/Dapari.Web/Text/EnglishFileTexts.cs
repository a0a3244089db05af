using Dapari.Peer.Store;
using Dapari.Wire.V1;

namespace Dapari.Web.Text;

internal sealed class EnglishFileTexts : FileTexts
{
    public override string Attach => "Attach";
    public override string MenuFiles => "Files";
    public override string MenuPictures => "Pictures and videos";
    public override string MenuFolder => "A folder";
    public override string MenuCamera => "Camera";
    public override string VoiceNote => "Voice note";
    public override string DropHere(string name) => $"Drop it here to send it to {name}";
    public override string SheetTitle(string name) => $"Send to {name}";
    public override string SheetWhom => "Send to whom?";
    public override string NoOneYet => "There is nobody to send it to yet. Invite somebody first.";
    public override string Count(string n) => $"{n} files";
    public override string LeaveOut(string name) => $"Leave out {name}";
    public override string TooMany => "There were more than one transfer takes: these are the first ones.";
    public override string Caption => "Add a caption";
    public override string KeepMetadata => "Keep place and camera data";
    public override string KeepMetadataHint => "Pictures and videos can say where and with what they were taken. Dapari takes that out unless you keep it.";
    public override string AwayTitle(string name) => $"{name} is not online. How should it go?";
    public override string WaitDirect => "Wait and go direct";
    public override string WaitDirectHint(string name) => $"It stays on this device and goes straight to {name} when you are both online. No server ever has it.";
    public override string LeaveThere => "Leave it at the server";
    public override string LeaveThereHint(string name, string days) => $"It lies there encrypted for at most {days} days and is removed as soon as {name} has fetched it. You can close Dapari meanwhile.";
    public override string Room(string used, string quota, string more) => $"Of your {quota} there, {used} are in use; this takes {more}.";
    public override string NoRoomThere(string room) => $"The server has room for only {room} more, so this does not fit.";
    public override string DirectOnly(string name) => $"“Direct only” is chosen for {name}: it goes when you are both online, and no server has it.";
    public override string BothWays => "Send it both ways, to compare";
    public override string BothWaysHint => "It goes twice: straight, and through the server. You see side by side what each of them takes.";
    public override string Preparing(string what, string percent) => $"Preparing {what}: {percent} %";
    public override string Unreadable(string name) => $"{name} could not be read, so nothing was sent. It may have been moved or changed: choose it again.";
    public override string NoRoomHere => "There is not enough room on this device to prepare it, so nothing was sent. Free some, or send less at once.";
    public override string TooLarge => "That is more than one transfer takes, so nothing was sent. Send it in parts.";
    public override string NotPicked => "Nothing was sent.";
    public override string Record => "Record a voice note: hold, or click to begin";
    public override string Recording(string time) => $"Recording, {time}";
    public override string SendVoice => "Send the voice note";
    public override string ThrowAway => "Throw away";
    public override string SlideAway => "Slide to throw it away";
    public override string ThrownAway => "Voice note thrown away";
    public override string NoMicrophone => "Dapari got no microphone. Allow it in the browser’s address bar, and try again.";
    public override string Picture => "Picture";
    public override string Pictures(string n) => $"{n} pictures";
    public override string Video => "Video";
    public override string Folder(string name, string n) => $"Folder {name}, {n} files";
    public override string Get(string size) => $"Get it ({size})";
    public override string NoThanks => "No, thanks";
    public override string Refused => "Not taken";
    public override string AskHint => "Nothing of it is here until you get it.";
    public override string NotAsked(string name) => $"{name} has not asked for it yet";
    public override string Progress(string done, string all) => $"{done} of {all}";
    public override string PerSecond(string size) => $"{size}/s";
    public override string Remaining(string time) => $"{time} left";
    public override string Pause => "Pause";
    public override string GoOn => "Go on";
    public override string Stop => "Cancel";
    public override string Stopped => "Cancelled";
    public override string Retry => "Try again";
    public override string ChooseAgain => "Choose it again";
    public override string NotTheSame => "That is not the same file, so it cannot go on with it. Choose the one that you sent.";
    public override string LiesThere(string size, string until) => $"{size} lie at the server, encrypted, for at most {until} more";
    public override string Leaving(string done, string all) => $"Leaving it at the server: {done} of {all}";
    public override string Lost(string n) => $"{n} of them could not be sent; the others are all here.";
    public override string LostOne => "It could not be sent: it was changed or moved meanwhile.";
    public override string SaveAll => "Save all";
    public override string Save(string name) => $"Save {name}";
    public override string RemoveHere => "Remove from this device";
    public override string RemovedHere => "Removed from this device";
    public override string GoneHere => "It is no longer on this device";
    public override string SaveFailed => "It could not be saved there: the place is full or does not allow it. It is still here; choose another place.";
    public override string NameChanged => "Its name was made safe";
    public override string More(string n) => $"and {n} more";
    public override string Open(string name) => $"Open {name}";
    public override string Viewer => "Pictures";
    public override string Next => "Next";
    public override string Previous => "Previous";
    public override string ZoomIn => "Larger";
    public override string ZoomOut => "Fit to the screen";
    public override string OfAll(string i, string n) => $"{i} of {n}";
    public override string NotHereYet => "It is not here yet: this is its preview.";
    public override string Play => "Play";
    public override string Hold => "Pause";
    public override string Position => "Position";
    public override string Speed(string times) => $"Speed {times} times";
    public override string CannotPlay => "This browser cannot play it. Save it and open it with another program.";
    public override string EntryTitle => "How the files travelled";
    public override string What => "What";
    public override string Shares => "Bytes by way";
    public override string ByHttps => "Direct, by HTTPS";
    public override string NoneMoved => "Nothing has moved yet.";
    public override string Began => "Began";
    public override string Ended => "Ended";
    public override string Took => "Took";
    public override string SpeedMean => "Speed";
    public override string CrossedServer => "Crossed a server";
    public override string Nothing => "Nothing";
    public override string LayAt => "Lay at the server";
    public override string Never => "Never";
    public override string Still(string since) => $"Since {since}, and still there";
    public override string LayFor(string size, string time) => $"{size}, for {time}";
    public override string WhoSaw => "Who could see what";
    public override string DoBoth => "Send it both ways";
    public override string BothTitle => "Both ways, side by side";
    public override string BothText => "The same files, twice. The bars compare the time.";
    public override string Measure => "What";
    public override string NotYet => "Not yet";
    public override string Title => "Files under way";
    public override string None => "No files are under way. To send some, open a conversation and drop them there, or use the clip.";
    public override string UnderWay(string n) => $"{n} under way";
    public override string ToPerson(string name) => $"To {name}";
    public override string FromPerson(string name) => $"From {name}";
    public override string Section => "Files";
    public override string Unasked => "Get without asking";
    public override string UnaskedHint => "Files of your contacts up to this size arrive by themselves. Larger ones wait until you get them.";
    public override string UnaskedNone => "None";
    public override string UpTo(string size) => $"Up to {size}";
    public override string Kept(string size) => $"Files take up {size} on this device.";
    public override string RemoveAll => "Remove all files from this device";
    public override string RemoveAllHint => "What you saved elsewhere stays, and so do the conversations.";
    public override string RemovedAll => "Files removed from this device";
    public override string WaysTitle => "And files?";
    public override string WaysText => "A large file gains most from the direct way: it never waits for a server to take it in and give it out again, and no copy lies anywhere. While you both are there it goes straight; if the other is away, you choose whether it waits, or lies at the server for a while, encrypted with a key of its own. If the way changes in the middle, only the missing parts take the new one.";
    public override string WaysWhen => "Try it: send a file both ways and compare them in its details.";
    public override string WaysOwn(string n) => $"The last files of yours, {n} in all, by way:";
    public override string CameFrom(string what, string name) => $"{what} from {name} is here";
    public override string TheyHave(string what, string name) => $"{name} has {what}";
    public override string CutShort(string what) => $"{what}: it did not arrive";

    public override string Trouble(TransferTrouble trouble, bool outgoing, bool leave, string name) => trouble switch
    {
        TransferTrouble.NoWay => outgoing
            ? leave ? "The server does not answer at the moment. It goes on by itself." : $"There is no direct way to {name} now. It waits here and goes on by itself, or you leave it at the server."
            : $"There is no way to {name}’s device now, and nothing of it lies at a server. It goes on by itself when {name} is back.",
        TransferTrouble.Paused => "You paused it. What is here stays here.",
        TransferTrouble.PausedThere => $"{name} paused it. It goes on from here.",
        TransferTrouble.SourceNotReady => outgoing
            ? "The browser was closed and no longer holds the file. Choose it again and it goes on where it was."
            : $"{name} must choose the file again on the other device. Then it goes on where it was.",
        TransferTrouble.NoRoom => "This device is full. Free some room and try again: what is here is kept.",
        TransferTrouble.Stalled => "Nothing came for a while. It is tried again by itself.",
        TransferTrouble.StorageFailed => "This device’s storage refused. Nothing verified is lost: try again.",
        TransferTrouble.Quota => "The server takes no more of it. Wait and go direct, or make room there and try again.",
        TransferTrouble.NoDropOffs => "This server takes no drop-offs. It waits here and goes direct by itself.",
        _ => "",
    };

    public override string Outcome(FileOutcome outcome, bool outgoing, string name) => outcome switch
    {
        FileOutcome.Arrived => outgoing ? $"{name} has it, bit for bit." : "All of it is here, bit for bit.",
        FileOutcome.Cancelled => outgoing ? "You took it back." : $"{name} took it back.",
        FileOutcome.Refused => outgoing ? $"{name} did not take it." : "You did not take it.",
        FileOutcome.SourceChanged => outgoing ? "The file was changed while it was being sent. Send it again." : $"The file was changed on {name}’s device while it was being sent. Ask for it again.",
        FileOutcome.SourceGone => outgoing ? "The file is no longer where it was. Send it again." : $"The file is no longer on {name}’s device. Ask for it again.",
        FileOutcome.WrongBytes => outgoing ? $"What reached {name} was not what you offered, so it was given up. Send it again." : "What came was not what had been offered, so it was given up. Nothing of it was kept. Ask for it again.",
        FileOutcome.BadManifest => outgoing ? "The list of the files was wrong, so it was given up. Send them again." : "The list of the files was not what had been offered, so it was given up. Ask for them again.",
        _ => "It ended, and this version of Dapari does not know how.",
    };

    public override string Warning(FileWarning warning) => warning switch
    {
        FileWarning.TypeDiffers => "Its bytes are of another kind than its name says. Open it only if you expected it.",
        FileWarning.ActiveContent => "It can carry scripts, so Dapari never shows it. It is only ever saved.",
        FileWarning.Program => "It is a program: opened, it runs. Open it only if you trust who made it.",
        FileWarning.DisguisedProgram => "It is a program that pretends to be something else. Better not to open it.",
        _ => "",
    };

    public override string Saw(Route route) => route switch
    {
        Route.Direct => "Nobody in between. Your networks saw that you two exchanged data, and how much.",
        Route.Relay => "A relay passed sealed bytes on and kept none. It saw when, how much, and both internet addresses.",
        Route.Mailbox or Route.DropOff => "The server kept encrypted pieces. It saw when, how large and from which addresses; not what, nor the name.",
        _ => "Nobody yet.",
    };
}
