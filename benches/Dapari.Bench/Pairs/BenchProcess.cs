using System.Diagnostics;
using System.Globalization;

namespace Dapari.Bench.Pairs;

/// <summary>Servers and generators: processes of their own that tell by lines.</summary>
internal static class BenchProcess
{
    public static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>What follows the start of the next line that begins so.</summary>
    public static async Task<string> ReadAsync(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return line[start.Length..];
        }

        throw new InvalidOperationException($"The process ended before it said \"{start}\".");
    }

    /// <summary>Bytes, of a field of /proc/PID/status.</summary>
    public static double Memory(Process process, string field)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
