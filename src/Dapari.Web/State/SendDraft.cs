using Dapari.Peer.Local;
using Dapari.Web.Platform;
using Dapari.Wire;

namespace Dapari.Web.State;

/// <summary>What was picked and is about to be sent.</summary>
public sealed class SendDraft(PickedFiles picked, ContactId? to)
{
    /// <summary>What.</summary>
    public PickedFiles Picked { get; set; } = picked;

    /// <summary>To whom; null: to be chosen.</summary>
    public ContactId? To { get; set; } = to;

    /// <summary>What is said with it.</summary>
    public string Caption { get; set; } = "";

    /// <summary>Pictures keep what they say of place and camera.</summary>
    public bool KeepMetadata { get; set; }

    /// <summary>Leave it at the server if the other is away.</summary>
    public bool Leave { get; set; }

    /// <summary>Twice: direct, and through the server.</summary>
    public bool BothWays { get; set; }

    /// <summary>What may be left at the home server; null: not known (yet).</summary>
    public DropOffRoom? Room { get; set; }
}

/// <summary>Files being read before they are offered.</summary>
public sealed class Preparation(ContactId to, TransferId transfer, PickedFiles picked) : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    /// <summary>To whom.</summary>
    public ContactId To { get; } = to;

    /// <summary>As which transfer.</summary>
    public TransferId Transfer { get; } = transfer;

    /// <summary>What.</summary>
    public PickedFiles Picked { get; } = picked;

    /// <summary>Bytes read.</summary>
    public long Done { get; set; }

    /// <summary>Set when it is not wanted any more.</summary>
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>Gives it up.</summary>
    public void Cancel() => _cancel.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();
}

/// <summary>Pictures and videos of an entry, large.</summary>
/// <param name="Message">The entry.</param>
/// <param name="Item">Which of its files, from 0.</param>
public sealed record Viewing(Dapari.Peer.Store.MessageRecord Message, int Item);
