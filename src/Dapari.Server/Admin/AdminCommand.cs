using System.Text.Json.Nodes;
using Dapari.Server.Hosting;
using Dapari.Server.Options;
using Dapari.Server.Storage;
using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dapari.Server.Admin;

/// <summary>dapari-server admin: asks the running server, or does it on the data folder when none runs. Exit codes as <see cref="AdminReply.Exit"/>.</summary>
internal static class AdminCommand
{
    private const string Help = """
        usage: dapari-server admin [--data DIR] [--config FILE] [--json] COMMAND

          health                                  exit code 0 while a server runs and its storage works
          usage                                   what is kept, in numbers
          registration                            who may register
          registration open|invited|closed        everybody; who has a code; nobody
          registration token new [--uses N] [--days N]
          registration token list
          registration token revoke ID
          quota [set NAME VALUE | reset NAME]     what mailboxes and files may take; holds at once and after a new start
          retention [set NAME DAYS | reset NAME]  how long things are kept
          block MAILBOX|ADDRESS[/BITS]            not served any more; open connections end
          unblock MAILBOX|ADDRESS[/BITS]
          blocked                                 what is blocked
          backup FILE                             all the server keeps, into one file, while it runs
          restore FILE                            a backup into the empty data folder; no server may run on it
          check [--repair]                        whether database and files are sound and belong together
          downgrade VERSION                       makes the data folder fit for an older version of the server (its schema's number), which no server may run on

        Each works on a running server, and without one on its data folder, but for the last and restore, which need it stopped.
        --json: the answer as JSON. Exit codes: 0 done; 1 it failed, or check found faults; 2 the command is wrong.
        """;

    public static async Task<int> RunAsync(string[] arguments, Func<string, string?> environment, TimeProvider time, TextWriter output, TextWriter errors)
    {
        var words = new List<string>();
        var settings = new List<string>();
        var json = false;
        for (var i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--json")
                json = true;
            else if (arguments[i] is "--data" or "--config" && i + 1 < arguments.Length)
                settings.AddRange([arguments[i], arguments[++i]]);
            else
                words.Add(arguments[i]);
        }

        if (words.Count == 0 || words.Contains("--help") || words[0] is "help" or "-h")
        {
            await output.WriteLineAsync(Help);
            return words.Count == 0 ? 2 : 0;
        }

        if (!OptionsReader.TryRead(settings, environment, out var options, out var wrong))
        {
            foreach (var line in wrong)
                await errors.WriteLineAsync(line);
            return 2;
        }

        // The server's own folder is another one than this command's.
        if (words is ["backup" or "restore", _])
            words[1] = Path.GetFullPath(words[1]);
        var reply = await AnswerAsync([.. words], options, time);
        if (json)
            await output.WriteLineAsync(reply.Json.ToJsonString());
        else
            await (reply.Exit == 0 ? output : errors).WriteLineAsync(reply.Text);
        return reply.Exit;
    }

    private static async Task<AdminReply> AnswerAsync(string[] words, ServerOptions options, TimeProvider time)
    {
        try
        {
            if (words is ["restore", var file])
                return AdminReply.Done($"{Backup.Restore(file, options.Data)} files are in {options.Data}. Start the server.", new JsonObject { ["data"] = options.Data });
            if (!Directory.Exists(options.Data))
                return AdminReply.Failed($"There is no data folder {options.Data}: name it with --data.");
            if (words is not ["downgrade", ..] && await AdminSocket.AskAsync(options.Data, words, CancellationToken.None) is { } reply)
                return reply;
            using var folder = DataFolder.Take(options.Data);
            if (words is ["downgrade", var version])
                return await GoBackAsync(folder, version, options, time);
            var rules = ServerRules.Open(options.Data, time, RandomSource.System);
            var desk = new AdminDesk(options, rules, time, () => ValueTask.FromResult(Open(options, time)), null, null);
            return await desk.RunAsync(words, CancellationToken.None);
        }
        catch (StartException e)
        {
            return AdminReply.Failed(e.Message);
        }
        catch (StorageException e)
        {
            return AdminReply.Failed($"The store: {e.Message}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return AdminReply.Failed(e.Message);
        }
    }

    private static StoreAccess Open(ServerOptions options, TimeProvider time) => StoreAccess.Open(options.Data, new ServerClock(time), NullLogger.Instance);

    /// <summary>What the journal holds goes to the database first: older builds know no journal, and nothing is lost.</summary>
    private static async Task<AdminReply> GoBackAsync(DataFolder folder, string text, ServerOptions options, TimeProvider time)
    {
        if (!int.TryParse(text, out var version) || version < Schema.Oldest || version >= Schema.Version)
            return AdminReply.NotUnderstood($"downgrade goes to a schema from {Schema.Oldest} to {Schema.Version - 1}; this build's is {Schema.Version}.");
        await using (var access = Open(options, time))
            await access.Writer.RunAsync(new SettleAllOperation(), CancellationToken.None);
        using (var database = Database.Open(folder.Database, readOnly: false))
        {
            database.Execute("PRAGMA synchronous = FULL");
            Schema.GoBack(database, version);
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        if (version < Schema.JournalSince)
            Directory.Delete(folder.Journal, true);
        return AdminReply.Done($"The data folder is of schema {version}: the older version can be started. This one brings it up again.", new JsonObject { ["schema"] = version });
    }
}
