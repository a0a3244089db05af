using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Dapari.Simulation.Core;

/// <summary>What happened: all of it in one running hash, the last of it in words.</summary>
internal sealed class Trace(int keep)
{
    private readonly Queue<(long At, string Actor, string What)> _last = new();
    private ulong _hash = 0xCBF29CE484222325UL;

    public ulong Hash => _hash;

    public long Events { get; private set; }

    public void Add(long at, string actor, string what)
    {
        Events++;
        Fold((ulong)at);
        Fold(MemoryMarshal.AsBytes(actor.AsSpan()));
        Fold(MemoryMarshal.AsBytes(what.AsSpan()));
        Word(at, actor, what);
    }

    /// <summary>In words only.</summary>
    public void Word(long at, string actor, string what)
    {
        if (keep == 0)
            return;
        if (_last.Count == keep)
            _last.Dequeue();
        _last.Enqueue((at, actor, what));
    }

    /// <summary>Folds bytes into the hash only.</summary>
    public void Fold(ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            var hash = _hash;
            while (bytes.Length >= 8)
            {
                hash = (hash ^ MemoryMarshal.Read<ulong>(bytes)) * 0x100000001B3UL;
                hash ^= hash >> 29;
                bytes = bytes[8..];
            }

            foreach (var b in bytes)
                hash = (hash ^ b) * 0x100000001B3UL;
            _hash = hash;
        }
    }

    public void Fold(ulong value)
    {
        unchecked
        {
            _hash = (_hash ^ value) * 0x100000001B3UL;
            _hash ^= _hash >> 29;
        }
    }

    public string Words()
    {
        var text = new StringBuilder();
        foreach (var (at, actor, what) in _last)
            text.Append(CultureInfo.InvariantCulture, $"{at / 1000,7}.{at % 1000:000} {actor,-10} {what}\n");
        return text.ToString();
    }
}
