using System.Diagnostics.CodeAnalysis;

namespace Dapari.Server.Storage;

/// <summary>How owners are woken.</summary>
internal sealed partial class WriteSession
{
    private Statement _setWake, _deleteWake, _forgetWakes;

    public void SetWake(long mailbox, string endpoint, ReadOnlySpan<byte> mark, ReadOnlySpan<byte> subscription) =>
        _setWake.Bind(1, mailbox).Bind(2, endpoint).Bind(3, mark).Bind(4, subscription).Run();

    public void DeleteWake(long mailbox) => _deleteWake.Bind(1, mailbox).Run();

    /// <summary>Of all mailboxes of a device.</summary>
    public void ForgetWakes(string endpoint) => _forgetWakes.Bind(1, endpoint).Run();

    [MemberNotNull(nameof(_setWake), nameof(_deleteWake), nameof(_forgetWakes))]
    private void PrepareWakes()
    {
        _setWake = _database.Prepare("INSERT OR REPLACE INTO wakes (mailbox, endpoint, mark, subscription) VALUES (?1, ?2, ?3, ?4)");
        _deleteWake = _database.Prepare("DELETE FROM wakes WHERE mailbox = ?1");
        _forgetWakes = _database.Prepare("DELETE FROM wakes WHERE endpoint = ?1");
    }
}
