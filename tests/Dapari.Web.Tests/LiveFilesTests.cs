using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Kind = Dapari.Peer.Local.Command.KindOneofCase;

namespace Dapari.Web.Tests;

/// <summary>Files between the person, the platform and the engine.</summary>
public sealed class LiveFilesTests : IDisposable
{
    private static readonly ByteString Transfer = ByteString.CopyFrom([.. Enumerable.Repeat((byte)9, 16)]);
    private readonly PaperPeer _peer = new();
    private readonly PaperBrowser _browser = new();
    private readonly ContactView _bob;
    private readonly AppState _app;

    public LiveFilesTests()
    {
        _bob = _peer.Add("Bob");
        _app = new AppState(_peer, _browser, new Navigation(), RandomSource.System);
    }

    private PaperFiles Drawer => _browser.Drawer;

    [Fact]
    public async Task What_was_picked_is_prepared_and_then_offered_with_its_caption()
    {
        Drawer.Choice = PaperFiles.Pick("sea.jpg", "a.pdf", "b.pdf");
        await _app.Files.PickAsync(FilePick.Files, Bob());
        _app.Files.LeaveOut(1);
        _app.Files.Draft!.Caption = " look ";
        await _app.Files.SendAsync();
        Assert.Null(_app.Files.Draft);
        var send = Sent(Kind.SendFiles).SendFiles;
        Assert.Equal(["sea.jpg", "b.pdf"], send.Items.Select(item => item.Name));
        Assert.Equal(("look", false, Policy.Unspecified, 16, 16), (send.Caption, send.Leave, send.Way, send.MessageId.Length, send.TransferId.Length));
        Assert.Equal(["prepare 2 False", "release"], Drawer.Done[^2..]);
    }

    [Fact]
    public async Task Both_ways_are_two_offers_that_know_each_other()
    {
        _app.Files.Propose(PaperFiles.Pick("film.mp4"), Bob(), bothWays: true);
        await _app.Files.SendAsync();
        var sent = _peer.Commands.Where(command => command.KindCase == Kind.SendFiles).Select(command => command.SendFiles).ToList();
        Assert.Equal([Policy.DirectOnly, Policy.ServerOnly], sent.Select(send => send.Way));
        Assert.Equal([false, true], sent.Select(send => send.Leave));
        Assert.NotEqual(sent[0].TransferId, sent[1].TransferId);
        Assert.Equal((sent[1].MessageId, sent[0].MessageId), (sent[0].Twin, sent[1].Twin));
        Assert.NotEqual(sent[0].MessageId, sent[1].MessageId);
    }

