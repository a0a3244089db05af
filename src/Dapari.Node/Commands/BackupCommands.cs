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
        var file = new Argument<FileInfo>("FILE") { Description = Tongue.Of("Where to", "Dove") };
        var command = new Command("export", Tongue.Of($"Write an encrypted backup of everything (passphrase: {Variable}, or the first line of the input)", $"Scrivi una copia cifrata di tutto (frase segreta: {Variable}, o la prima riga in ingresso)")) { file };
        frame.Run(command, async (line, session, cancellation) =>
        {
            var passphrase = await PassphraseAsync(frame, session.Terminal, cancellation);
            await session.DoAsync("POST", new BackupBody(line.GetValue(file)!.FullName, passphrase), ApiJson.Default.BackupBody, cancellation, "backup");
            session.Terminal.Note(Tongue.Of("Written. Who puts it back loses nothing, and uses no key twice; until then this peer goes on as it is.", "Scritta. Chi la ripristina non perde niente e non usa due volte una chiave; fino ad allora qui tutto continua."));
            session.Terminal.Done();
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Import(Frame frame)
    {
        var file = new Argument<FileInfo>("FILE") { Description = Tongue.Of("A backup", "Una copia") };
        var command = new Command("import", Tongue.Of($"Put a backup back into an empty folder (passphrase: {Variable}, or the first line of the input)", $"Ripristina una copia in una cartella vuota (frase segreta: {Variable}, o la prima riga in ingresso)")) { file };
        frame.RunAlone(command, async (line, terminal, cancellation) =>
        {
            var folder = frame.FolderOf(line);
            var source = line.GetValue(file)!;
            if (!source.Exists)
                throw new CommandEnd(ExitCode.Usage, "no-file", Tongue.Of($"There is no file {source.FullName}.", $"Il file {source.FullName} non esiste."));
            var passphrase = await PassphraseAsync(frame, terminal, cancellation);
            if (!Backup.TryOpen(await File.ReadAllBytesAsync(source.FullName, cancellation), Encoding.UTF8.GetBytes(passphrase), out var rows, out var messages))
                throw new CommandEnd(ExitCode.Refused, "not-opened", Tongue.Of("It is no backup, it is damaged, or the passphrase is wrong.", "Non è una copia, è rovinata, o la frase segreta è sbagliata."));
            using var home = NodeHome.TryOpen(folder, out var fault)
                ?? throw Frame.NoFolder(folder, fault == HomeFault.InUse ? NodeFault.InUse : fault == HomeFault.NotOurs ? NodeFault.NotOurs : NodeFault.Storage);
            try
            {
                using var store = SqlitePeerStore.Open(home.Database, RandomSource.System);
                if (store.Rows("").Count > 0)
                    throw new CommandEnd(ExitCode.Refused, "not-empty", Tongue.Of("There is an identity in this folder already: a backup goes into an empty one (--home).", "In questa cartella c'è già un'identità: una copia va in una vuota (--home)."));
                store.Fill(PeerEngine.Restore(rows, RandomSource.System), messages);
            }
            catch (SqliteFault)
            {
                throw Frame.NoFolder(folder, NodeFault.Storage);
            }
            catch (InvalidDataException)
            {
                throw new CommandEnd(ExitCode.Refused, "not-understood", Tongue.Of("A newer version wrote this, or it is damaged.", "L'ha scritta una versione più nuova, o è rovinata."));
            }

            terminal.Note(Tongue.Of("Put back. Contacts get new keys at the next start; the device that it was made on must not run any more.", "Ripristinata. Al prossimo avvio i contatti ricevono chiavi nuove; il dispositivo da cui viene non deve più funzionare."));
            terminal.Done();
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<string> PassphraseAsync(Frame frame, Terminal terminal, CancellationToken cancellation)
    {
        if (frame.Variable(Variable) is { Length: > 0 } kept)
            return kept;
        terminal.Note(Tongue.Of("Passphrase:", "Frase segreta:"));
        return await terminal.Input.ReadLineAsync(cancellation) is { Length: > 0 } typed
            ? typed
            : throw new CommandEnd(ExitCode.Usage, "no-passphrase", Tongue.Of("A passphrase is wanted.", "Serve una frase segreta."));
    }
}
