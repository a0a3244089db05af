using System.Buffers.Binary;
using System.Runtime.InteropServices.JavaScript;
using System.Text;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.Platform;

/// <summary>
/// A peer's store in IndexedDB, one database for each profile. Every commit is one transaction with strict durability that first checks that this
/// tab's run still owns the store: a tab that was asleep and woke up as a former owner keeps nothing.
/// </summary>
internal sealed class BrowserStore : IPeerStore
{
    private const int ContactLength = 16;
    private const int OrderLength = 16;
    private const int KeyLength = ContactLength + OrderLength + 8;
    private readonly JSObject _store;
    private byte[] _run = [];

    private BrowserStore(JSObject store) => _store = store;

    /// <summary>Opens the database of a profile.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="lost">Told when the browser takes it away ("closed") or a newer version of the app wants to upgrade it ("newer").</param>
    public static async Task<BrowserStore> OpenAsync(string name, Action<string> lost)
    {
        await JSHost.ImportAsync(StoreModule.Name, "/js/store.js");
        return new BrowserStore(await StoreModule.OpenAsync(name, lost));
    }

    /// <summary>Makes a run the owner; commits of all others are refused from now on.</summary>
    public async Task<bool> ClaimAsync(byte[] run)
    {
        _run = run;
        return await StoreModule.ClaimAsync(_store, run) == StoreModule.Kept;
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StateRow>> LoadStateAsync(CancellationToken cancellation)
    {
        var parts = Take(await StoreModule.LoadAsync(_store));
        var rows = new List<StateRow>(parts.Count / 2);
        for (var i = 0; i + 1 < parts.Count; i += 2)
            rows.Add(new StateRow(Encoding.UTF8.GetString(parts[i].Span), parts[i + 1].ToArray()));
        return rows;
    }

    /// <inheritdoc/>
    public async ValueTask<StoreFault> CommitAsync(StoreBatch batch, CancellationToken cancellation)
    {
        var code = await StoreModule.CommitAsync(_store, Encode(batch));
        return code switch
        {
            StoreModule.Kept => StoreFault.None,
            StoreModule.Full => StoreFault.Full,
            _ => StoreFault.Failed,
        };
    }

    /// <inheritdoc/>
    public async ValueTask<MessageRecord?> FindByEnvelopeAsync(EnvelopeId envelope, CancellationToken cancellation) =>
        First(Take(await StoreModule.FindAsync(_store, "envelope", envelope.ToArray())));

    /// <inheritdoc/>
    public async ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) =>
        First(Take(await StoreModule.FindAsync(_store, "id", message.ToArray())));

    /// <inheritdoc/>
    public async ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation)
    {
        var inverted = anchor.ToArray();
        Invert(inverted);
        var parts = Take(await StoreModule.PageAsync(_store, contact.ToArray(), inverted, direction == PageDirection.Newer, count));
        return new MessagePage(Messages(parts.Skip(1)), parts[0].Span[0] != 0);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation)
    {
        var words = SearchWords.Of(query);
        if (words.Count == 0) return [];
        return Messages(Take(await StoreModule.SearchAsync(_store, string.Join('\n', words), contact?.ToArray() ?? [], count)));
    }

    /// <inheritdoc/>
    public async ValueTask WipeAsync(CancellationToken cancellation) => await StoreModule.WipeAsync(_store, _run);

    private byte[] Encode(StoreBatch batch)
    {
        var pack = new Pack();
        pack.Add(_run);
        Span<byte> counts = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(counts, batch.State.Count);
        BinaryPrimitives.WriteInt32LittleEndian(counts[4..], batch.ForgottenConversations.Count);
        BinaryPrimitives.WriteInt32LittleEndian(counts[8..], batch.Messages.Count);
        pack.Add(counts);
        foreach (var (key, value) in batch.State)
        {
            pack.Add(Encoding.UTF8.GetBytes(key));
            pack.Add([value is null ? (byte)0 : (byte)1]);
            pack.Add(value ?? []);
        }

        foreach (var contact in batch.ForgottenConversations)
            pack.Add(contact.ToArray());
        Span<byte> place = stackalloc byte[KeyLength];
        foreach (var message in batch.Messages)
        {
            message.ContactId.Span.CopyTo(place);
            message.OrderKey.Span.CopyTo(place[ContactLength..]);
            Invert(place.Slice(ContactLength, OrderLength));
            BinaryPrimitives.WriteUInt64BigEndian(place[(ContactLength + OrderLength)..], message.ShownAtMs);
            pack.Add(place);
            pack.Add(message.Id.Span);
            pack.Add(message.EnvelopeId.Span);
            pack.Add(Encoding.UTF8.GetBytes(string.Join('\n', SearchWords.Of(message.Text))));
            pack.Add(message.ToByteArray());
        }

        return pack.ToArray();
    }

    // Ascending keys are a conversation from its newest message.
    private static void Invert(Span<byte> order)
    {
        foreach (ref var one in order)
            one = (byte)~one;
    }

    private static List<ReadOnlyMemory<byte>> Take(JSObject answer)
    {
        using (answer)
            return Pack.Read(answer.GetPropertyAsByteArray("bytes"));
    }

    private static MessageRecord? First(List<ReadOnlyMemory<byte>> parts) => parts.Count == 0 ? null : MessageRecord.Parser.ParseFrom(parts[0].Span);

    private static List<MessageRecord> Messages(IEnumerable<ReadOnlyMemory<byte>> parts) => [.. parts.Select(part => MessageRecord.Parser.ParseFrom(part.Span))];
}
