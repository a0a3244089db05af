using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Dapari.Server.Cluster.Tests;

/// <summary>A PostgreSQL of its own, in a temporary folder, with a port from the system; it can be killed and come back.</summary>
internal sealed class TestPostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-postgres-").FullName;
    private readonly string _programs;
    private readonly int _port;
    private Process? _process;

    private TestPostgres(string programs)
    {
        _programs = programs;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _port = ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public string Url => $"postgres://dapari:x@127.0.0.1:{_port}/postgres";

    public string Settings => $"Host=127.0.0.1;Port={_port};Username=dapari;Password=x;Database=postgres;Pooling=false";

    private int Pid => int.Parse(File.ReadAllLines(Path.Combine(Data, "postmaster.pid"))[0], System.Globalization.CultureInfo.InvariantCulture);

    private string Data => Path.Combine(_folder, "data");

    public static async Task<TestPostgres> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Max() : null;
        var postgres = new TestPostgres(programs ?? throw new InvalidOperationException("PostgreSQL's programs are missing: apt-get install postgresql"));
        if (IsRoot)
            await RunAsync("chown", "postgres", postgres._folder);
        await postgres.RunAsOwnerAsync("initdb", "-D", postgres.Data, "-U", "dapari", "-A", "trust", "-E", "UTF8", "--no-locale", "-N");
        await File.AppendAllTextAsync(Path.Combine(postgres.Data, "postgresql.conf"), $"listen_addresses = '127.0.0.1'\nport = {postgres._port}\nunix_socket_directories = ''\nmax_connections = 200\nlog_min_messages = panic\nlogging_collector = off\n");
        await postgres.BeginAsync();
        return postgres;
    }

    /// <summary>As a power cut does: no process of it lives on.</summary>
    public async Task KillAsync()
    {
        var pid = Pid;
        using (var postmaster = Process.GetProcessById(pid))
            postmaster.Kill(entireProcessTree: true);
        var began = Stopwatch.GetTimestamp();
        while (IsAlive(pid))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new TimeoutException("PostgreSQL outlived its death.");
            await Task.Delay(20);
        }
    }

    /// <summary>A dead process that nobody has asked about yet still has an entry.</summary>
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task BeginAsync()
    {
        var start = Start(Path.Combine(_programs, "postgres"), "-D", Data);
        var began = Stopwatch.GetTimestamp();
        _process?.Dispose();
        _process = Process.Start(start)!;
        while (true)
        {
            if (_process.HasExited) // What was killed has not quite gone.
            {
                _process.Dispose();
                _process = Process.Start(start)!;
            }

            try
            {
                await using var connection = new NpgsqlConnection(Settings + ";Timeout=5");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(50);
            }
        }
    }

    public async Task<object?> AskAsync(string text)
    {
        await using var connection = new NpgsqlConnection(Settings);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(text, connection);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")) && IsAlive(Pid))
            await KillAsync();
        _process?.Dispose();
        Directory.Delete(_folder, true);
    }

    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private static ProcessStartInfo Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(IsRoot ? "runuser" : program) { WorkingDirectory = "/" };
        foreach (var argument in IsRoot ? ["-u", "postgres", "--", program, .. arguments] : arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    private Task RunAsOwnerAsync(string program, params string[] arguments) => RunAsync(Start(Path.Combine(_programs, program), arguments));

    private static Task RunAsync(string program, params string[] arguments) => RunAsync(new ProcessStartInfo(program, arguments));

    private static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{start.FileName}: {await output}{await error}");
    }
}

/// <summary>One for a class of tests; each test has a cluster of its own name, and mailboxes of random ids.</summary>
public sealed class PostgresFixture : Xunit.IAsyncLifetime
{
    internal TestPostgres Postgres { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Postgres = await TestPostgres.StartAsync();

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();
}
