using System.Diagnostics;
using Npgsql;

namespace Dapari.Server.Cluster.Tests;

/// <summary>A PostgreSQL of its own, in a temporary folder, which holds its socket too (a port might be another's by the time it comes back); it can be killed and come back.</summary>
internal sealed class TestPostgres : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("dapari-postgres-").FullName;
    private readonly string _programs;
    private Process? _process;

    private TestPostgres(string programs)
    {
        _programs = programs;
    }

    public string Url => $"postgres://dapari:x@localhost/postgres?host={_folder}";

    public string Settings => $"Host={_folder};Username=dapari;Password=x;Database=postgres;Pooling=false";

    private int Pid => int.Parse(File.ReadAllLines(Path.Combine(Data, "postmaster.pid"))[0], System.Globalization.CultureInfo.InvariantCulture);

    private string Data => Path.Combine(_folder, "data");

    public static async Task<TestPostgres> StartAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "initdb"))).Max() : null;
        var postgres = new TestPostgres(programs ?? throw new InvalidOperationException("PostgreSQL's programs are missing: apt-get install postgresql"));
        if (IsRoot)
            await RunAsync("chown", "postgres", postgres._folder);
        await postgres.RunAsOwnerAsync("initdb", "-D", postgres.Data, "-U", "dapari", "-A", "trust", "-E", "UTF8", "--no-locale", "-N");
        await File.AppendAllTextAsync(Path.Combine(postgres.Data, "postgresql.conf"), $"listen_addresses = ''\nunix_socket_directories = '{postgres._folder}'\nmax_connections = 200\nlog_min_messages = panic\n");
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
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (IsAlive(pid))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                throw new TimeoutException("PostgreSQL outlived its death.");
            await tick.WaitForNextTickAsync();
        }

        // runuser may wait on for what it started, and with it whoever reads what we print.
        if (_process is { HasExited: false } owner)
        {
            owner.Kill();
            await owner.WaitForExitAsync().WaitAsync(Patience);
        }

        // PostgreSQL would take the entry of a dead process for a living one.
        File.Delete(Path.Combine(Data, "postmaster.pid"));
        File.Delete(Path.Combine(_folder, ".s.PGSQL.5432.lock"));
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
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            await tick.WaitForNextTickAsync();
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
                // It is not up yet.
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
