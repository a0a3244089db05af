namespace Dapari.Web.Platform;

/// <summary>Does one thing when disposed, once.</summary>
internal sealed class Ending(Action end) : IDisposable
{
    private Action? _end = end;

    /// <inheritdoc/>
    public void Dispose()
    {
        var end = _end;
        _end = null;
        end?.Invoke();
    }
}
