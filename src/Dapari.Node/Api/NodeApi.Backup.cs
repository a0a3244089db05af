using System.Text;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Storage;

namespace Dapari.Node.Api;

/// <summary>Backups are written by whoever holds the store.</summary>
internal sealed partial class NodeApi
{
    private Task<ApiAnswer> BackUpAsync(ApiRequest request, CancellationToken cancellation) => Task.Run(() =>
    {
        var body = Read(request, ApiJson.Default.BackupBody);
        if (!Path.IsPathFullyQualified(body.Path) || body.Passphrase.Length == 0)
            return Error(400, "malformed", "A backup wants a full path and a passphrase.");
        var (rows, messages) = peer.Store.Everything();
        var sealedBytes = Backup.Seal(rows, messages, Encoding.UTF8.GetBytes(body.Passphrase), Wire.RandomSource.System);
        try
        {
            Home.NodeHome.WriteSecret(body.Path, sealedBytes);
            return Ok();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Error(507, "not-written", "The backup could not be written there.");
        }
    }, cancellation);
}
