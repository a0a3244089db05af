using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Dapari.Server.Admin;
using Dapari.Server.Hosting;
using Dapari.Server.Options;
using Dapari.Server.Relays;

namespace Dapari.Server;

/// <summary>The command line. Exit codes: 0 done, 1 could not start, 2 wrong settings.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        if (arguments.Contains("--version"))
        {
            Console.WriteLine(typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0]);
            return 0;
        }

        if (arguments.Length == 0 || arguments[0] != "admin" && arguments.Contains("--help") || arguments[0] is "help" or "-h")
        {
            Help.Write(Console.Out);
            return 0;
        }

        if (arguments[0] == "admin")
            return await AdminCommand.RunAsync(arguments[1..], Environment.GetEnvironmentVariable, TimeProvider.System, Console.Out, Console.Error);

        if (arguments[0] is not ("serve" or "relay" or "relay-credential"))
        {
            await Console.Error.WriteLineAsync($"There is no command \"{arguments[0]}\"; see --help.");
            return 2;
        }

        if (!OptionsReader.TryRead(arguments[1..], Environment.GetEnvironmentVariable, out var options, out var errors))
        {
            foreach (var error in errors)
                await Console.Error.WriteLineAsync(error);
            return 2;
        }

        try
        {
            if (arguments[0] == "relay-credential")
                return RelayCommand.Credential(options, TimeProvider.System, Console.Out);
            if (arguments[0] == "relay")
                return await RelayAsync(options);
            await using var host = await ServerHost.StartAsync(options, TimeProvider.System);
            Greeting.Write(Console.Out, host);
            using var reload = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true; // It does not end.
                host.Certificate?.Refresh();
            });
            var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var stopping = host.Stopping.Register(() => stop.TrySetResult());
            await stop.Task;
            if (host.IsOutOfCluster)
            {
                await LastWords.SayAsync(host, TimeProvider.System);
                Environment.Exit(1); // Threads that still wait are not waited for.
            }

            return host.IsStorageBroken ? 1 : 0; // Whoever started it starts it again.
        }
        catch (StartException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task<int> RelayAsync(ServerOptions options)
    {
        using var stop = new CancellationTokenSource();
        void End(PosixSignalContext signal)
        {
            signal.Cancel = true; // It ends in order.
            stop.Cancel();
        }

        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        return await RelayCommand.RunAsync(options, TimeProvider.System, Console.Out, stop.Token);
    }
}
