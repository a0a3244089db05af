namespace Dapari.Fuzz;

/// <summary>Changes an input a little, a few times over.</summary>
internal sealed class Mutator(SeededRandom random)
{
    private const int Longest = 256 * 1024;

    private static readonly byte[][] Pieces =
    [
        [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x80, 0x80, 0x80, 0x80, 0x08],
        [0x00], [0x7F], [0x80, 0x01], [0xFF], [0x0A, 0x00], [0x12, 0x00], [0x0B], [0x0C], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
        [0xE2, 0x80, 0xAE], "https://"u8.ToArray(), "#"u8.ToArray(), "/i#"u8.ToArray(), "["u8.ToArray(), "]:"u8.ToArray(), "::ffff:"u8.ToArray(), "%"u8.ToArray(),
    ];

    public byte[] Mutate(byte[] input, IReadOnlyList<byte[]> pool)
    {
        var bytes = input.ToList();
        var times = 1 << random.Next(4);
        for (var i = 0; i < times; i++)
            Once(bytes, pool);
        if (bytes.Count > Longest)
            bytes.RemoveRange(Longest, bytes.Count - Longest);
        return [.. bytes];
    }

    private void Once(List<byte> bytes, IReadOnlyList<byte[]> pool)
    {
        if (bytes.Count == 0)
        {
            bytes.AddRange(random.Bytes(1 + random.Next(16)));
            return;
        }

        var at = random.Next(bytes.Count);
        var length = Math.Min(1 + random.Next(1 << random.Next(8)), bytes.Count - at);
        switch (random.Next(12))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes[at] = (byte)((bytes[at] + random.Next(9) + 252) % 256);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                break;
            case 6:
                bytes.InsertRange(at, random.Bytes(length));
                break;
            case 7:
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 8:
                var piece = Pieces[random.Next(Pieces.Length)];
                for (var i = 0; i < piece.Length && at + i < bytes.Count; i++)
                    bytes[at + i] = piece[i];
                break;
            case 9:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 10:
                var other = pool[random.Next(pool.Count)];
                if (other.Length > 0)
                {
                    var from = random.Next(other.Length);
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(other[from..]);
                }

                break;
            default:
                var repeated = bytes.GetRange(at, length);
                for (var i = random.Next(64); i > 0 && bytes.Count < Longest; i--)
                    bytes.InsertRange(at, repeated);
                break;
        }
    }
}
