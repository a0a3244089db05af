namespace Dapari.Web.State;

/// <summary>One short notice at the foot of the screen.</summary>
public sealed class Toast
{
    internal Toast(string text, bool isError, Func<Task>? act, Action? undo)
    {
        Text = text;
        IsError = isError;
        Act = act;
        Undo = undo;
    }

    /// <summary>What it says.</summary>
    public string Text { get; }

    /// <summary>Whether something went wrong.</summary>
    public bool IsError { get; }

    /// <summary>Whether it can be undone.</summary>
    public bool CanUndo => Undo is not null;

    internal TimeSpan Stay => IsError || Act is not null ? Toasts.Stay : Toasts.Glance;

    internal Func<Task>? Act { get; }

    internal Action? Undo { get; }

    internal ITimer? Timer { get; set; }
}

/// <summary>
/// Notices, and things done after a moment in which they can be taken back. At most one is shown; a new one settles the former.
/// Used on the user interface's thread.
/// </summary>
public sealed class Toasts(TimeProvider time) : IDisposable
{
    /// <summary>How long a notice stays; while pointed at or focused it does not run out.</summary>
    public static readonly TimeSpan Stay = TimeSpan.FromSeconds(7);

    /// <summary>The same for what only confirms: nothing to do, and nothing to understand.</summary>
    public static readonly TimeSpan Glance = TimeSpan.FromSeconds(4);

    /// <summary>Raised when <see cref="Current"/> changed.</summary>
    public event Action? Changed;

    /// <summary>What is shown, if anything.</summary>
    public Toast? Current { get; private set; }

    /// <summary>Says something.</summary>
    public void Say(string text) => Show(new Toast(text, isError: false, null, null));

    /// <summary>Says that something did not work.</summary>
    public void Fail(string text) => Show(new Toast(text, isError: true, null, null));

    /// <summary>Does something unless it is taken back in time. The caller hides its object at once.</summary>
    public void DoUnlessUndone(string text, Func<Task> act, Action undo) => Show(new Toast(text, isError: false, act, undo));

    /// <summary>Takes the current one back.</summary>
    public void UndoCurrent()
    {
        if (Take() is not { } toast) return;
        toast.Undo?.Invoke();
        Changed?.Invoke();
    }

    /// <summary>Closes the current one; what it stood for is done.</summary>
    public Task SettleAsync()
    {
        var toast = Take();
        Changed?.Invoke();
        return toast?.Act?.Invoke() ?? Task.CompletedTask;
    }

    /// <summary>Stops the clock.</summary>
    public void Pause() => Current?.Timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Starts the clock anew.</summary>
    public void Resume() => Current?.Timer?.Change(Current.Stay, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public void Dispose() => Take();

    private void Show(Toast toast)
    {
        var former = Take();
        Current = toast;
        toast.Timer = time.CreateTimer(_ => Expire(toast), null, toast.Stay, Timeout.InfiniteTimeSpan);
        Changed?.Invoke();
        former?.Act?.Invoke();
    }

    private void Expire(Toast toast)
    {
        if (Current == toast) SettleAsync();
    }

    private Toast? Take()
    {
        var toast = Current;
        Current = null;
        toast?.Timer?.Dispose();
        return toast;
    }
}
