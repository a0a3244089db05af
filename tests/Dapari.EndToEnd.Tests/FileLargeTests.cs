using System.Globalization;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.EndToEnd.Tests;

/// <summary>What takes minutes: run when asked for by name. What it shows in large, others show in small.</summary>
public sealed class FileLargeTests(Theatre theatre) : FileScene(theatre)
{
    private const long Mega = 1 << 20;

    [Fact(Explicit = true)]
    public async Task A_gibibyte_goes_straight_bit_for_bit()
    {
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("large.dat", 1024 * Mega);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("large.dat");
        await bob.SeesFilesWentAsync("large.dat", Route.Direct);
        Assert.Equal(("large.dat", hash), await bob.SaveFileAsync("large.dat", "large.dat"));
    }

    [Fact(Explicit = true)]
    public async Task A_folder_of_two_thousand_files_arrives_as_it_was()
    {
        const int Count = 2000;
        var (alice, bob) = await MeetAsync();
        await alice.SeesDirectPathAsync(60);
        List<string> expected = [];
        for (var i = 0; i < Count; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"trip/{(i % 2 == 0 ? "day one/" : "")}note {i:0000}.dat");
            expected.Add($"{name} {MakeFile(name, i * 7).Hash}");
        }

        await alice.PickAsync(alice.Words.File.MenuFolder, Path.Combine(Folder(), "trip"));
        await alice.SendPickedAsync();
        await bob.SeesFilesAsync("trip");
        await bob.SeesFilesWentAsync("trip", Route.Direct);
        Assert.Equal(expected.Order(StringComparer.Ordinal), (await bob.SaveAllFilesAsync("trip", Count)).Order(StringComparer.Ordinal));
    }

    /// <summary>Either browser or the server dies fifty times at moments from a seed, while one file goes; it arrives bit for bit.</summary>
    [Fact(Explicit = true)]
    public Task A_file_survives_fifty_deaths() => DieAsync(50, 768 * Mega);

    [Fact]
    public Task A_file_survives_three_deaths() => DieAsync(3, 96 * Mega);

    /// <summary>So many turns of a page, a second of them at most: where in its work the next death falls.</summary>
    private static async Task MomentAsync(Random random, Person living)
    {
        for (var left = random.Next(300); left > 0; left--) await living.Page.EvaluateAsync("() => 0");
    }

    private async Task DieAsync(int deaths, long size)
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("DAPARI_SEED") ?? Random.Shared.Next(100_000).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        var server = await OwnServerAsync();
        var (alice, bob) = await MeetAsync(origin: server.Origin);
        await alice.SeesDirectPathAsync(60);
        var (path, hash) = MakeFile("long.dat", size);
        await alice.SendFilesAsync(path);
        await bob.GetFilesAsync("long.dat");
        var steps = new List<string> { $"seed {seed}" };
        try
        {
            for (var i = 0; i < deaths; i++)
            {
                // A moment of its progress, and one of time: also between two steps of coming back.
                await bob.SeesProgressAsync("long.dat", 90 * i / deaths);
                await MomentAsync(random, bob);
                var who = random.Next(3);
                steps.Add($"{i}: {who switch { 0 => "sender", 1 => "recipient", _ => "server" }}");
                if (who == 2)
                {
                    await server.KillAsync();
                    await MomentAsync(random, bob);
                    await server.StartAgainAsync();
                    continue;
                }

                var (person, other) = who == 0 ? (alice, "Bob") : (bob, "Alice");
                await person.LeaveAsync();
                await MomentAsync(random, who == 0 ? bob : alice);
                await person.ReturnAsync();
                await person.OpenAsync(other);
            }

            await bob.SeesFilesWentAsync("long.dat", Route.Direct);
            Assert.Equal(("long.dat", hash), await bob.SaveFileAsync("long.dat", "long.dat"));
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(string.Join("; ", steps), failure);
        }
    }
}
