using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Loads the modules that carry calls when they are first needed; what is asked of them before is done then, in order.</summary>
internal static partial class CallModules
{
    private static readonly string[] _names = ["call", "call-media", "call-screen", "call-sound"];
    private static readonly Queue<Action> _waiting = [];
    private static Task? _loading;
    private static bool _loaded;

    /// <summary>Loads them, once.</summary>
    public static Task LoadAsync() => _loading ??= LoadOnceAsync();

    /// <summary>Does something with them, now or as soon as they are there.</summary>
    public static void Run(Action action)
    {
        if (_loaded)
        {
            action();
            return;
        }

        _waiting.Enqueue(action);
        _ = LoadAsync();
    }

    private static async Task LoadOnceAsync()
    {
        await Task.WhenAll(_names.Select(name => JSHost.ImportAsync(name, $"/js/{name}.js")));
        await Connect();
        _loaded = true;
        while (_waiting.TryDequeue(out var action)) action();
    }

    [JSImport("connect", "call-screen")]
    private static partial Task Connect();
}
