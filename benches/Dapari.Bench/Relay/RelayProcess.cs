using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dapari.Relay;
using Dapari.Relay.Credentials;
using Dapari.Relay.Driver;
using Dapari.Relay.Peers;
using Dapari.Rtc;

namespace Dapari.Bench.Relay;

/// <summary>A relay on loopback as a process of its own: ours or coturn, with one credential that is good for all.</summary>
internal sealed class RelayProcess : IDisposable
{
    /// <summary>Runs our relay until its input ends. Arguments: port, secret.</summary>
    public const string Command = "--relay";

    private const double TicksPerSecond = 100; // USER_HZ, fixed for /proc on Linux.
    private readonly Process _process;

    private RelayProcess(Process process, Endpoint address, string username, string password)
    {
        _process = process;
        Address = address;
        Username = username;
        Password = password;
    }

    public Endpoint Address { get; }

    public string Username { get; }

    public string Password { get; }

    /// <summary>User and system time so far, in seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            // The program's name, in parentheses, may hold blanks.
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes => long.Parse(File.ReadAllText($"/proc/{_process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var local = Endpoint.V4(0x7F00_0001, ushort.Parse(arguments[0], CultureInfo.InvariantCulture));
        if (!IpRange.TryParse("127.0.0.0/8", out var loopback))
            return 2;
        var options = new RelayOptions { AllowedPeers = [loopback], BytesPerSecond = 0, UnprovenAnswersPerSecond = 100_000, Allocations = 8192, AllocationsPerCredential = 8192 };
        var shared = new RelayShared(options, new RelaySecrets(Convert.FromHexString(arguments[1])), Entropy.System);
        await using var driver = RelayDriver.Start(shared, new RelayDriverOptions { Listen = [local] }, Entropy.System, TimeProvider.System);
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        return 0;
    }

    public static async Task<RelayProcess> StartOwnAsync()
    {
        var port = FreePort();
        var secret = new byte[32];
        Entropy.System.Fill(secret);
        var credential = RelayCredentials.Issue(new RelaySecrets(secret), "bench", DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 3600);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Run by the dotnet host, this program is its first argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(RelayProcess).Assembly.Location);
        foreach (var argument in (string[])[Command, port.ToString(CultureInfo.InvariantCulture), Convert.ToHexString(secret)])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() != "ready")
            throw new InvalidOperationException("The relay did not start.");
        return new RelayProcess(process, Endpoint.V4(0x7F00_0001, port), credential.Username, credential.Password);
    }

    /// <summary>coturn from Debian's packages, or null where it is not installed.</summary>
    public static async Task<RelayProcess?> StartCoturnAsync()
    {
        if (!File.Exists("/usr/bin/turnserver"))
            return null;
        var port = FreePort();
        var start = new ProcessStartInfo("/usr/bin/turnserver") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[
            "-n", "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--listening-port", port.ToString(CultureInfo.InvariantCulture), "--no-tls", "--no-dtls",
            "--lt-cred-mech", "--user", "bench:bench", "--realm", "bench", "--allow-loopback-peers", "--no-cli", "--log-file", "/dev/null", "--simple-log"])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var relay = new RelayProcess(process, Endpoint.V4(0x7F00_0001, port), "bench", "bench");
        for (var i = 0; i < 100; i++)
        {
            using var client = TurnClient.Open(relay, 500);
            if (client.TryBind())
                return relay;
            await Task.Delay(100);
        }

        throw new InvalidOperationException("coturn does not answer.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ushort FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (ushort)((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
