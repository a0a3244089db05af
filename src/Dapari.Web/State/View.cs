using Dapari.Web.Text;
using Microsoft.AspNetCore.Components;

namespace Dapari.Web.State;

/// <summary>A part of the screen that is drawn anew when the shared state changed.</summary>
public abstract class View : ComponentBase, IDisposable
{
    /// <summary>The shared state.</summary>
    [CascadingParameter]
    public AppState App { get; set; } = null!;

    /// <summary>The sentences.</summary>
    protected Texts T => App.T;

    /// <inheritdoc/>
    protected override void OnInitialized() => App.Changed += Redraw;

    /// <summary>Draws anew; a view that depends on less overrides it.</summary>
    protected virtual void Redraw() => StateHasChanged();

    /// <summary>Ends listening.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && App is not null) App.Changed -= Redraw;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }
}
