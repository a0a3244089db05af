namespace Dapari.Wire.Tests.Files;

/// <summary>The vectors of docs/protocol/files.md. Byte i of each file is i² mod 251, with i counted over the whole file.</summary>
internal static class TreeVectors
{
    public static byte[] Bytes(int size)
    {
        var bytes = new byte[size];
        for (long i = 0; i < size; i++)
            bytes[i] = (byte)(i * i % 251);
        return bytes;
    }
}
