using System.Diagnostics.CodeAnalysis;

namespace Dapari.Peer.Contacts;

/// <summary>The latest few of many, by key; the oldest gives way.</summary>
internal sealed class Recent<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Dictionary<TKey, TValue> _values = [];
    private readonly Queue<TKey> _order = new();

    public IEnumerable<KeyValuePair<TKey, TValue>> All => _values;

    public bool Contains(TKey key) => _values.ContainsKey(key);

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value) => _values.TryGetValue(key, out value);

    public void Add(TKey key, TValue value)
    {
        if (!_values.TryAdd(key, value))
            return;
        _order.Enqueue(key);
        if (_order.Count > capacity)
            _values.Remove(_order.Dequeue());
    }
}