    [Fact]
    public async Task Preparing_tells_how_far_it_is_and_can_be_given_up()
    {
        Drawer.Preparation = new TaskCompletionSource();
        _app.Files.Propose(PaperFiles.Pick("film.mp4"), Bob());
        var sending = _app.Files.SendAsync();
        var preparation = Assert.Single(_app.Files.Preparations);
        Drawer.Prepare(preparation.Transfer, 400);
        Assert.Equal(400, preparation.Done);
        preparation.Cancel();
        await sending;
        Assert.Empty(_app.Files.Preparations);
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.SendFiles);
        Assert.Equal(_app.T.File.NotPicked, _app.Toasts.Current?.Text);
    }

    [Theory]
    [InlineData(PrepareOutcome.Unreadable)]
    [InlineData(PrepareOutcome.NoRoom)]
    [InlineData(PrepareOutcome.TooLarge)]
    public async Task What_could_not_be_prepared_is_said_and_not_offered(PrepareOutcome outcome)
    {
        Drawer.Prepared = outcome;
        _app.Files.Propose(PaperFiles.Pick("film.mp4"), Bob());
        await _app.Files.SendAsync();
        Assert.True(_app.Toasts.Current?.IsError);
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.SendFiles);
    }

    [Fact]
    public void What_is_dropped_goes_to_whom_is_on_screen_and_is_shown_before_it_is_sent()
    {
        _app.Go(new Place(PlaceKind.Conversation, Bob()));
        Drawer.Drop(PaperFiles.Pick("a.txt"));
        Assert.Equal(Bob(), _app.Files.Draft?.To);
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.SendFiles);
    }

    [Fact]
    public void Nothing_is_proposed_to_who_is_no_contact()
    {
        _bob.State = ContactState.Blocked;
        _app.Files.Propose(PaperFiles.Pick("a.txt"), Bob());
        Assert.Null(_app.Files.Draft?.To);
    }

    [Fact]
    public void What_was_shared_asks_to_whom()
    {
        Drawer.Shared = PaperFiles.Pick("a.txt");
        using var app = new AppState(_peer, _browser, new Navigation(), RandomSource.System);
        Assert.NotNull(app.Files.Draft);
        Assert.Null(app.Files.Draft.To);
    }

    [Fact]
    public void What_was_given_up_can_be_taken_back_for_a_moment()
    {
        _app.Files.Propose(PaperFiles.Pick("a.txt"), Bob());
        var draft = _app.Files.Draft;
        _browser.Pressed!(KeyCall.Back);
        Assert.Null(_app.Files.Draft);
        _app.Toasts.UndoCurrent();
        Assert.Same(draft, _app.Files.Draft);
        Assert.DoesNotContain("release", Drawer.Done);
    }

    [Fact]
    public async Task A_transfer_is_paused_at_once_and_cancelled_when_that_can_no_longer_be_undone()
    {
        Show(TransferState.Moving);
        await _app.Files.CancelAsync(Transfer, "x");
        Assert.True(Sent(Kind.PauseFiles).PauseFiles.Paused);
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.CancelFiles);
        ((FakeTimeProvider)_browser.Clock).Advance(Toasts.Stay);
        Assert.Equal(Transfer, Sent(Kind.CancelFiles).CancelFiles.TransferId);
    }

    [Fact]
    public async Task A_cancelled_transfer_that_was_taken_back_goes_on()
    {
        Show(TransferState.Moving);
        await _app.Files.CancelAsync(Transfer, "x");
        _app.Toasts.UndoCurrent();
        Assert.Equal([true, false], _peer.Commands.Where(command => command.KindCase == Kind.PauseFiles).Select(command => command.PauseFiles.Paused));
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.CancelFiles);
    }

    [Theory]
    [InlineData(FileOutcome.Arrived, false)]
    [InlineData(FileOutcome.WrongBytes, true)]
    public void An_end_elsewhere_is_shown_once(FileOutcome outcome, bool isError)
    {
        Show(TransferState.Moving);
        _browser.IsFocused = false;
        var record = Entry(new FileEnd { Outcome = outcome });
        _peer.Snapshot.Transfers.Clear();
        _peer.Tell(new MessageChange { Record = record });
        Assert.Equal(isError, _app.Toasts.Current?.IsError);
        Assert.Single(_browser.Notified);
        _peer.Tell(new MessageChange { Record = record });
        Assert.Single(_browser.Notified);
    }

    [Fact]
    public void An_end_on_screen_is_only_announced()
    {
        Show(TransferState.Moving);
        _app.Go(new Place(PlaceKind.Conversation, Bob()));
        _peer.Tell(new MessageChange { Record = Entry(new FileEnd { Outcome = FileOutcome.Arrived }) });
        Assert.Null(_app.Toasts.Current);
        Assert.Equal(_app.T.File.CameFrom("a.pdf", "Bob"), _app.Announcement);
    }

    [Fact]
    public async Task A_source_that_is_not_the_same_is_said_and_the_engine_is_not_told()
    {
        Drawer.Choice = PaperFiles.Pick("a.pdf");
        Drawer.Same = false;
        await _app.Files.ChooseAgainAsync(Transfer, FilePick.Files);
        Assert.Equal(_app.T.File.NotTheSame, _app.Toasts.Current?.Text);
        Drawer.Same = true;
        await _app.Files.ChooseAgainAsync(Transfer, FilePick.Files);
        Assert.Equal(Transfer, Sent(Kind.SourceChosen).SourceChosen.TransferId);
    }

    [Fact]
    public async Task A_file_is_saved_under_its_clean_name_and_a_type_that_nothing_runs()
    {
        var record = Entry(null).File;
        (record.Files[0].Name, record.Files[0].MediaType) = ("page.html", "text/html");
        await _app.Files.SaveAsync(record, 0);
        Assert.Equal("save 1 page.html application/octet-stream", Drawer.Done[^1]);
        Drawer.Saved = SaveOutcome.Failed;
        await _app.Files.SaveAsync(record, 0);
        Assert.True(_app.Toasts.Current?.IsError);
    }

    [Fact]
    public async Task Of_many_files_all_are_saved_under_clean_names_of_their_own()
    {
        Drawer.Manifest = new FileManifest { Items = { Item("../a.txt"), Item("A.txt"), Item("con.txt") } };
        var record = Entry(null).File;
        record.ItemCount = 3;
        await _app.Files.SaveAllAsync(record);
        var saved = Drawer.Done[^1];
        Assert.Contains("1 trip/a.txt, 2 trip/A (2).txt, 3 trip/", saved);
        Assert.DoesNotContain("..", saved);

        static FileItem Item(string name) => new() { Name = name, Folder = { "..", "trip" } };
    }

    [Fact]
    public async Task A_voice_note_is_sent_when_it_ends_and_nothing_is_when_it_is_thrown_away()
    {
        Assert.True(await _app.Files.StartVoiceAsync(Bob()));
        Drawer.Hear(0.5);
        Assert.Equal([0.5], _app.Files.Levels);
        _browser.Pressed!(KeyCall.Back);
        Assert.Null(_app.Files.Recording);
        Assert.Equal("stop False", Drawer.Done[^1]);
        Assert.DoesNotContain(_peer.Commands, command => command.KindCase == Kind.SendFiles);
        await _app.Files.StartVoiceAsync(Bob());
        await _app.Files.EndVoiceAsync(keep: true);
        Assert.True(Sent(Kind.SendFiles).SendFiles.Leave);
    }

    [Fact]
    public async Task Without_a_microphone_nothing_is_recorded_and_that_is_said()
    {
        Drawer.Microphone = false;
        Assert.False(await _app.Files.StartVoiceAsync(Bob()));
        Assert.Null(_app.Files.Recording);
        Assert.Equal(_app.T.File.NoMicrophone, _app.Toasts.Current?.Text);
    }

    [Fact]
    public async Task A_voice_note_plays_pauses_goes_on_and_turns_its_speed()
    {
        var record = Entry(null).File;
        await _app.Files.PlayAsync(record);
        Assert.True(_app.Files.IsPlaying);
        await _app.Files.PlayAsync(record);
        Assert.False(_app.Files.IsPlaying);
        await _app.Files.PlayAsync(record);
        Assert.Equal("play 1 1", Drawer.Done[^1]);
        _app.Files.TurnSpeed();
        Assert.Equal(1.5, _app.Files.Speed);
        Drawer.Tell(3, 3, false);
        Assert.Equal((false, 0d), (_app.Files.IsPlaying, _app.Files.PlayedAt));
        Assert.Single(Drawer.Urls);
    }

    public void Dispose()
    {
        _app.Dispose();
        _browser.Dispose();
    }

    private ContactId Bob() => ContactId.TryRead(_bob.Id, out var id) ? id : default;

    private Command Sent(Kind kind) => _peer.Commands.Last(command => command.KindCase == kind);

    private void Show(TransferState state)
    {
        _peer.Snapshot.Transfers.Add(new TransferView { TransferId = Transfer, ContactId = _bob.Id, State = state, TotalBytes = 10 });
        _peer.Tell();
    }

    private MessageRecord Entry(FileEnd? end)
    {
        var record = Make.Message(1);
        (record.ContactId, record.Kind, record.Text) = (_bob.Id, MessageKind.Files, "");
        record.File = new FileRecord { TransferId = Transfer, ItemCount = 1, End = end, Files = { new FileEntry { Name = "a.pdf" } } };
        return record;
    }
}
