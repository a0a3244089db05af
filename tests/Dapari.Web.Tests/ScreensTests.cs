using System.Text.RegularExpressions;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Web.State;
using Dapari.Web.Text;
using Dapari.Wire;
using Dapari.Wire.V1;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Dapari.Web.Tests;

/// <summary>The whole application drawn to text, over a given peer.</summary>
public sealed partial class ScreensTests : IDisposable
{
    private const string Hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>\" onmouseover=\"alert(3)";
    private readonly PaperPeer _peer = new();
    private readonly PaperBrowser _browser = new();

    [Fact]
    public async Task Names_and_messages_are_text_and_never_markup()
    {
        var bob = _peer.Add(Hostile);
        Say(bob, Hostile);
        Say(bob, "https://example.org/?q=" + Hostile);
        bob.LastMessage = _peer.Messages[^1];
        ContactId.TryRead(bob.Id, out var id);
        foreach (var place in new[] { new Place(PlaceKind.Conversation, id), new Place(PlaceKind.Contact, id), Place.Home, new Place(PlaceKind.Message, id, Id(_peer.Messages[0])) })
        {
            var html = await DrawAsync(place.Path);
            Assert.Contains("&lt;img", html);
            Assert.DoesNotContain("<img", html);
            Assert.DoesNotContain("<script", html);
            Assert.DoesNotContain("\" onmouseover=\"", html);
        }
    }

