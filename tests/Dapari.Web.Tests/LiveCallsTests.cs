using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.State;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Web.Tests;

/// <summary>Calls between the engine's view and the devices.</summary>
public sealed class LiveCallsTests : IDisposable
{
    private static readonly ByteString Id = ByteString.CopyFrom([.. Enumerable.Repeat((byte)7, 16)]);
    private readonly PaperPeer _peer = new() { CallId = Id };
    private readonly PaperBrowser _browser = new();
    private readonly ContactView _bob;
    private readonly AppState _app;

    public LiveCallsTests()
    {
        _bob = _peer.Add("Bob");
        _app = new AppState(_peer, _browser, new Navigation(), RandomSource.System);
    }

    private PaperMedia Media => _browser.Devices;

    [Fact]
    public async Task A_call_opens_the_microphone_and_tells_the_engine_what_it_gives()
    {
        await _app.Calls.StartAsync([Bob()], video: true);
        Assert.Equal([MediaKind.Microphone, MediaKind.Camera], Media.Open.Order());
        Assert.True(Command(Dapari.Peer.Local.Command.KindOneofCase.StartCall).StartCall.Video);
        Assert.Equal(new CallMedia { Microphone = true, Camera = true }, Command(Dapari.Peer.Local.Command.KindOneofCase.SetCallMedia).SetCallMedia.Media);
        Assert.Equal(PlaceKind.Call, _app.Place.Kind);
    }

    [Fact]
    public async Task Where_the_browser_refuses_the_microphone_nobody_is_rung_until_the_person_decides()
    {
        Media.IsAllowed = false;
        Media.Refusals[MediaKind.Microphone] = MediaRefusal.Denied;
        await _app.Calls.StartAsync([Bob()], video: false);
        Assert.DoesNotContain(_peer.Commands, c => c.KindCase == Dapari.Peer.Local.Command.KindOneofCase.StartCall);
        Assert.Equal(_app.T.Call.Refused(MediaKind.Microphone, MediaRefusal.Denied), _app.Calls.Trouble?.Text);
        await _app.Calls.GoOnAsync(needsMicrophone: false);
        Assert.Null(_app.Calls.Held);
        Assert.Equal(new CallMedia(), Command(Dapari.Peer.Local.Command.KindOneofCase.SetCallMedia).SetCallMedia.Media);
    }

    [Fact]
    public async Task A_camera_that_is_busy_leaves_a_voice_call_and_a_sentence()
    {
        Media.Refusals[MediaKind.Camera] = MediaRefusal.Busy;
        await _app.Calls.StartAsync([Bob()], video: true);
        Assert.False(_app.Calls.Camera);
        Assert.True(_app.Calls.Microphone);
        Assert.Equal(MediaKind.Camera, _app.Calls.Trouble?.Kind);
        Media.Refusals.Clear();
        await _app.Calls.RetryAsync();
        Assert.True(_app.Calls.Camera);
        Assert.Null(_app.Calls.Trouble);
    }

    [Fact]
    public void A_call_that_rings_is_heard_and_notified_and_both_end_with_it()
    {
        _browser.IsFocused = false;
        Show(Call(CallStage.Ringing, outgoing: false));
        Assert.Equal(CallSound.Ring, Media.Playing);
        Assert.Equal(["Call from Bob: Incoming voice call. Tap to answer."], _browser.Notified);
        Show();
        Assert.Equal(CallSound.None, Media.Playing);
        Assert.Contains("call-" + Convert.ToHexStringLower(Id.Span), _browser.Unnotified);
    }

    [Fact]
    public void The_caller_hears_it_ring_at_the_other_and_no_longer_when_it_is_answered()
    {
        Show(Call(CallStage.Calling));
        Assert.Equal(CallSound.None, Media.Playing);
        Show(Call(CallStage.Ringing));
        Assert.Equal(CallSound.RingBack, Media.Playing);
        Show(Call(CallStage.Connecting));
        Assert.Equal(CallSound.None, Media.Playing);
    }

    [Fact]
    public void After_a_reload_what_was_sent_is_opened_again()
    {
        var call = Call(CallStage.Connecting);
        call.Media = new CallMedia { Camera = true };
        Show(call);
        Assert.Equal([MediaKind.Microphone, MediaKind.Camera], Media.Open.Order());
        Assert.False(Media.IsHeard);
        Assert.False(_app.Calls.Microphone);
    }

    [Fact]
    public void States_are_announced_once()
    {
        Show(Call(CallStage.Connected));
        Assert.Equal(_app.T.Call.Connected("Bob"), _app.Announcement);
        _app.Announce("something else");
        Show(Call(CallStage.Connected));
        Assert.Equal("something else", _app.Announcement);
        var lost = Call(CallStage.Connected);
        lost.Legs[0].Stage = LegStage.Lost;
        Show(lost);
        Assert.Equal(_app.T.Call.Reconnecting("Bob"), _app.Announcement);
    }

