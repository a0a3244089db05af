using CsCheck;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests;

public sealed class IdTests
{
    private delegate bool Read<T>(ReadOnlySpan<byte> source, out T id);

    [Fact]
    public void Each_id_reads_what_it_wrote_and_sorts_as_its_bytes()
    {
        Check<MessageId>(MessageId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<EnvelopeId>(EnvelopeId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<MailboxId>(MailboxId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<DeviceId>(DeviceId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<SessionId>(SessionId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<ContactId>(ContactId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<InviteId>(InviteId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<InviteBlobId>(InviteBlobId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
        Check<PrekeyStoreId>(PrekeyStoreId.TryRead, id => id.ToArray(), (id, span) => id.Write(span), id => id.ToByteString());
    }

    private delegate void Write<T>(T id, Span<byte> destination);

    private static void Check<T>(Read<T> read, Func<T, byte[]> toArray, Write<T> write, Func<T, ByteString> toByteString)
        where T : struct, IComparable<T>
    {
        Gen.Select(Gen.Byte.Array[16], Gen.Byte.Array[16]).Sample((first, second) =>
        {
            Assert.True(read(first, out var a));
            Assert.True(read(second, out var b));
            Assert.Equal(first, toArray(a));
            Assert.Equal(first, toByteString(a).ToByteArray());
            var written = new byte[16];
            write(a, written);
            Assert.Equal(first, written);
            Assert.Equal(Convert.ToHexStringLower(first), a.ToString());
            Assert.Equal(Math.Sign(first.AsSpan().SequenceCompareTo(second)), Math.Sign(a.CompareTo(b)));
            Assert.Equal(first.AsSpan().SequenceEqual(second), a.Equals(b));
        });
        Gen.Byte.Array[0, 40].Where(bytes => bytes.Length != 16).Sample(bytes => Assert.False(read(bytes, out _)));
    }
}
