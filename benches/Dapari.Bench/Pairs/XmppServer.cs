using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dapari.Bench.Pairs;

/// <summary>ejabberd and Prosody as Debian packs them, with a configuration that lets anonymous clients in on loopback and does nothing else.</summary>
internal static class XmppServer
{
    private const string OfflineModules = """
        registration_timeout: infinity
        shaper_rules:
          waiting: 1000000
        modules:
          mod_offline:
            access_max_user_messages: waiting
          mod_register:
            access: all
            ip_access: all
        """;

    /// <summary>Starts ejabberd, as its own start script does, without Erlang's distribution: no other port is opened.</summary>
    public static Task<(Process Process, IPEndPoint Address)> EjabberdAsync(string folder) => EjabberdAsync(folder, offline: false);

    /// <summary>The same with accounts, and with its store of messages for who is away, in Mnesia as it is by default.</summary>
    public static async Task<(Process Process, IPEndPoint Address)> EjabberdAsync(string folder, bool offline)
    {
        var libraries = Directory.GetDirectories("/usr/lib", "ejabberd-*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .Where(d => File.Exists(Path.Combine(d, "ebin", "ejabberd.app"))).Order().Last();
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        var file = Path.Combine(folder, "ejabberd.yml");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            hosts: [localhost]
            loglevel: error
            {(offline ? "auth_method: [internal]" : "auth_method: [anonymous]\nanonymous_protocol: sasl_anon")}
            listen:
              - port: {address.Port}
                ip: "127.0.0.1"
                module: ejabberd_c2s
                starttls: false
                max_stanza_size: 262144
                shaper: none
                access: all
            {(offline ? OfflineModules : "modules: {}")}
            """));
        var start = new ProcessStartInfo("erl") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ERL_LIBS"] = Path.GetDirectoryName(libraries);
        start.Environment["HOME"] = folder;
        start.Environment["EJABBERD_CONFIG_PATH"] = file;
        foreach (var argument in new[]
        {
            "+K", "true", "-noinput", "-pa", Path.Combine(libraries, "ebin"), "-mnesia", "dir", $"\"{folder}/mnesia\"", "-ejabberd", "log_path", $"\"{folder}/ejabberd.log\"", "-s", "ejabberd",
        })
            start.ArgumentList.Add(argument);
        return (await StartAsync(start, address), address);
    }

    /// <summary>Starts Prosody in the foreground.</summary>
    public static async Task<(Process Process, IPEndPoint Address)> ProsodyAsync(string folder)
    {
        var address = new IPEndPoint(IPAddress.Loopback, FreePort());
        var file = Path.Combine(folder, "prosody.cfg.lua");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $$"""
            run_as_root = true
            daemonize = false
            pidfile = "{{folder}}/prosody.pid"
            data_path = "{{folder}}/prosody"
            log = { error = "{{folder}}/prosody.log" }
            interfaces = { "127.0.0.1" }
            c2s_ports = { {{address.Port}} }
            s2s_ports = { }
            c2s_require_encryption = false
            allow_unencrypted_plain_auth = true
            modules_enabled = { "saslauth" }
            modules_disabled = { "s2s", "tls", "offline", "limits" }
            VirtualHost "localhost"
              authentication = "anonymous"
            """));
        Directory.CreateDirectory(Path.Combine(folder, "prosody"));
        var start = new ProcessStartInfo("prosody") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(file);
        start.ArgumentList.Add("-F");
        return (await StartAsync(start, address), address);
    }

    private static async Task<Process> StartAsync(ProcessStartInfo start, IPEndPoint address)
    {
        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(60);)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{start.FileName} ended: {await errors}");
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(address);
                return process;
            }
            catch (SocketException)
            {
                await Task.Delay(100);
            }
        }

        process.Kill(entireProcessTree: true);
        throw new InvalidOperationException($"{start.FileName} did not listen at {address}.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
