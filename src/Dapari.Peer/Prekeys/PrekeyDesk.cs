using Dapari.Crypto;
using Dapari.Peer.Engine;
using Dapari.Peer.Servers;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Prekeys;

/// <summary>Keeps our prekeys at the home server: uploaded at each connection, filled up when few are left, the signed one renewed.</summary>
internal sealed class PrekeyDesk(Parts parts)
{
    /// <summary>
    /// One-time keys of each kind made with the identity: none. A first upload whose answer is lost is said again, and would offer keys anew that were
    /// given out meanwhile; so one-time keys are only ever made for the upload that carries them, once the server has counted what it has.
    /// </summary>
    public const int FirstCount = 0;

    private const int Few = 10;
    private const int Enough = 20;

    // One ML-KEM key pair takes some 4 ms in a browser.
    private const int MadePerStep = 4;
    private const ulong RotateEveryMs = 7UL * 24 * 60 * 60 * 1000;
    private const ulong GraceMs = 14UL * 24 * 60 * 60 * 1000;
    private const long LookEveryMs = 6L * 60 * 60 * 1000;

    private bool _filling;
    private bool _isToAskAgain;
    private long _lookAt = long.MaxValue;

    public long? NextDeadline => _lookAt == long.MaxValue ? null : _lookAt;

    public void Online(Step step, ServerConnection connection)
    {
        if (parts.State is not { Self: { } self, Vault: { } vault, Device: { } device } || self.HomeServer != connection.Origin)
            return;
        _isToAskAgain = false;
        Rotate(step);
        var whole = !self.PrekeysPublished;
        Upload(step, connection, whole ? vault.TakeUpload(device) : vault.Replenish(device, parts.State.Random, 0, 0, step.WallMs), whole);
    }

    public void Uploaded(Step step, ServerConnection connection, Asked.ToPutPrekeys asked, PrekeyCount count)
    {
        if (asked.WasWhole && parts.State.Self is { PrekeysPublished: false } self)
        {
            self.PrekeysPublished = true;
            step.SelfChanged();
        }

        Counted(step, connection, count);
    }

    /// <summary>The server refused an upload for the moment.</summary>
    public void Refused() => _isToAskAgain = true;

    /// <summary>The server may be asked again.</summary>
    public void PatienceOver(Step step, ServerConnection connection)
    {
        if (_isToAskAgain)
            Online(step, connection);
    }

    public void Counted(Step step, ServerConnection connection, PrekeyCount count)
    {
        if (parts.State is not { Self: { PrekeysPublished: true } self, Vault: { } vault, Device: { } device }
            || self.HomeServer != connection.Origin || self.PrekeyStoreId != count.StoreId)
            return;
        var goal = _filling ? Enough : Few;
        if (count.OneTime >= goal && count.OneTimeKem >= goal)
        {
            _filling = false;
            return;
        }

        _filling = true;
        var upload = vault.Replenish(device, parts.State.Random, Missing(count.OneTime), Missing(count.OneTimeKem), step.WallMs);
        step.VaultChanged();
        Upload(step, connection, upload, whole: false);
    }

    public void Tick(Step step)
    {
        if (step.Now.MonotonicMs < _lookAt)
            return;
        _lookAt = step.Now.MonotonicMs + LookEveryMs;
        if (Rotate(step) && parts.State.Self is { } self && parts.Servers.Find(self.HomeServer) is { IsOnline: true } connection)
            Online(step, connection);
    }

    /// <summary>The identity goes: what the server keeps for strangers to begin sessions with is emptied, and what stays opens nothing.</summary>
    public void Withdraw(Step step)
    {
        if (parts.State is not { Self: { } self, Device: { } device } || parts.Servers.Find(self.HomeServer) is not { IsOnline: true } connection)
            return;
        Upload(step, connection, PrekeyVault.Create(device, parts.State.Random, 0, step.WallMs).TakeUpload(device), whole: true);
    }

    /// <summary>After a restore: all new, and what the server keeps goes.</summary>
    public void Renew(Step step)
    {
        if (parts.State is not { Self: { } self, Device: { } device })
            return;
        parts.State.Vault = PrekeyVault.Create(device, parts.State.Random, FirstCount, step.WallMs);
        step.VaultChanged();
        self.PrekeysPublished = false;
        step.SelfChanged();
        if (parts.Servers.Find(self.HomeServer) is { IsOnline: true } connection)
            Online(step, connection);
    }

    private static int Missing(uint count) => Math.Clamp(Enough - (int)Math.Min(count, Enough), 0, MadePerStep);

    private bool Rotate(Step step)
    {
        if (_lookAt == long.MaxValue)
            _lookAt = step.Now.MonotonicMs + LookEveryMs;
        if (parts.State is not { Vault: { } vault, Device: { } device }
            || !vault.RotateSigned(device, parts.State.Random, step.WallMs, RotateEveryMs, GraceMs))
            return false;
        step.VaultChanged();
        return true;
    }

    private void Upload(Step step, ServerConnection connection, PrekeyUpload upload, bool whole)
    {
        if (parts.State is not { Self: { } self, Device: { } device, PrekeyOwner: { } owner } || !PrekeyStoreId.TryRead(self.PrekeyStoreId, out var id))
            return;
        connection.Send(step, new ClientFrame
        {
            PutPrekeys = new PutPrekeys
            {
                StoreId = self.PrekeyStoreId,
                OwnerKey = owner.PublicKey.ToByteString(),
                Signature = ByteString.CopyFrom(owner.Sign(ProofMessage.PrekeysOwner(connection.Host, connection.Challenge, id))),
                Replace = whole,
                Device = device.Certificate,
                SignedPrekey = upload.SignedPrekey,
                LastResort = upload.LastResort,
                OneTime = { upload.OneTime.Take(WireLimits.PrekeysPerUpload) },
                OneTimeKem = { upload.OneTimeKem.Take(WireLimits.PrekeysPerUpload) },
            },
        }, new Asked.ToPutPrekeys(whole));
    }
}
