using Dapari.Rtc.Dtls.Messages;

namespace Dapari.Rtc.Dtls;

/// <summary>The messages of one turn, kept until the other end's turn is here, so that they can be sent again (RFC 6347 §4.2.4).</summary>
internal sealed class DtlsFlight
{
    private readonly List<Part> _parts = [];
    private int _part;
    private int _offset;

    public bool IsEmpty => _parts.Count == 0;

    /// <summary>Something of it waits to be sent.</summary>
    public bool IsPending => _part < _parts.Count;

    public void Clear()
    {
        _parts.Clear();
        (_part, _offset) = (0, 0);
    }

    /// <summary>All of it again.</summary>
    public void Rewind() => (_part, _offset) = (0, 0);

    public void Add(DtlsContent content, ushort epoch, HandshakeType type, ushort sequence, byte[] body) => _parts.Add(new Part(content, epoch, type, sequence, body));

    /// <summary>What goes next, for a record whose fragment has this much room; false: nothing, or too little room.</summary>
    public bool TryPeek(out DtlsContent content, out ushort epoch, out HandshakeType type)
    {
        if (!IsPending)
        {
            (content, epoch, type) = default((DtlsContent, ushort, HandshakeType));
            return false;
        }

        var part = _parts[_part];
        (content, epoch, type) = (part.Content, part.Epoch, part.Type);
        return true;
    }

    /// <summary>Writes as much of the next message as there is room for and returns the length; 0: too little room.</summary>
    public int Write(Span<byte> destination)
    {
        var part = _parts[_part];
        if (part.Content != DtlsContent.Handshake)
        {
            if (destination.Length < part.Body.Length)
                return 0;
            part.Body.CopyTo(destination);
            (_part, _offset) = (_part + 1, 0);
            return part.Body.Length;
        }

        var left = part.Body.Length - _offset;
        var size = Math.Min(left, destination.Length - HandshakeHeader.Size);
        // No crumbs at the end of a datagram.
        if (size < 0 || (size < left && size < 64))
            return 0;
        new HandshakeHeader(part.Type, part.Body.Length, part.Sequence, _offset, size).Write(destination);
        part.Body.AsSpan(_offset, size).CopyTo(destination[HandshakeHeader.Size..]);
        _offset += size;
        if (_offset == part.Body.Length)
            (_part, _offset) = (_part + 1, 0);
        return HandshakeHeader.Size + size;
    }

    private readonly record struct Part(DtlsContent Content, ushort Epoch, HandshakeType Type, ushort Sequence, byte[] Body);
}
