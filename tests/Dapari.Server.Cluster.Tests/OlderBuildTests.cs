using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>
/// A machine of an earlier build (made of this repository's history by ./test: `build_older_server`), whose database has fewer tables and whose parcels another form if that ever changed,
/// beside today's, on one PostgreSQL.
/// </summary>
public sealed class OlderBuildTests
{
    private const int Some = 100;

    [Fact]
    public async Task A_cluster_goes_machine_by_machine_to_todays_build_and_back_while_people_talk()
    {
        var older = Older();
        await using var postgres = await TestPostgres.StartAsync();
        var cluster = Guid.NewGuid().ToString();
        await using var first = await MachineProcess.StartAsync(postgres, cluster, older);
        await using var second = await MachineProcess.StartAsync(postgres, cluster, older);
        await using var talks = await Talks.BeginAsync([first.Uri, second.Uri]);
        await talks.MoreAsync(Some);

        var before = await postgres.AskAsync("SELECT version FROM dapari.schema");
        await using var third = await MachineProcess.StartAsync(postgres, cluster);
        Assert.True((int)(await postgres.AskAsync("SELECT version FROM dapari.schema"))! > (int)before!, "the older build is not older than the last change of the tables");
        talks.Connect(third.Uri, second.Uri);
        await first.EndAsync();
        await talks.MoreAsync(Some);
        await using var fourth = await MachineProcess.StartAsync(postgres, cluster);
        talks.Connect(third.Uri, fourth.Uri);
        await second.EndAsync();
        await talks.MoreAsync(Some);

        await using var again = await MachineProcess.StartAsync(postgres, cluster, older);
        talks.Connect(fourth.Uri, again.Uri);
        await third.EndAsync();
        await talks.MoreAsync(Some);
        await fourth.KillAsync();
        talks.Connect(again.Uri);
        await talks.MoreAsync(Some);
        await talks.EndAsync();
    }

    private static string Older()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Dapari.slnx")))
            folder = folder.Parent ?? throw new InvalidOperationException("The repository is not around this test.");
        var program = Path.Combine(folder.FullName, "artifacts", "older-server", "dapari-server.dll");
        Assert.True(File.Exists(program), $"{program} is missing: ./test makes it of the repository's history, which a shallow clone does not have.");
        return program;
    }
}