    [Fact]
    public async Task The_end_closes_all_devices_and_leads_back_to_the_conversation()
    {
        await _app.Calls.StartAsync([Bob()], video: false);
        Show(Call(CallStage.Connected));
        var over = Call(CallStage.Ended);
        over.Outcome = CallOutcome.Answered;
        Show(over);
        Assert.Empty(Media.Open);
        Assert.Equal(CallSound.Over, Media.Playing);
        Assert.NotNull(_app.Calls.Ended);
        ((FakeTimeProvider)_browser.Clock).Advance(TimeSpan.FromSeconds(3));
        Assert.Null(_app.Calls.Ended);
        Assert.Equal(new Place(PlaceKind.Conversation, Bob()), _app.Place);
    }

    [Fact]
    public void A_camera_unplugged_is_said_and_told_to_the_others()
    {
        Show(Call(CallStage.Connected));
        Media.Lose(MediaKind.Camera, MediaLoss.Gone);
        Assert.Equal(_app.T.Call.Lost(MediaKind.Camera, MediaLoss.Gone), _app.Calls.Trouble?.Text);
        Assert.False(Command(Dapari.Peer.Local.Command.KindOneofCase.SetCallMedia).SetCallMedia.Media.Camera);
    }

    [Fact]
    public void A_minute_of_quality_is_kept()
    {
        for (var i = 0; i < 75; i++) Media.Tell(5, new LegQuality(i, 0, 0, 0, 0, 0, 0, 0, 0, "opus", ""));
        var kept = _app.Calls.QualityOf(5);
        Assert.Equal(LiveCalls.Kept, kept.Count);
        Assert.Equal(74, kept[^1].LossPercent);
        Assert.Empty(_app.Calls.QualityOf(6));
    }

    [Theory]
    [InlineData("1.5|4|31|40|44|1280|720|30|0.0|opus|VP8", 1.5, 1280)]
    [InlineData("NaN|x|1e99|-4|44|0|0|0|0|opus|", 0, 0)]
    public void Quality_is_read_as_it_is_written(string text, double loss, int width)
    {
        var read = LegQuality.Read(text);
        Assert.NotNull(read);
        Assert.Equal(loss, read.LossPercent);
        Assert.Equal(width, read.Width);
        Assert.InRange(read.RoundTripMs, 0, 1_000_000_000);
        Assert.Null(LegQuality.Read("1|2|3"));
    }

    [Fact]
    public async Task A_browser_that_keeps_the_sound_off_is_said_and_a_tap_ends_it()
    {
        await _app.Calls.StartAsync([Bob()], video: false);
        Media.RefuseSound();
        Assert.True(_app.Calls.IsSilent);
        _app.Calls.PlayAll();
        Assert.False(_app.Calls.IsSilent);
        Assert.Equal(1, Media.Plays);
    }

    [Theory]
    [InlineData(Policy.ServerOnly, false, Policy.Automatic)]
    [InlineData(Policy.DirectOnly, true, Policy.ServerOnly)]
    public async Task Ways_that_exclude_each_other_are_said_where_it_rings_with_the_way_that_both_allow(Policy own, bool byServer, Policy asked)
    {
        var ringing = Call(CallStage.Ringing, outgoing: false);
        ringing.Way = own;
        Show(ringing);
        _peer.Refusal = CommandRefusal.NoWay;
        await _app.Calls.AnswerAsync(ringing, video: false);
        Assert.Equal(byServer, _app.Calls.Blocked?.ByServer);
        Assert.Equal(_app.T.Call.WaysExclude("Bob", byServer), _app.Calls.Blocked?.Text);
        Assert.Null(_app.Toasts.Current);
        Assert.NotNull(_app.Calls.Incoming);
        Assert.Empty(Media.Open);
        _peer.Refusal = CommandRefusal.Unspecified;
        await _app.Calls.UnblockAsync();
        Assert.Null(_app.Calls.Blocked);
        Assert.Equal(asked, Command(Dapari.Peer.Local.Command.KindOneofCase.AnswerCall).AnswerCall.Way);
    }

    [Fact]
    public async Task A_call_that_needs_a_relay_where_there_is_none_can_go_directly_and_is_not_asked_twice()
    {
        _peer.Refusal = CommandRefusal.NoRelay;
        await _app.Calls.StartAsync([Bob()], video: false);
        Assert.Equal(_app.T.Call.NoRelay("Bob"), _app.Calls.Blocked?.Text);
        await _app.Calls.UnblockAsync();
        Assert.Equal(Policy.Automatic, Command(Dapari.Peer.Local.Command.KindOneofCase.StartCall).StartCall.Way);
        // Refused all the same: now it is an error like others.
        Assert.Null(_app.Calls.Blocked);
        Assert.NotNull(_app.Toasts.Current);
    }

