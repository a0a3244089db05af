using Dapari.Node.Api.Bodies;
using Xunit;

namespace Dapari.Node.Tests.Files;

/// <summary>Files from one node to another, by real commands, daemons and a real server.</summary>
public sealed class FileWalkTests
{
    [Fact]
    public async Task Sixty_four_mebibytes_go_straight_to_the_other_node()
    {
        await using var post = await Post.OpenAsync();
        var (alice, bob) = await post.ContactsAsync();
        using var files = new FileRoom();
        var path = files.Make("big.bin", 64 * 1024 * 1024);
        await alice.DoAsync("send", "Bob", path, "--way", "direct", "--wait", "offered");
        await Waiting.UntilAsync("it is offered", async () => (await bob.FilesAsync()).Count == 1);
        await bob.DoAsync("receive", "Alice", "--to", files.Inbox, "--timeout", "600");
        await Waiting.UntilAsync("its sender knows", async () => (await alice.FilesAsync())[0].Message.Files!.Outcome is not null);
        var sent = (await alice.FilesAsync())[0].Message.Files!;
        Assert.Equal("arrived", sent.Outcome);
        Assert.Equal(new ShareBody("direct", 64 * 1024 * 1024), Assert.Single(sent.Shares!));
        FileRoom.AssertSame(path, Path.Combine(files.Inbox, "big.bin"));
    }
}
