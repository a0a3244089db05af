using System.Runtime.InteropServices.JavaScript;

namespace Dapari.Web.Platform;

/// <summary>Loads the module that carries files, and its worker, when they are first needed; what is asked of them before is done then, in order.</summary>
/// <param name="profile">Whose files.</param>
internal sealed partial class FileModules(string profile)
{
    private readonly Queue<Action> _waiting = [];
    private Task? _loading;
    private bool _loaded;

    /// <summary>Whether anything was loaded: if not, nothing is open.</summary>
    public bool IsInUse => _loading is not null;

    /// <summary>Loads them, once.</summary>
    public Task LoadAsync() => _loading ??= LoadOnceAsync();

    /// <summary>Does something with them, now or as soon as they are there.</summary>
    public void Run(Action action)
    {
        if (_loaded)
        {
            action();
            return;
        }

        _waiting.Enqueue(action);
        _ = LoadAsync();
    }

    private async Task LoadOnceAsync()
    {
        try
        {
            await JSHost.ImportAsync("files", "/js/files.js");
            await Connect(profile);
        }
        catch (JSException fault)
        {
            // A network that was gone for a moment: what waits is done with the next thing that is asked for.
            await Console.Error.WriteLineAsync($"files: {fault.Message}");
            _loading = null;
            throw;
        }

        _loaded = true;
        while (_waiting.TryDequeue(out var action)) action();
    }

    [JSImport("connect", "files")]
    private static partial Task Connect(string profile);
}
