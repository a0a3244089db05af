using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;

namespace Dapari.EndToEnd;

/// <summary>Somebody without any identity who serves files by a link from a terminal, and gets files by links: each command is a process of its own.</summary>
public sealed class LinkSender : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("dapari-link-").FullName;
    private Process? serving;
    private string link = "";
    private Task<string>? errors;

    /// <summary>What was sent, as it lies on the disk.</summary>
    public string Source => Path.Combine(folder, "A strange näme (1).bin");

    /// <summary>The link.</summary>
    public string Link => link;

    /// <summary>Makes a file of random bytes; gives its hash.</summary>
    public async Task<string> MakeAsync(long size)
    {
        await using (var file = File.Create(Source))
        {
            var buffer = new byte[1 << 20];
            for (var left = size; left > 0; left -= buffer.Length)
            {
                RandomNumberGenerator.Fill(buffer);
                await file.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)));
            }
        }

        return await HashAsync(Source);
    }

    /// <summary>A file's SHA-256.</summary>
    public static async Task<string> HashAsync(string path)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file));
    }

    /// <summary>Serves the file, until it is over or killed; the link is there when this returns.</summary>
    public async Task ServeAsync(params string[] line)
    {
        serving = Begin(["--json", "send", "--link", .. line]);
        var said = await serving.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("No link: " + await serving.StandardError.ReadToEndAsync());
        errors = serving.StandardError.ReadToEndAsync();
        link = JsonDocument.Parse(said).RootElement.GetProperty("link").GetString()!;
    }

    /// <summary>Waits until serving has ended by itself; gives its exit code.</summary>
    public async Task<int> EndedAsync()
    {
        await serving!.WaitForExitAsync();
        return serving.ExitCode;
    }

    /// <summary>Ends serving at once: no farewell.</summary>
    public async Task KillAsync()
    {
        serving!.Kill();
        await serving.WaitForExitAsync();
    }

    /// <summary>What it said on its error output; after its end.</summary>
    public Task<string> ErrorsAsync() => errors ?? Task.FromResult("");

    /// <summary>Runs another command; gives its exit code and what it wrote.</summary>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] line)
    {
        using var process = Begin(line);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (serving is { } running)
        {
            if (!running.HasExited)
                running.Kill();
            await running.WaitForExitAsync();
            running.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private Process Begin(params string[] line)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in (string[])[Repository.Node, "--home", Path.Combine(folder, "home"), .. line]) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }
}
