using Dapari.Crypto;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.State;
using Dapari.Web.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using SafetyNumber = Dapari.Web.State.SafetyNumber;

namespace Dapari.Web.Tests;

public sealed class SmallPiecesTests
{
    [Theory]
    [InlineData("Alice", "A")]
    [InlineData("giulia maria ferrando", "GF")]
    [InlineData("  Bob   C. ", "BC")]
    [InlineData("ليلى حداد", "لح")]
    [InlineData("😀 Bob", "😀B")]
    [InlineData("𝒜lice", "𝒜")]
    [InlineData("...", "·")]
    [InlineData("", "·")]
    public void Initials_are_one_or_two_whole_characters(string name, string initials) => Assert.Equal(initials, Avatar.Initials(name));

    [Fact]
    public void The_hue_follows_from_the_key_and_spreads()
    {
        Assert.Equal(Avatar.Hue([1, 2, 3]), Avatar.Hue([1, 2, 3]));
        var hues = Enumerable.Range(0, 2000).Select(i => Avatar.Hue(BitConverter.GetBytes(i * 2654435761))).ToHashSet();
        Assert.Equal(Avatar.Hues, hues.Count);
        Assert.All(hues, h => Assert.InRange(h, 0, Avatar.Hues - 1));
    }

    [Theory]
    [InlineData("🎉", true)]
    [InlineData("👍🏽👨‍👩‍👧‍👦❤️", true)]
    [InlineData("🇮🇹", true)]
    [InlineData("🎉 🎉", true)]
    [InlineData("🎉🎉🎉🎉", false)]
    [InlineData("a🎉", false)]
    [InlineData("12", false)]
    [InlineData("ok", false)]
    [InlineData("", false)]
    [InlineData("   ", false)]
    [InlineData("\ud83c", false)]
    public void One_to_three_emoji_alone_are_large(string text, bool large) => Assert.Equal(large, LoneEmoji.Is(text));

    [Fact]
    public void A_place_survives_the_address_bar()
    {
        var contact = ContactId.Random(RandomSource.System);
        var message = MessageId.Random(RandomSource.System);
        foreach (var kind in Enum.GetValues<PlaceKind>())
        {
            var place = kind switch
            {
                PlaceKind.Conversation or PlaceKind.Contact => new Place(kind, contact),
                PlaceKind.Message => new Place(kind, contact, message),
                _ => new Place(kind),
            };
            Assert.Equal(place, Place.Read(new Uri(new Uri("https://x.example"), place.Path + "?profile=second")));
        }
    }

    [Theory]
    [InlineData("/c/zz")]
    [InlineData("/c/00112233445566778899aabbccddeef")]
    [InlineData("/c/00112233445566778899aabbccddeegg/details")]
    [InlineData("/c/00112233445566778899aabbccddeeff/m/1")]
    [InlineData("/nowhere")]
    [InlineData("/c")]
    public void An_address_that_is_not_understood_is_the_list(string path) => Assert.Equal(Place.Home, Place.Read(new Uri("https://x.example" + path)));

    [Fact]
    public void A_safety_number_is_twelve_groups_of_five()
    {
        var groups = SafetyNumber.Groups(string.Concat(Enumerable.Repeat("0123456789", 6)));
        Assert.Equal(12, groups.Length);
        Assert.All(groups, g => Assert.Equal(5, g.Length));
    }

