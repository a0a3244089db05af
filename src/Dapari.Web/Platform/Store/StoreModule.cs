using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>js/store.js.</summary>
internal static partial class StoreModule
{
    public const string Name = "dapari/store";
    public const int Kept = 0;
    public const int Full = 1;

    [JSImport("open", Name)]
    public static partial Task<JSObject> OpenAsync(string name, [JSMarshalAs<JSType.Function<JSType.String>>] Action<string> lost);

    [JSImport("close", Name)]
    public static partial void Close(JSObject store);

    [JSImport("claim", Name)]
    public static partial Task<int> ClaimAsync(JSObject store, byte[] run);

    [JSImport("commit", Name)]
    public static partial Task<int> CommitAsync(JSObject store, byte[] batch);

    [JSImport("wipe", Name)]
    public static partial Task<int> WipeAsync(JSObject store, byte[] run);

    [JSImport("load", Name)]
    public static partial Task<JSObject> LoadAsync(JSObject store);

    [JSImport("find", Name)]
    public static partial Task<JSObject> FindAsync(JSObject store, string index, byte[] key);

    [JSImport("page", Name)]
    public static partial Task<JSObject> PageAsync(JSObject store, byte[] contact, byte[] anchor, bool newer, int count);

    [JSImport("search", Name)]
    public static partial Task<JSObject> SearchAsync(JSObject store, string words, byte[] contact, int count);
}
