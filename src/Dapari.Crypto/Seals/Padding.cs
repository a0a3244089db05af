using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Crypto;

/// <summary>
/// Pads contents so that an observer of sizes learns a bucket only: multiples of 128 bytes up to 1 KiB, then multiples of 1 KiB.
/// </summary>
public static class Padding
{
    private const int SmallStep = 128;
    private const int LargeStep = 1024;

    /// <summary>Serializes a content with so much padding that its length is a bucket. The content is left as it was.</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.ContentBytes"/>.</exception>
    public static byte[] Pad(Content content)
    {
        ArgumentNullException.ThrowIfNull(content);
        var padded = content.Clone();
        padded.Padding = ByteString.Empty;
        var size = padded.CalculateSize();
        var bucket = Bucket(size);
        while (bucket != size)
        {
            var count = PaddingFor(bucket - size);
            if (count > 0)
            {
                padded.Padding = UnsafeByteOperations.UnsafeWrap(new byte[count]);
                break;
            }

            // A padding field takes at least four bytes, and its length one more from 128 on: a few gaps cannot be filled exactly.
            bucket = Bucket(bucket + 1);
        }

        return ContentCodec.Write(padded);
    }

    /// <summary>The length, in bytes, that a content of this many bytes is padded to, at least.</summary>
    public static int Bucket(int length)
    {
        var step = length <= LargeStep ? SmallStep : LargeStep;
        return Math.Max((length + step - 1) / step, 1) * step;
    }

    /// <summary>How many bytes of padding fill the gap together with their field's tag and length; 0: none do.</summary>
    private static int PaddingFor(int gap)
    {
        var tag = CodedOutputStream.ComputeTagSize(Content.PaddingFieldNumber);
        for (var lengthBytes = 1; lengthBytes <= 3; lengthBytes++)
        {
            var count = gap - tag - lengthBytes;
            if (count > 0 && CodedOutputStream.ComputeLengthSize(count) == lengthBytes)
                return count;
        }

        return 0;
    }
}