    [Fact]
    public void Only_the_others_code_of_the_same_conversation_verifies()
    {
        IdentityPublicKey[] people = [.. Enumerable.Range(0, 3).Select(_ => NewIdentity())];
        var (alice, bob, mallory) = (people[0], people[1], people[2]);

        static IdentityPublicKey NewIdentity()
        {
            using var identity = IdentityPrivateKey.Generate(RandomSource.System);
            return identity.PublicKey;
        }

        static byte[] Shown(IdentityPublicKey by, IdentityPublicKey of) => Dapari.Crypto.SafetyNumber.Code(by, of);
        var ours = Shown(alice, bob);
        Assert.Equal(ScannedCode.Theirs, SafetyNumber.Judge(SafetyNumber.Code(Shown(bob, alice)) + " ", ours));
        Assert.Equal(ScannedCode.OurOwn, SafetyNumber.Judge(SafetyNumber.Code(ours), ours)); // Our own screen proves nothing.
        Assert.Equal(ScannedCode.Different, SafetyNumber.Judge(SafetyNumber.Code(Shown(mallory, alice)), ours));
        Assert.Equal(ScannedCode.Different, SafetyNumber.Judge(SafetyNumber.Code(Shown(bob, mallory)), ours));
        Assert.Equal(ScannedCode.NoSafetyCode, SafetyNumber.Judge("https://home.example/i#AAAAAAAAAAAAAAAAAAAAAA", ours));
        Assert.Equal(ScannedCode.NoSafetyCode, SafetyNumber.Judge("", []));
        Assert.Equal(ScannedCode.Different, SafetyNumber.Judge(SafetyNumber.Code([]), []));
    }

    [Fact]
    public void A_qr_path_draws_every_dark_module_once()
    {
        var qr = QrPath.OfText("https://dapari.example/i#0123456789abcdefABCDEF");
        Assert.InRange(qr.Size, 29, 60);
        Assert.StartsWith("M4 4h7", qr.Path);
    }

    [Fact]
    public void Own_ways_are_counted_over_the_newest_and_keep_the_last_of_each()
    {
        var messages = Make.Messages(OwnWays.Most + 50);
        messages[^1].Route.Route = Route.Mailbox;
        var own = OwnWays.Count(messages);
        Assert.Equal(OwnWays.Most, own.Total);
        Assert.Equal([(Route.Direct, OwnWays.Most - 1), (Route.Mailbox, 1)], own.Counts);
        Assert.Equal(messages[^2], own.Last[Route.Direct]);
    }

    [Fact]
    public void A_banner_says_what_matters_most_and_whether_one_can_write()
    {
        var t = Texts.English;
        var bob = new ContactView { Name = "Bob", State = ContactState.Accepted, EffectivePolicy = Policy.Automatic, Path = new PathView() };
        Assert.Null(Banner.Of(bob, serverAway: false, t));
        Assert.Equal(t.Chat.ServerAway, Banner.Of(bob, serverAway: true, t)!.Text);
        bob.Path.State = PathState.Open;
        Assert.Equal(t.Chat.ServerAwayDirect("Bob"), Banner.Of(bob, serverAway: true, t)!.Text);
        bob.Path.State = PathState.Closed;
        bob.EffectivePolicy = Policy.DirectOnly;
        Assert.Equal(t.Chat.WaitDirect("Bob"), Banner.Of(bob, serverAway: false, t)!.Text);
        foreach (var (state, write) in new[] { (ContactState.Asking, false), (ContactState.Blocked, false), (ContactState.Declined, false), (ContactState.Asked, true), (ContactState.Inviting, true) })
        {
            bob.State = state;
            Assert.Equal(write, Banner.Of(bob, serverAway: false, t)!.CanWrite);
        }
    }

    [Fact]
    public void What_can_be_undone_is_done_only_when_its_time_ran_out()
    {
        var time = new FakeTimeProvider();
        using var toasts = new Toasts(time);
        var (done, undone) = (0, 0);
        toasts.DoUnlessUndone("removed", Done, () => undone++);
        toasts.UndoCurrent();
        time.Advance(Toasts.Stay * 2);
        Assert.Equal((0, 1), (done, undone));

        toasts.DoUnlessUndone("removed", Done, () => undone++);
        toasts.Pause();
        time.Advance(Toasts.Stay * 3);
        Assert.Equal(0, done);
        toasts.Resume();
        time.Advance(Toasts.Stay);
        Assert.Equal((1, 1), (done, undone));
        Assert.Null(toasts.Current);

        toasts.DoUnlessUndone("removed", Done, () => undone++);
        toasts.Say("something else");
        Assert.Equal(2, done);

        Task Done()
        {
            done++;
            return Task.CompletedTask;
        }
    }
}
