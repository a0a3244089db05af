using System.Security.Cryptography;

namespace Dapari.Crypto;

/// <summary>
/// What two contacts know each other by on one network: <c>HKDF-SHA256(ikm = wrap key, salt = none, info = "dapari nearby v1")</c>, 32 bytes. A wrap key is known to
/// the mailbox's owner and its contact alone; who learns the secret learns nothing of the key.
/// </summary>
public static class NearbySecret
{
    /// <summary>Its length in bytes.</summary>
    public const int Length = 32;

    /// <summary>The secret of a mailbox's key.</summary>
    public static byte[] Of(WrapKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, key.ExportSecret(), Length, info: Labels.Nearby.ToArray());
    }
}
