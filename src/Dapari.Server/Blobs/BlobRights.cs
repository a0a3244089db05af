using System.Security.Cryptography;
using Dapari.Server.Storage;
using Dapari.Wire;

namespace Dapari.Server.Blobs;

/// <summary>What a token allows.</summary>
[Flags]
internal enum BlobRights
{
    None = 0,
    Upload = 1,
    Read = 2,
    Own = 4,
}

/// <summary>Compares a token with a drop-off's hashes.</summary>
internal static class BlobRightsOf
{
    private static readonly byte[] Nobodys = new byte[BlobToken.Length];

    /// <summary>All three are compared whatever comes out, each in constant time, and for an unknown id against nothing's hashes: no answer and no clock
    /// tells an unknown id from a wrong token.</summary>
    public static BlobRights Of(BlobToken token, BlobRow? blob)
    {
        var hash = token.Hash();
        var rights = (CryptographicOperations.FixedTimeEquals(hash, blob?.UploadHash ?? Nobodys) ? BlobRights.Upload : 0)
            | (CryptographicOperations.FixedTimeEquals(hash, blob?.ReadHash ?? Nobodys) ? BlobRights.Read : 0)
            | (CryptographicOperations.FixedTimeEquals(hash, blob?.OwnerHash ?? Nobodys) ? BlobRights.Own : 0);
        return blob is null ? BlobRights.None : rights;
    }
}
