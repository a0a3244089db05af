namespace Dapari.EndToEnd;

/// <summary>A sound that can be told from any other: one steady tone, in a file that Chromium plays as its microphone.</summary>
public static class Tone
{
    /// <summary>What the microphone of every browser for calls hears, in hertz.</summary>
    public const int Hertz = 1000;

    private const int SampleRate = 48_000;
    private const int Seconds = 2;
    private const short Loud = 12_000;
    private const int HeaderBytes = 44;

    private static readonly Lazy<string> Made = new(() =>
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("dapari-tone-").FullName, "tone.wav");
        File.WriteAllBytes(file, Wave());
        return file;
    });

    /// <summary>The file; whole periods, so that it repeats without a click.</summary>
    public static string WaveFile => Made.Value;

    // A RIFF file of one channel, 16 bits.
    private static byte[] Wave()
    {
        const int Data = SampleRate * Seconds * sizeof(short);
        using var bytes = new MemoryStream(HeaderBytes + Data);
        using var writer = new BinaryWriter(bytes);
        writer.Write("RIFF"u8);
        writer.Write(HeaderBytes - 8 + Data);
        writer.Write("WAVEfmt "u8);
        writer.Write(16);
        writer.Write((short)1);
        writer.Write((short)1);
        writer.Write(SampleRate);
        writer.Write(SampleRate * sizeof(short));
        writer.Write((short)sizeof(short));
        writer.Write((short)16);
        writer.Write("data"u8);
        writer.Write(Data);
        for (var i = 0; i < SampleRate * Seconds; i++) writer.Write((short)(Loud * Math.Sin(2 * Math.PI * Hertz * i / SampleRate)));
        return bytes.ToArray();
    }
}
