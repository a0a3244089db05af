using System.CommandLine;
using System.Text;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Home;
using Dapari.Node.Hosting;
using Dapari.Node.Storage;
using Dapari.Peer.Engine;
using Dapari.Wire;

namespace Dapari.Node.Commands;

/// <summary>Everything in one sealed file, and back.</summary>
internal static class BackupCommands
{
    private const string Variable = "DAPARI_PASSPHRASE";

    public static Command Export(Frame frame)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "Where to" };
        var command = new Command("export", $"Write an encrypted backup of everything (passphrase: {Variable}, or the first line of the input)") { file };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var passphrase = await PassphraseAsync(frame, session.Terminal, cancellation);
            await session.DoAsync("POST", new BackupBody(line.GetValue(file)!.FullName, passphrase), ApiJson.Default.BackupBody, cancellation, "backup");
            session.Terminal.Note("Written. Who puts it back loses nothing, and uses no key twice; until then this peer goes on as it is.");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Import(Frame frame)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "A backup" };
        var command = new Command("import", $"Put a backup back into an empty folder (passphrase: {Variable}, or the first line of the input)") { file };
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            var source = line.GetValue(file)!;
            if (!source.Exists)
                throw new CommandEnd(ExitCode.Usage, "no-file", $"There is no file {source.FullName}.");
            var passphrase = await PassphraseAsync(frame, terminal, cancellation);
            if (!Backup.TryOpen(await File.ReadAllBytesAsync(source.FullName, cancellation), Encoding.UTF8.GetBytes(passphrase), out var rows, out var messages))
                throw new CommandEnd(ExitCode.Refused, "not-opened", "It is no backup, it is damaged, or the passphrase is wrong.");
            using var home = NodeHome.TryOpen(folder, out var fault)
                ?? throw Frame.NoFolder(folder, fault == HomeFault.InUse ? NodeFault.InUse : fault == HomeFault.NotOurs ? NodeFault.NotOurs : NodeFault.Storage);
            try
            {
                using var store = SqlitePeerStore.Open(home.Database, RandomSource.System);
                if (store.Rows("").Count > 0)
                    throw new CommandEnd(ExitCode.Refused, "not-empty", "There is an identity in this folder already: a backup goes into an empty one.");
                store.Fill(PeerEngine.Restore(rows, RandomSource.System), messages);
            }
            catch (SqliteFault)
            {
                throw Frame.NoFolder(folder, NodeFault.Storage);
            }
            catch (InvalidDataException)
            {
                throw new CommandEnd(ExitCode.Refused, "not-understood", "A newer version wrote this, or it is damaged.");
            }

            terminal.Note("Put back. Contacts get new keys at the next start; the device that it was made on must not run any more.");
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<string> PassphraseAsync(Frame frame, Terminal terminal, CancellationToken cancellation)
    {
        if (frame.Variable(Variable) is { Length: > 0 } kept)
            return kept;
        terminal.Note("Passphrase:");
        return await terminal.Input.ReadLineAsync(cancellation) is { Length: > 0 } typed
            ? typed
            : throw new CommandEnd(ExitCode.Usage, "no-passphrase", "A passphrase is wanted.");
    }
}
