using System.Diagnostics.CodeAnalysis;

namespace Dapari.Server.Storage;

/// <summary>Invites and prekeys.</summary>
internal sealed partial class WriteSession
{
    /// <summary>Ids of given-away prekeys that are remembered for each kind, so that a repeated upload revives none.</summary>
    private const int TakenPrekeysRemembered = 1000;

    private Statement _invite, _putInvite, _deleteInvite, _expireInvites, _store, _insertStore, _updateStore, _deletePrekeys, _prekeyKnown,
        _insertPrekey, _firstPrekey, _markTaken, _forgetTaken, _countPrekeys;

    /// <summary>The owner key of an invite that has not expired.</summary>
    public bool TryFindInvite(ReadOnlySpan<byte> id, long nowMs, [NotNullWhen(true)] out byte[]? ownerKey)
    {
        _invite.Bind(1, id).Bind(2, nowMs);
        ownerKey = _invite.Step() ? _invite.Blob(0) : null;
        _invite.Reset();
        return ownerKey is not null;
    }

    public void PutInvite(ReadOnlySpan<byte> id, ReadOnlySpan<byte> ownerKey, long expiresMs, ReadOnlySpan<byte> blob) =>
        _putInvite.Bind(1, id).Bind(2, ownerKey).Bind(3, expiresMs).Bind(4, blob).Run();

    public void DeleteInvite(ReadOnlySpan<byte> id) => _deleteInvite.Bind(1, id).Run();

    public void ExpireInvites(long nowMs) => _expireInvites.Bind(1, nowMs).Run();

    public bool TryFindPrekeyStore(ReadOnlySpan<byte> id, out PrekeyStoreRow row)
    {
        _store.Bind(1, id);
        var found = _store.Step();
        row = found ? new(_store.Int64(0), _store.Blob(1), _store.Blob(2), _store.Blob(3), _store.Blob(4)) : default;
        _store.Reset();
        return found;
    }

    public long InsertPrekeyStore(ReadOnlySpan<byte> id, in PrekeyStoreRow row)
    {
        _insertStore.Bind(1, id).Bind(2, row.OwnerKey).Bind(3, row.Device).Bind(4, row.SignedPrekey).Bind(5, row.LastResort).Run();
        return _database.LastRowId;
    }

    public void UpdatePrekeyStore(in PrekeyStoreRow row) =>
        _updateStore.Bind(1, row.Number).Bind(2, row.Device).Bind(3, row.SignedPrekey).Bind(4, row.LastResort).Run();

    /// <summary>Forgets all one-time keys of a store, given away ones too.</summary>
    public void DeletePrekeys(long store) => _deletePrekeys.Bind(1, store).Run();

    /// <summary>Keeps a key unless its id is kept or was given away already.</summary>
    public void AddPrekey(long store, PrekeyKind kind, uint id, ReadOnlySpan<byte> key)
    {
        _prekeyKnown.Bind(1, store).Bind(2, (long)kind).Bind(3, id);
        var known = _prekeyKnown.Step();
        _prekeyKnown.Reset();
        if (!known)
            _insertPrekey.Bind(1, store).Bind(2, (long)kind).Bind(3, id).Bind(4, key).Run();
    }

    /// <summary>Takes the key of the lowest id out for good; null when none is left.</summary>
    public byte[]? TakePrekey(long store, PrekeyKind kind)
    {
        _firstPrekey.Bind(1, store).Bind(2, (long)kind);
        byte[]? key = null;
        var id = 0L;
        if (_firstPrekey.Step())
        {
            id = _firstPrekey.Int64(0);
            key = _firstPrekey.Blob(1);
        }

        _firstPrekey.Reset();
        if (key is not null)
        {
            _markTaken.Bind(1, store).Bind(2, (long)kind).Bind(3, id).Run();
            _forgetTaken.Bind(1, store).Bind(2, (long)kind).Bind(3, TakenPrekeysRemembered).Run();
        }

        return key;
    }

    public int CountPrekeys(long store, PrekeyKind kind)
    {
        _countPrekeys.Bind(1, store).Bind(2, (long)kind).Step();
        var count = (int)_countPrekeys.Int64(0);
        _countPrekeys.Reset();
        return count;
    }

    [MemberNotNull(nameof(_invite), nameof(_putInvite), nameof(_deleteInvite), nameof(_expireInvites), nameof(_store), nameof(_insertStore),
        nameof(_updateStore), nameof(_deletePrekeys), nameof(_prekeyKnown), nameof(_insertPrekey), nameof(_firstPrekey), nameof(_markTaken),
        nameof(_forgetTaken), nameof(_countPrekeys))]
    private void PrepareOthers()
    {
        _invite = _database.Prepare("SELECT owner_key FROM invites WHERE id = ?1 AND expires_ms > ?2");
        _putInvite = _database.Prepare("INSERT OR REPLACE INTO invites (id, owner_key, expires_ms, blob) VALUES (?1, ?2, ?3, ?4)");
        _deleteInvite = _database.Prepare("DELETE FROM invites WHERE id = ?1");
        _expireInvites = _database.Prepare("DELETE FROM invites WHERE expires_ms <= ?1");
        _store = _database.Prepare("SELECT number, owner_key, device, signed_prekey, last_resort FROM prekey_stores WHERE id = ?1");
        _insertStore = _database.Prepare(
            "INSERT INTO prekey_stores (id, owner_key, device, signed_prekey, last_resort) VALUES (?1, ?2, ?3, ?4, ?5)");
        _updateStore = _database.Prepare("UPDATE prekey_stores SET device = ?2, signed_prekey = ?3, last_resort = ?4 WHERE number = ?1");
        _deletePrekeys = _database.Prepare("DELETE FROM prekeys WHERE store = ?1");
        _prekeyKnown = _database.Prepare("SELECT 1 FROM prekeys WHERE store = ?1 AND kind = ?2 AND taken IN (0, 1) AND id = ?3");
        _insertPrekey = _database.Prepare("INSERT INTO prekeys (store, kind, id, key) VALUES (?1, ?2, ?3, ?4)");
        _firstPrekey = _database.Prepare("SELECT id, key FROM prekeys WHERE store = ?1 AND kind = ?2 AND taken = 0 ORDER BY id LIMIT 1");
        _markTaken = _database.Prepare("UPDATE prekeys SET taken = 1, key = x'' WHERE store = ?1 AND kind = ?2 AND taken = 0 AND id = ?3");
        _forgetTaken = _database.Prepare(
            "DELETE FROM prekeys WHERE store = ?1 AND kind = ?2 AND taken = 1 AND id IN (SELECT id FROM prekeys WHERE store = ?1 AND kind = ?2 AND taken = 1 ORDER BY id DESC LIMIT -1 OFFSET ?3)");
        _countPrekeys = _database.Prepare("SELECT count(*) FROM prekeys WHERE store = ?1 AND kind = ?2 AND taken = 0");
    }
}
