using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Dapari.EndToEnd;

/// <summary>The real server with HTTPS and its relay, as its own process, and a credential for the relay.</summary>
public sealed partial class RelayProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(180);
    private readonly string data = Directory.CreateTempSubdirectory("dapari-relay-").FullName;
    private Process? process;

    private RelayProcess()
    {
    }

    /// <summary>Where it is.</summary>
    public static string Host => "127.0.0.1";

    /// <summary>The relay's port, UDP and TCP.</summary>
    public int Port { get; private set; }

    /// <summary>The HTTPS port, which TURN over TLS shares.</summary>
    public int TlsPort { get; } = ServerProcess.FreePort();

    /// <summary>The credential's user name.</summary>
    public string Username { get; private set; } = "";

    /// <summary>Its password.</summary>
    public string Password { get; private set; } = "";

    /// <summary>Starts it and takes a credential.</summary>
    public static async Task<RelayProcess> StartAsync()
    {
        var relay = new RelayProcess();
        relay.process = Start("serve", "--data", relay.data, "--https", "--listen", string.Create(CultureInfo.InvariantCulture, $"{Host}:{relay.TlsPort}"),
            "--trust-listen", "127.0.0.1:0", "--relay-port", "0");
        using var late = new CancellationTokenSource(StartLimit);
        while (relay.Port == 0)
        {
            var line = await relay.process.StandardOutput.ReadLineAsync(late.Token) ?? throw new InvalidOperationException(await relay.process.StandardError.ReadToEndAsync(late.Token));
            if (RelayLine().Match(line) is { Success: true } match)
                relay.Port = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }

        using var credential = Start("relay-credential", "--data", relay.data);
        relay.Username = await credential.StandardOutput.ReadLineAsync(late.Token) ?? "";
        relay.Password = await credential.StandardOutput.ReadLineAsync(late.Token) ?? "";
        await credential.WaitForExitAsync(late.Token);
        return relay;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (process is { } running)
        {
            running.Kill();
            await running.WaitForExitAsync();
            running.Dispose();
        }

        Directory.Delete(data, recursive: true);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Repository.Server);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");
    }

    [GeneratedRegex(@"^Relay for calls: +UDP and TCP port (\d+)")]
    private static partial Regex RelayLine();
}
