using Dapari.Rtc.Dtls.Messages;

namespace Dapari.Rtc.Dtls;

/// <summary>Puts handshake messages together from fragments in any order (RFC 6347 §4.2.3), within caps.</summary>
internal sealed class HandshakeReassembly
{
    /// <summary>The longest message: a hello with post-quantum keys has about 2 KiB, a certificate less.</summary>
    public const int LongestMessage = 16 << 10;

    /// <summary>Messages that may come before the one that is wanted.</summary>
    public const int Ahead = 8;

    /// <summary>Bytes of messages that are not whole or not wanted yet.</summary>
    public const int MostHeld = 32 << 10;

    private readonly Part?[] _parts = new Part?[Ahead];
    private int _held;

    /// <summary>The number of the message that is wanted.</summary>
    public ushort Next { get; private set; }

    /// <summary>Takes a fragment. False: it contradicts others, or is beyond a cap.</summary>
    public bool Add(in HandshakeHeader header, ReadOnlySpan<byte> fragment)
    {
        if (header.Sequence < Next || header.Sequence - Next >= Ahead)
            return false;
        ref var part = ref _parts[header.Sequence % Ahead];
        if (part is null)
        {
            if (header.Length > LongestMessage || _held + header.Length > MostHeld)
                return false;
            part = new Part(header.Type, header.Length);
            _held += header.Length;
        }

        return part.Type == header.Type && part.Length == header.Length && part.Add(header.Offset, fragment);
    }

    /// <summary>The wanted message when it is whole; the next is then wanted.</summary>
    public bool TryTake(out HandshakeType type, out byte[] body)
    {
        ref var part = ref _parts[Next % Ahead];
        if (part is not { IsWhole: true })
        {
            (type, body) = (default, []);
            return false;
        }

        (type, body) = (part.Type, part.Body);
        _held -= part.Length;
        part = null;
        Next = checked((ushort)(Next + 1));
        return true;
    }

    private sealed class Part(HandshakeType type, int length)
    {
        private readonly System.Collections.BitArray _got = new(length);
        private int _missing = length;

        public HandshakeType Type { get; } = type;

        public int Length => Body.Length;

        public byte[] Body { get; } = new byte[length];

        public bool IsWhole => _missing == 0;

        public bool Add(int offset, ReadOnlySpan<byte> fragment)
        {
            for (var i = 0; i < fragment.Length; i++)
            {
                if (_got[offset + i])
                {
                    // Fragments may overlap, but not disagree.
                    if (Body[offset + i] != fragment[i])
                        return false;
                    continue;
                }

                _got[offset + i] = true;
                Body[offset + i] = fragment[i];
                _missing--;
            }

            return true;
        }
    }
}
