using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.State;
using Dapari.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Web.Tests;

/// <summary>What can be undone for a moment is done in the end, whatever becomes of the page meanwhile.</summary>
public sealed class HeldBackTests : IDisposable
{
    private readonly PaperPeer _peer = new();
    private readonly PaperBrowser _browser = new();
    private readonly InviteView _invite = new() { Id = ByteString.CopyFrom(1, 2, 3) };

    public HeldBackTests() => _peer.Snapshot.Invites.Add(_invite);

    private FakeTimeProvider Clock => (FakeTimeProvider)_browser.Clock;

    private IEnumerable<Command> Revoked => _peer.Commands.Where(c => c.KindCase == Command.KindOneofCase.RevokeInvite);

    [Fact]
    public void A_page_that_ends_within_the_moment_is_followed_by_one_that_does_it_once()
    {
        using (var first = Open())
            Revoke(first);
        Clock.Advance(Toasts.Stay / 2);
        using (var second = Open())
        {
            Assert.Empty(second.Invites); // What the person saw happen does not come back.
            Assert.Empty(Revoked); // Another tab may still offer to undo it.
            Clock.Advance(Toasts.Stay / 2);
            Assert.Equal(_invite.Id, Assert.Single(Revoked).RevokeInvite.InviteId);
        }

        using var third = Open();
        Clock.Advance(Toasts.Stay * 2);
        Assert.Single(Revoked);
    }

    [Fact]
    public void What_is_long_overdue_is_done_at_once_and_a_clock_set_back_prolongs_nothing()
    {
        using (var first = Open())
            Revoke(first);
        Clock.Advance(TimeSpan.FromDays(1));
        using (Open())
            Assert.Single(Revoked);

        using (var again = Open())
            Revoke(again);
        Clock.AdjustTime(Clock.GetUtcNow() - TimeSpan.FromHours(12));
        using var back = Open();
        Assert.Single(Revoked);
        Clock.Advance(Toasts.Stay);
        Assert.Equal(2, Revoked.Count());
    }

    [Fact]
    public void What_was_undone_or_done_is_not_done_at_the_next_start()
    {
        using (var first = Open())
        {
            Revoke(first);
            first.Toasts.UndoCurrent();
            Assert.Single(first.Invites);
        }

        Clock.Advance(TimeSpan.FromDays(1));
        using (Open())
            Assert.Empty(Revoked);

        using (var second = Open())
        {
            Revoke(second);
            Clock.Advance(Toasts.Stay);
            Assert.Single(Revoked);
        }

        Clock.Advance(TimeSpan.FromDays(1));
        using var third = Open();
        Assert.Single(Revoked);
    }

    [Fact]
    public void Undone_in_one_tab_while_another_waits_to_do_it()
    {
        using var first = Open();
        Revoke(first);
        using var second = Open();
        first.Toasts.UndoCurrent();
        Clock.Advance(Toasts.Stay * 2);
        Assert.Empty(Revoked);
        Assert.Single(second.Invites);
    }

    [Fact]
    public void Storage_that_refuses_leaves_it_for_the_next_start_and_says_so()
    {
        using (var first = Open())
            Revoke(first);
        Clock.Advance(TimeSpan.FromDays(1));
        _peer.Refusal = CommandRefusal.StoreFailed;
        using (var second = Open())
        {
            Assert.Single(second.Invites);
            Assert.True(second.Toasts.Current?.IsError);
        }

        // It was done before, and only the answer was lost: nothing to say.
        _peer.Refusal = CommandRefusal.UnknownInvite;
        using (var third = Open())
        {
            Assert.Equal(2, Revoked.Count());
            Assert.Null(third.Toasts.Current);
        }

        using var fourth = Open();
        Assert.Equal(2, Revoked.Count());
    }

    [Fact]
    public void Nothing_is_done_before_the_peer_knows_who_it_is()
    {
        using (var first = Open())
            Revoke(first);
        Clock.Advance(TimeSpan.FromDays(1));
        var self = _peer.Snapshot.Self;
        _peer.Snapshot.Self = null;
        using var second = Open();
        Assert.Empty(Revoked);
        _peer.Snapshot.Self = self;
        _peer.Tell();
        Assert.Single(Revoked);
        _peer.Tell();
        Assert.Single(Revoked);
    }

    [Fact]
    public void Who_was_removed_and_asks_again_is_shown()
    {
        var bob = _peer.Add("Bob");
        using var state = Open();
        state.DoUnlessUndone(bob.Id, "removed", new Command { RemoveContact = new RemoveContact { ContactId = bob.Id } });
        Assert.Empty(state.Conversations);
        Clock.Advance(Toasts.Stay);
        _peer.Snapshot.Contacts.Clear();
        bob.State = ContactState.Asking;
        _peer.Snapshot.Contacts.Add(bob);
        Assert.Single(state.Requests);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("00 1 ?")]
    [InlineData("0 1 AA==")]
    [InlineData("00 -1 ")]
    [InlineData("00 1 //8=")]
    [InlineData("\n \n  \n")]
    public void What_makes_no_sense_is_passed_over(string setting)
    {
        _browser.WriteSetting("held", setting);
        using var state = Open();
        Assert.DoesNotContain(_peer.Commands, c => c.KindCase != Command.KindOneofCase.SetActiveConversation);
        Assert.Single(state.Invites);
    }

    public void Dispose() => _browser.Dispose();

    private AppState Open() => new(_peer, _browser, new Address(), RandomSource.System);

    private void Revoke(AppState state) => state.DoUnlessUndone(_invite.Id, "withdrawn", new Command { RevokeInvite = new RevokeInvite { InviteId = _invite.Id } });

    private sealed class Address : NavigationManager
    {
        public Address() => Initialize("https://home.example/", "https://home.example/");
    }
}