    [Fact]
    public async Task Of_somebody_who_only_asks_nothing_is_drawn_but_the_request()
    {
        var eve = _peer.Add("Eve", ContactState.Asking);
        Say(eve, "look at this");
        eve.LastMessage = _peer.Messages[^1];
        ContactId.TryRead(eve.Id, out var id);
        foreach (var path in new[] { "/", $"/c/{id}", $"/c/{id}/details" })
        {
            var html = await DrawAsync(path);
            Assert.Contains("Eve would like to write to you", Decode(html));
            Assert.DoesNotContain("look at this", html);
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/invite")]
    [InlineData("/settings")]
    [InlineData("/ways")]
    [InlineData("/search")]
    [InlineData("/files")]
    [InlineData("/nowhere")]
    public async Task Every_screen_draws_in_both_languages_without_inline_style_or_handler(string path)
    {
        _peer.Add("Bob");
        foreach (var language in new[] { "it", "en" })
        {
            _browser.SetLanguage(language);
            var html = await DrawAsync(path);
            Assert.DoesNotMatch(InlineStyle(), html);
            Assert.DoesNotMatch(UnnamedButton(), html);
            Assert.Contains(Texts.Of(language).List.Settings, Decode(html));
        }
    }

    [Theory]
    [InlineData(PeerTrouble.StorageFull)]
    [InlineData(PeerTrouble.StorageFailed)]
    [InlineData(PeerTrouble.Ended)]
    public async Task What_keeps_the_app_from_working_stands_above_every_screen(PeerTrouble trouble)
    {
        _peer.Snapshot.Trouble = trouble;
        foreach (var language in new[] { "it", "en" })
        {
            _browser.SetLanguage(language);
            foreach (var path in new[] { "/", "/settings" })
            {
                var html = Decode(await DrawAsync(path));
                Assert.Contains(Texts.Of(language).Trouble.Of(trouble), html);
                Assert.Equal(trouble == PeerTrouble.Ended, html.Contains(Texts.Of(language).Trouble.Reload));
            }
        }
    }

    [Theory]
    [InlineData(RegistrationAnswer.Invited, "", "Entry code", true)]
    [InlineData(RegistrationAnswer.Invited, "spent", "This code does not work", true)]
    [InlineData(RegistrationAnswer.Admitted, "good", "Your name", false)]
    [InlineData(RegistrationAnswer.Closed, "", "This server takes no new people", false)]
    [InlineData(RegistrationAnswer.Unknown, "", "Your name", false)]
    public async Task First_start_asks_for_a_code_only_where_the_server_says_that_it_needs_one(RegistrationAnswer answer, string code, string said, bool asked)
    {
        _peer.Snapshot.Self = null;
        _browser.RegistrationCode = code;
        _browser.Registration = c => c == code ? answer : RegistrationAnswer.Unknown;
        var html = await DrawAsync("/");
        Assert.Contains(said, Decode(html));
        Assert.Equal(asked, html.Contains("id=\"code\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task First_start_asks_for_a_name_and_nothing_else()
    {
        _peer.Snapshot.Self = null;
        var html = await DrawAsync("/");
        Assert.Single(InputTag().Matches(html));
        Assert.Single(ButtonTag().Matches(html));
        _browser.InviteLink = "https://home.example/i#x";
        Assert.Contains(Texts.English.Start.Invited, Decode(await DrawAsync("/i")));
    }

    [Fact]
    public async Task State_and_way_are_said_in_words_beside_their_signs()
    {
        var bob = _peer.Add("Bob");
        Say(bob, "hi", outgoing: true);
        ContactId.TryRead(bob.Id, out var id);
        var html = Decode(await DrawAsync($"/c/{id}"));
        Assert.Contains("Delivered, Direct. Show how it travelled", html);
    }

    [Fact]
    public async Task Hostile_files_are_drawn_as_text_and_never_as_pictures()
    {
        var bob = _peer.Add("Bob");
        Say(bob, Hostile);
        var message = _peer.Messages[^1];
        message.Kind = MessageKind.Files;
        message.File = new FileRecord { TransferId = message.Id, ItemCount = 2, TotalSize = 12, End = new FileEnd { Outcome = FileOutcome.Arrived } };
        message.File.Files.Add(new FileEntry { Name = Hostile, MediaType = "image/svg+xml", Kind = FileKind.Picture, Size = 6, Warning = FileWarning.ActiveContent });
        message.File.Files.Add(new FileEntry { Name = "bill.pdf.exe", MediaType = "image/png", Kind = FileKind.Picture, Size = 6, DoubleExtension = true, Warning = FileWarning.DisguisedProgram });
        bob.LastMessage = message;
        ContactId.TryRead(bob.Id, out var id);
        foreach (var place in new[] { new Place(PlaceKind.Conversation, id), Place.Home, new Place(PlaceKind.Message, id, Id(message)) })
        {
            var html = await DrawAsync(place.Path);
            Assert.DoesNotContain("<img", html);
            Assert.DoesNotContain("<script", html);
            Assert.DoesNotContain("\" onmouseover=\"", html);
            if (place.Kind == PlaceKind.Conversation) Assert.Contains(Texts.English.File.Warning(FileWarning.DisguisedProgram), Decode(html));
        }
    }

    [Theory]
    [InlineData(TransferState.Offered, TransferTrouble.Unspecified)]
    [InlineData(TransferState.Moving, TransferTrouble.NoWay)]
    [InlineData(TransferState.Moving, TransferTrouble.SourceNotReady)]
    [InlineData(TransferState.Moving, TransferTrouble.NoRoom)]
    [InlineData(TransferState.Moving, TransferTrouble.Quota)]
    public async Task Every_trouble_of_a_transfer_is_said_with_a_way_on_in_the_entry_and_in_the_overview(TransferState state, TransferTrouble trouble)
    {
        var bob = _peer.Add("Bob");
        Say(bob, "", outgoing: trouble != TransferTrouble.NoRoom && state != TransferState.Offered);
        var message = _peer.Messages[^1];
        message.Kind = MessageKind.Files;
        message.File = new FileRecord { TransferId = message.Id, ItemCount = 1, TotalSize = 100, Files = { new FileEntry { Name = "a.pdf", Size = 100 } } };
        _peer.Snapshot.Transfers.Add(new TransferView { TransferId = message.Id, ContactId = bob.Id, MessageId = message.Id, Outgoing = message.Outgoing, State = state, Trouble = trouble, TotalBytes = 100, DoneBytes = 40, Way = Policy.Automatic });
        ContactId.TryRead(bob.Id, out var id);
        foreach (var language in new[] { "it", "en" })
        {
            _browser.SetLanguage(language);
            var t = Texts.Of(language).File;
            var way = (state, trouble) switch
            {
                (TransferState.Offered, _) => t.Get("100 B"),
                (_, TransferTrouble.NoWay) => t.LeaveThere,
                (_, TransferTrouble.SourceNotReady) => t.ChooseAgain,
                _ => t.Retry,
            };
            foreach (var path in new[] { $"/c/{id}", "/files", $"/c/{id}/m/{Id(message)}" })
            {
                var html = await DrawAsync(path);
                Assert.DoesNotMatch(InlineStyle(), html);
                Assert.DoesNotMatch(UnnamedButton(), html);
                Assert.Contains(way, Decode(html));
                Assert.Contains(t.Trouble(trouble, message.Outgoing, false, "Bob"), Decode(html));
            }
        }
    }

    public void Dispose() => _browser.Dispose();

    private static MessageId Id(MessageRecord message) => MessageId.TryRead(message.Id, out var id) ? id : default;

    private static string Decode(string html) => System.Net.WebUtility.HtmlDecode(html);

    private void Say(ContactView contact, string text, bool outgoing = false)
    {
        var message = Make.Message((ulong)_peer.Messages.Count + 1, outgoing, text: text);
        message.ContactId = contact.Id;
        _peer.Messages.Add(message);
    }

    private async Task<string> DrawAsync(string path)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IPeerClient>(_peer);
        services.AddSingleton<IBrowser>(_browser);
        services.AddSingleton<NavigationManager>(new PaperNavigation(path));
        services.AddSingleton<INavigationInterception>(new PaperNavigation(path));
        await using var provider = services.BuildServiceProvider();
        await using var renderer = new HtmlRenderer(provider, NullLoggerFactory.Instance);
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<App>()).ToHtmlString());
    }

    [GeneratedRegex("\\sstyle=|\\son[a-z]+=", RegexOptions.IgnoreCase)]
    private static partial Regex InlineStyle();

    [GeneratedRegex("<(button|a)(?![^>]*aria-label)[^>]*>\\s*(<svg.*?</svg>)?\\s*</(button|a)>")]
    private static partial Regex UnnamedButton();

    [GeneratedRegex("<(input|textarea|select)\\b")]
    private static partial Regex InputTag();

    [GeneratedRegex("<button\\b")]
    private static partial Regex ButtonTag();

    private sealed class PaperNavigation : NavigationManager, INavigationInterception
    {
        public PaperNavigation(string path) => Initialize("https://home.example/", "https://home.example" + path);

        public Task EnableNavigationInterceptionAsync() => Task.CompletedTask;

        protected override void NavigateToCore(string uri, NavigationOptions options) => Uri = ToAbsoluteUri(uri).AbsoluteUri;
    }
}
