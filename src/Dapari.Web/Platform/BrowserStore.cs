using System.Buffers.Binary;
using System.Runtime.InteropServices.JavaScript;
using System.Text;
using Dapari.Peer.Hosting;
using Dapari.Peer.Store;
using Dapari.Peer.Text;
using Dapari.Wire;

namespace Dapari.Web.Platform;

/// <summary>A peer's store in IndexedDB. Every tab may read; only the one whose run token the store holds commits.</summary>
internal sealed partial class BrowserStore : IPeerStore
{
    private const int KeyLength = 40;
    private readonly JSObject _store;
    private readonly byte[] _run;

    private bool _claimDue;

    private BrowserStore(JSObject store, byte[] run)
    {
        _store = store;
        _run = run;
    }

    /// <summary>Opens the database of a profile.</summary>
    /// <param name="name">The database.</param>
    /// <param name="run">This tab's token, 16 random bytes.</param>
    /// <param name="lost">Told when the browser takes the database away, or a newer version of the app upgrades it.</param>
    public static async Task<BrowserStore> OpenAsync(string name, byte[] run, Action<string> lost) => new(await Js.Open(name, lost), run);

    /// <summary>From now on only this tab commits. A claim that a full or failing storage refused is made again before the next commit.</summary>
    public async Task<StoreFault> ClaimAsync()
    {
        var fault = FaultOf(await Js.Claim(_store, _run));
        _claimDue = fault != StoreFault.None;
        return fault;
    }

    public async ValueTask<IReadOnlyList<StateRow>> LoadStateAsync(CancellationToken cancellation)
    {
        var parts = Take(await Js.Load(_store).WaitAsync(cancellation));
        var rows = new List<StateRow>(parts.Count / 2);
        for (var i = 0; i + 1 < parts.Count; i += 2) rows.Add(new StateRow(Encoding.UTF8.GetString(parts[i].Span), parts[i + 1].ToArray()));
        return rows;
    }

    public async ValueTask<StoreFault> CommitAsync(StoreBatch batch, CancellationToken cancellation)
    {
        if (_claimDue && await ClaimAsync() is var fault and not StoreFault.None) return fault;
        var parts = new List<ReadOnlyMemory<byte>>(2 + (3 * batch.State.Count) + batch.ForgottenConversations.Count + (5 * batch.Messages.Count));
        var counts = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(counts, batch.State.Count);
        BinaryPrimitives.WriteInt32LittleEndian(counts.AsSpan(4), batch.ForgottenConversations.Count);
        BinaryPrimitives.WriteInt32LittleEndian(counts.AsSpan(8), batch.Messages.Count);
        parts.Add(_run);
        parts.Add(counts);
        foreach (var (key, value) in batch.State)
        {
            parts.Add(Encoding.UTF8.GetBytes(key));
            parts.Add(new[] { value is null ? (byte)0 : (byte)1 });
            parts.Add(value ?? []);
        }

        foreach (var contact in batch.ForgottenConversations) parts.Add(contact.ToArray());
        foreach (var message in batch.Messages)
        {
            parts.Add(KeyOf(message));
            parts.Add(message.Id.Memory);
            parts.Add(message.EnvelopeId.Memory);
            parts.Add(Encoding.UTF8.GetBytes(string.Join('\n', SearchWords.Of(message))));
            parts.Add(Protobuf(message));
        }

        return FaultOf(await Js.Commit(_store, Pack.Join(parts)));
    }

    public async ValueTask<MessageRecord?> FindByEnvelopeAsync(EnvelopeId envelope, CancellationToken cancellation) =>
        One(Take(await Js.Find(_store, "envelope", envelope.ToArray()).WaitAsync(cancellation)));

    public async ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) =>
        One(Take(await Js.Find(_store, "id", message.ToArray()).WaitAsync(cancellation)));

    public async ValueTask<MessagePage> ReadMessagesAsync(
        ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation)
    {
        var parts = Take(await Js.Page(_store, contact.ToArray(), Inverted(anchor.Span), direction == PageDirection.Newer, count).WaitAsync(cancellation));
        return new MessagePage([.. parts.Skip(1).Select(Read)], parts[0].Span[0] != 0);
    }

    public async ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation)
    {
        var words = SearchWords.Of(query);
        if (words.Count == 0) return [];
        var parts = Take(await Js.Search(_store, string.Join('\n', words), contact?.ToArray() ?? [], count).WaitAsync(cancellation));
        return [.. parts.Select(Read)];
    }

    /// <summary>What else of the profile goes with it: the files.</summary>
    public Func<Task>? Wiping { get; set; }

    public async ValueTask WipeAsync(CancellationToken cancellation)
    {
        await Js.Wipe(_store, _run);
        if (Wiping is { } wiping) await wiping();
    }

    // contact (16) ‖ order key, inverted (16) ‖ shown at (8): see store.js.
    private static byte[] KeyOf(MessageRecord message)
    {
        var key = new byte[KeyLength];
        message.ContactId.Span.CopyTo(key);
        Inverted(message.OrderKey.Span).CopyTo(key, 16);
        BinaryPrimitives.WriteUInt64BigEndian(key.AsSpan(32), message.ShownAtMs);
        return key;
    }

    private static byte[] Inverted(ReadOnlySpan<byte> order)
    {
        var inverted = order.ToArray();
        for (var i = 0; i < inverted.Length; i++) inverted[i] ^= 0xFF;
        return inverted;
    }

    private static byte[] Protobuf(MessageRecord message) => Google.Protobuf.MessageExtensions.ToByteArray(message);

    private static MessageRecord Read(ReadOnlyMemory<byte> bytes) => MessageRecord.Parser.ParseFrom(bytes.Span);

    private static MessageRecord? One(List<ReadOnlyMemory<byte>> parts) => parts.Count == 0 ? null : Read(parts[0]);

    private static List<ReadOnlyMemory<byte>> Take(JSObject result)
    {
        using (result) return Pack.Split(result.GetPropertyAsByteArray("bytes") ?? []);
    }

    private static StoreFault FaultOf(int code) => code switch { 0 => StoreFault.None, 1 => StoreFault.Full, _ => StoreFault.Failed };

    private static partial class Js
    {
        [JSImport("open", "store")]
        internal static partial Task<JSObject> Open(string name, [JSMarshalAs<JSType.Function<JSType.String>>] Action<string> lost);

        [JSImport("claim", "store")]
        internal static partial Task<int> Claim(JSObject store, byte[] run);

        [JSImport("load", "store")]
        internal static partial Task<JSObject> Load(JSObject store);

        [JSImport("commit", "store")]
        internal static partial Task<int> Commit(JSObject store, byte[] batch);

        [JSImport("find", "store")]
        internal static partial Task<JSObject> Find(JSObject store, string index, byte[] key);

        [JSImport("page", "store")]
        internal static partial Task<JSObject> Page(JSObject store, byte[] contact, byte[] anchor, bool newer, int count);

        [JSImport("search", "store")]
        internal static partial Task<JSObject> Search(JSObject store, string words, byte[] contact, int count);

        [JSImport("wipe", "store")]
        internal static partial Task<int> Wipe(JSObject store, byte[] run);
    }
}