    [Fact]
    public async Task What_rings_no_longer_asks_nothing_any_more()
    {
        var ringing = Call(CallStage.Ringing, outgoing: false);
        Show(ringing);
        _peer.Refusal = CommandRefusal.NoWay;
        await _app.Calls.AnswerAsync(ringing, video: false);
        Show();
        Assert.Null(_app.Calls.Blocked);
    }

    [Fact]
    public void Of_several_who_comes_and_goes_is_said_once_and_for_a_moment()
    {
        var call = Several();
        Show(call);
        Assert.Equal("", _app.Calls.Note);
        call.Legs[1].Stage = LegStage.Connected;
        Show(call);
        Assert.Equal(_app.T.Call.Joined("Carol"), _app.Calls.Note);
        Assert.Equal(_app.T.Call.Joined("Carol"), _app.Announcement);
        _app.Announce("something else");
        Show(call);
        Assert.Equal("something else", _app.Announcement);
        (call.Legs[1].Stage, call.Legs[1].Outcome) = (LegStage.Gone, CallOutcome.Busy);
        Show(call);
        Assert.Equal(_app.T.Call.OutcomeSentence(CallOutcome.Busy, true, "Carol"), _app.Calls.Note);
        Assert.Equal("Bob", _app.Calls.NameOf(call));
        ((FakeTimeProvider)_browser.Clock).Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("", _app.Calls.Note);
    }

    [Fact]
    public void Why_two_of_several_are_not_connected_is_said()
    {
        var call = Several();
        Show(call);
        (call.Legs[1].Stage, call.Legs[1].Obstacle, call.Legs[1].BroughtInBy) = (LegStage.Gone, LegObstacle.NoRelay, "Bob");
        Show(call);
        Assert.Equal(_app.T.Call.Obstacle(LegObstacle.NoRelay, "Carol", "Bob"), _app.Calls.Note);
    }

    [Fact]
    public async Task Somebody_refused_ends_the_adding_of_several()
    {
        Show(Several());
        _peer.Refusal = CommandRefusal.TooMany;
        await _app.Calls.AddAsync([Bob(), Bob()]);
        Assert.Single(_peer.Commands, c => c.KindCase == Dapari.Peer.Local.Command.KindOneofCase.AddToCall);
        Assert.Equal(_app.T.Refusal(CommandRefusal.TooMany), _app.Toasts.Current?.Text);
    }

    [Fact]
    public void The_screen_stays_lit_for_a_picture_of_either()
    {
        var call = Call(CallStage.Connected);
        Show(call);
        Assert.False(Media.IsAwake);
        call.Legs[0].Media = new CallMedia { Camera = true };
        Show(call);
        Assert.True(Media.IsAwake);
        Show();
        Assert.False(Media.IsAwake);
    }

    [Fact]
    public void Whom_to_call_is_chosen_until_escape_and_not_on_another_page()
    {
        _app.Calls.Choose(Bob());
        Assert.Equal(Bob(), _app.Calls.Choosing);
        _app.Go(new Place(PlaceKind.Settings));
        Assert.Null(_app.Calls.Choosing);
    }

    public void Dispose()
    {
        _app.Dispose();
        _browser.Dispose();
    }

    private ContactId Bob() => ContactId.TryRead(_bob.Id, out var id) ? id : default;

    private Command Command(Command.KindOneofCase kind) => _peer.Commands.Last(c => c.KindCase == kind);

    private void Show(params CallView[] calls)
    {
        _peer.Snapshot.Calls.Clear();
        _peer.Snapshot.Calls.AddRange(calls);
        _peer.Tell();
    }

    private CallView Several()
    {
        var call = Call(CallStage.Connected);
        (call.Group, call.CanAdd) = (true, true);
        call.Legs.Add(new LegView { IdentityKey = ByteString.CopyFrom(9), Name = "Carol", Stage = LegStage.Ringing });
        return call;
    }

    private CallView Call(CallStage stage, bool outgoing = true) => new()
    {
        CallId = Id, Outgoing = outgoing, Stage = stage, ContactId = _bob.Id, Media = new CallMedia { Microphone = true },
        Legs = { new LegView { Leg = 5, ContactId = _bob.Id, IdentityKey = _bob.IdentityKey, Name = "Bob", Stage = stage == CallStage.Connected ? LegStage.Connected : LegStage.Ringing } },
    };
}
