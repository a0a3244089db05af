using System.Net;
using Dapari.Node.Commands;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;
using Dapari.Wire.V1;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>A whole server on loopback, and people with nodes of their own there.</summary>
internal sealed class Post : IAsyncDisposable
{
    private readonly List<Person> _people = [];
    private ServerHost _host = null!;

    private string Data { get; } = Directory.CreateTempSubdirectory("dapari-node-").FullName;

    public string Origin => _host.Addresses[0].GetLeftPart(UriPartial.Authority);

    public static async Task<Post> OpenAsync(Registration registration = Registration.Open, RelayServing? relay = null)
    {
        var post = new Post();
        post._host = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = Path.Combine(post.Data, "server"), Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, Relay = relay ?? new RelayServing { On = false },
                Registration = registration,
            },
            TimeProvider.System);
        return post;
    }

    /// <summary>A person with a folder and an identity; nothing of theirs runs.</summary>
    public async Task<Person> BornAsync(string name, params string[] more)
    {
        var person = new Person(name, Path.Combine(Data, name));
        _people.Add(person);
        await person.DoAsync(["init", name, "--server", Origin, .. more]);
        return person;
    }

    /// <summary>A code that lets so many in, as the server's operator makes it.</summary>
    public string NewCode(int uses) => _host.Rules.NewToken(uses, TimeSpan.FromDays(1))!.Value.Code;

    /// <summary>What codes still let in.</summary>
    public int CodesLeft => _host.Rules.Tokens().Sum(t => t.Uses);

    /// <summary>A folder without anything in it.</summary>
    public Person Nobody(string name)
    {
        var person = new Person(name, Path.Combine(Data, name));
        _people.Add(person);
        return person;
    }

    /// <summary>Two people with daemons, who are contacts.</summary>
    public async Task<(Person One, Person Other)> ContactsAsync()
    {
        var (one, other) = (await BornAsync("Alice"), await BornAsync("Bob"));
        await one.UpAsync();
        await other.UpAsync();
        await MeetAsync(one, other);
        return (one, other);
    }

    public static async Task MeetAsync(Person one, Person other)
    {
        var link = (await one.DoAsync("invite", "--no-qr")).Trim();
        // On a slow machine the command may end first: what it began goes on with the daemon, or with the next command.
        var accepted = (await other.RunAsync("accept", link)).Code;
        Assert.Contains(accepted, (int[])[ExitCode.Done, ExitCode.NotYet]);
        if (accepted == ExitCode.NotYet)
            await Waiting.UntilAsync("the invite's maker is asked", async () => (await other.DoAsync("--json", "contacts")).Contains("\"asked\"", StringComparison.Ordinal));
        await Waiting.UntilAsync("the request arrives", async () => (await one.ContactAsync(other.Name))?.State == "asking");
        await one.DoAsync("contacts", "accept", other.Name);
        await Waiting.UntilAsync("the acceptance arrives", async () => (await other.ContactAsync(one.Name))?.State == "accepted");
    }

    /// <summary>The server is gone for good.</summary>
    public ValueTask CloseServerAsync() => _host.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var person in _people)
            await person.DisposeAsync();
        await _host.DisposeAsync();
        Directory.Delete(Data, recursive: true);
    }
}
