using Dapari.Peer.Engine;
using Dapari.Peer.Hosting;
using Dapari.Peer.Servers;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Files;

/// <summary>What is of no use any more at a server: room that was announced and not needed, and drop-offs that nobody will fetch.</summary>
internal sealed partial class DropOffDesk
{
    /// <summary>Drop-offs whose removal is remembered; beyond, they are left to their end.</summary>
    public const int MostRemains = 500;

    /// <summary>So long a run has to reach their servers before it is forgotten; the driver tries for about a minute.</summary>
    public const long RemainsMs = 120_000;

    private const string RemainsPrefix = "removed/";

    private readonly SortedDictionary<string, DropOff> _remains = new(StringComparer.Ordinal);
    private long? _forgetAt;

    /// <summary>Whether a row is one of these.</summary>
    public static bool IsRemains(string key) => key.StartsWith(RemainsPrefix, StringComparison.Ordinal);

    /// <summary>
    /// Removes drop-offs. It is said again at the next start: the driver may die before their server is reached, and nothing else would know of them.
    /// </summary>
    public void Discard(Step step, IReadOnlyList<DropOff> dropOffs)
    {
        foreach (var dropOff in dropOffs)
        {
            var key = RemainsPrefix + Convert.ToHexStringLower(dropOff.BlobId.Span);
            if (_remains.Count >= MostRemains || _remains.ContainsKey(key))
                continue;
            // What was sealed there is of no interest any more.
            var left = new DropOff { Server = dropOff.Server, BlobId = dropOff.BlobId, ReadToken = dropOff.ReadToken };
            _remains.Add(key, left);
            step.Batch.State[key] = left.ToByteArray();
        }

        Order(step, new FileOrder.RemoveDropOffs([.. dropOffs.Select(dropOff => dropOff.Clone())]));
    }

    /// <summary>First after loading: what earlier runs may not have removed.</summary>
    public void Start(Step step)
    {
        if (_remains.Count == 0)
            return;
        _forgetAt = step.Now.MonotonicMs + RemainsMs;
        Order(step, new FileOrder.RemoveDropOffs([.. _remains.Values.Select(left => left.Clone())]));
    }

    private void LoadRemains(IReadOnlyList<StateRow> rows)
    {
        foreach (var row in rows.Where(row => IsRemains(row.Key)))
            _remains[row.Key] = DropOff.Parser.ParseFrom(row.Value);
    }

    private void TickRemains(Step step)
    {
        if (_forgetAt is not { } at || at > step.Now.MonotonicMs)
            return;
        _forgetAt = null;
        foreach (var key in _remains.Keys)
            step.Delete(key);
        _remains.Clear();
    }

    /// <summary>An upload was stopped: what was announced beyond what came counts for its owner's quota no longer.</summary>
    private void Trim(Step step, Transfer? transfer, DropOff left, ByteString ownerToken)
    {
        if (transfer is null || parts.State.Contacts.GetValueOrDefault(transfer.Contact)?.Box is not { } box
            || parts.Servers.Find(left.Server) is not { IsOnline: true } connection || !connection.OpenBoxes.Contains(box.Id)
            || !BlobToken.TryRead(left.ReadToken.Span, out var read) || !BlobToken.TryRead(ownerToken.Span, out var owner))
            return;
        connection.Send(step, new ClientFrame
        {
            BeginBlob = new BeginBlob
            {
                MailboxId = box.Record.MailboxId, BlobId = left.BlobId, Size = DropOffLayout.Size(transfer.Layout.All, left.Spans),
                ReadTokenHash = ByteString.CopyFrom(read.Hash()), OwnerTokenHash = ByteString.CopyFrom(owner.Hash()),
            },
        }, new Asked.ToTrimBlob());
    }
}
