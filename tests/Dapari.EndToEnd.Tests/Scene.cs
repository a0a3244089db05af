using System.Text;
using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(Dapari.EndToEnd.Tests.Theatre))]

namespace Dapari.EndToEnd.Tests;

/// <summary>Opens the stage once for all tests.</summary>
public sealed class Theatre : IAsyncLifetime
{
    /// <summary>The stage.</summary>
    public Stage Stage { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Stage = await Stage.OpenAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Stage.DisposeAsync();
}

/// <summary>
/// What every end-to-end test has: people who arrive and leave again, and evidence when it fails. A test also fails when a page broke the
/// Content-Security-Policy or let an exception escape, whatever it was about.
/// </summary>
public abstract class Scene(Theatre theatre) : IAsyncLifetime
{
    private readonly List<Person> people = [];
    private readonly List<IAsyncDisposable> props = [];

    /// <summary>The browser and server that all share.</summary>
    protected Stage Stage => theatre.Stage;

    /// <summary>Whether what the pages reported is the app's own: not where a tool puts styles of its own into them.</summary>
    protected virtual bool JudgesPages => true;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Somebody opens the app for the first time.</summary>
    protected async Task<Person> ArriveAsync(string name, Look? look = null, string? origin = null, string path = "/", IBrowser? browser = null)
    {
        var person = await Person.ArriveAsync(browser ?? Stage.Browser, name, origin ?? Stage.Server.Origin, look, path);
        lock (people) people.Add(person);
        return person;
    }

    /// <summary>Somebody who has said their name.</summary>
    protected async Task<Person> SettleAsync(string name, Look? look = null, string? origin = null, IBrowser? browser = null)
    {
        var person = await ArriveAsync(name, look, origin, browser: browser);
        await person.BeginAsync();
        return person;
    }

    /// <summary>Alice and Bob, in contact, each with the conversation open.</summary>
    protected async Task<(Person Alice, Person Bob)> MeetAsync(Look? look = null, string? origin = null, IBrowser? browser = null)
    {
        var alice = await SettleAsync("Alice", look, origin, browser);
        var link = await alice.InviteAsync();
        var bob = await ArriveAsync("Bob", look, origin, new Uri(link).PathAndQuery + new Uri(link).Fragment, browser);
        await bob.BeginAsync();
        await alice.AcceptAsync("Bob");
        await alice.OpenAsync("Bob");
        await bob.OpenAsync("Alice");
        await Assertions.Expect(bob.Log.GetByText(bob.Words.Chat.Connected("Alice"))).ToBeVisibleAsync();
        return (alice, bob);
    }

    /// <summary>A server of this test's own, which it may kill.</summary>
    protected async Task<ServerProcess> OwnServerAsync(params string[] options) => Keep(await ServerProcess.StartAsync(options));

    /// <summary>Disposed of at the end, in reverse order.</summary>
    protected T Keep<T>(T prop)
        where T : IAsyncDisposable
    {
        lock (props) props.Add(prop);
        return prop;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        var failed = TestContext.Current.TestState?.Result == TestResult.Failed;
        List<string> faults = [];
        try
        {
            foreach (var person in people)
            {
                if (failed) await KeepEvidenceAsync(person);
                else if (JudgesPages) faults.AddRange(await FaultsAsync(person));
            }
        }
        finally
        {
            foreach (var person in people) await person.DisposeAsync();
            foreach (var prop in Enumerable.Reverse(props)) await prop.DisposeAsync();
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static async Task<IEnumerable<string>> FaultsAsync(Person person)
    {
        var faults = person.Console.Where(line => (line.StartsWith("uncaught", StringComparison.Ordinal) && !IsLost(line))
            || line.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase)
            || line.Contains("Unhandled exception", StringComparison.OrdinalIgnoreCase));
        foreach (var page in person.Context.Pages)
        {
            var violations = await page.EvaluateAsync<string[]>("() => window.__watched?.violations ?? []");
            faults = faults.Concat(violations);
        }

        return faults.Select(fault => $"{person.Name}: {fault}");
    }

    // A network that changes while the app loads (homes of a lab have just been plugged in): the loader lets that escape, and the app loads itself anew.
    private static bool IsLost(string line) => line.Contains("Failed to fetch", StringComparison.Ordinal) && line.Contains("/_framework/", StringComparison.Ordinal);

    private static async Task KeepEvidenceAsync(Person person)
    {
        var test = TestContext.Current.Test?.TestDisplayName ?? "test";
        var folder = Path.Combine(Repository.Results, FileName(test));
        var who = FileName(person.Name);
        Directory.CreateDirectory(folder);
        await File.WriteAllLinesAsync(Path.Combine(folder, who + ".console.txt"), person.Console, Encoding.UTF8);
        var number = 0;
        foreach (var page in person.Context.Pages)
        {
            number++;
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{who}-{number}.png") });
            await File.WriteAllTextAsync(Path.Combine(folder, $"{who}-{number}.html"), await page.ContentAsync());
        }

        await person.KeepTraceAsync(Path.Combine(folder, who + ".trace.zip"));
    }

    private static string FileName(string text) => string.Concat(text.Split(Path.GetInvalidFileNameChars()));
}
