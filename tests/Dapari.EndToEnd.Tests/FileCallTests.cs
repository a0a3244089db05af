using System.Security.Cryptography;
using Dapari.Wire.V1;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Dapari.EndToEnd.Tests;

/// <summary>A call goes before a file.</summary>
public sealed class FileCallTests(Theatre theatre, Booth booth) : CallScene(theatre, booth), IClassFixture<Booth>
{
    // Beside a call one chunk at a time moves, and the line rests for longer than that took.
    private const string Progress = "entry => Number(entry.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow') ?? 100)";

    [Fact]
    public async Task A_call_is_heard_while_a_file_goes_on_behind_it_and_the_file_arrives()
    {
        var (alice, bob) = await MeetToCallAsync(Automatic);
        await alice.SeesDirectPathAsync(60);
        var folder = Directory.CreateTempSubdirectory("dapari-file-call-").FullName;
        try
        {
            var path = Path.Combine(folder, "behind.dat");
            await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(320 << 20), TestContext.Current.CancellationToken);
            await alice.SendFilesAsync(path);
            await bob.GetFilesAsync("behind.dat");
            await Waiting.UntilAsync("it moves", async () => await bob.Files("behind.dat").EvaluateAsync<int>(Progress) > 0, TimeSpan.FromSeconds(60));
            await TalkAsync(alice, bob);
            await bob.HangUpAsync();
            await Expect(alice.CallScreen).ToBeHiddenAsync();
            Assert.True(await bob.Files("behind.dat").EvaluateAsync<int>(Progress) < 100, "It was over before the call.");
            await bob.SeesFilesWentAsync("behind.dat", Route.Direct);
            await alice.SeesFilesWentAsync("behind.dat", Route.Direct);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
