using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Dapari.Wire;
using Dapari.Wire.V1;
using k8s;
using k8s.Models;
using Xunit;

namespace Dapari.Server.Tests;

/// <summary>What deploy/ says must be what the programs that read it understand: each file goes through its own reader.</summary>
public sealed class DeployedTests
{
    private static readonly Dictionary<string, string> Env = new() { ["DAPARI_HOST"] = "chat.example.org" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Compose_takes_the_compose_file_and_wants_a_name()
    {
        Assert.SkipUnless(IsInstalled("docker-compose"), "Compose is not installed on this machine.");
        var file = Path.Combine(DeployTests.Folder, "compose.yaml");
        var (code, text) = await RunAsync("docker-compose", ["-f", file, "config"], Env);
        Assert.True(code == 0, text);
        Assert.Contains("DAPARI_PUBLIC_URL: https://chat.example.org", text, StringComparison.Ordinal);
        Assert.Contains("service_healthy", text, StringComparison.Ordinal);
        (code, text) = await RunAsync("docker-compose", ["-f", file, "config"], new() { ["DAPARI_HOST"] = "" });
        Assert.NotEqual(0, code);
        Assert.Contains("put DAPARI_HOST=your.name into .env", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compose_takes_the_file_for_a_store_beside_it()
    {
        Assert.SkipUnless(IsInstalled("docker-compose"), "Compose is not installed on this machine.");
        string[] arguments = ["-f", Path.Combine(DeployTests.Folder, "compose.yaml"), "-f", Path.Combine(DeployTests.Folder, "compose.s3.yaml"), "config"];
        var (code, text) = await RunAsync("docker-compose", arguments, new(Env) { ["S3_ENDPOINT"] = "https://store.example", ["S3_BUCKET"] = "drop-offs", ["S3_KEY_ID"] = "AKIA" });
        Assert.True(code == 0, text);
        Assert.Contains("DAPARI_BLOB_S3_BUCKET: drop-offs", text, StringComparison.Ordinal);
        Assert.Contains("DAPARI_PUBLIC_URL: https://chat.example.org", text, StringComparison.Ordinal);
        (code, text) = await RunAsync("docker-compose", arguments, new(Env) { ["S3_ENDPOINT"] = "" });
        Assert.NotEqual(0, code);
        Assert.Contains("into .env", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Kubernetes_knows_every_field_of_the_patch_for_a_store_and_it_meets_what_is_there()
    {
        var folder = Path.Combine(DeployTests.Folder, "kubernetes");
        List<IKubernetesObject<V1ObjectMeta>> Load(string file) => [.. KubernetesYaml.LoadAllFromString(File.ReadAllText(Path.Combine(folder, file)), strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];
        var there = Load("dapari.yaml");
        var patch = Load(Path.Combine("s3", "store.yaml"));
        Assert.Equal(2, patch.Count);
        Assert.All(patch, p => Assert.Contains(there, o => (o.GetType(), o.Name(), o.Namespace()) == (p.GetType(), p.Name(), p.Namespace())));
        var names = patch.OfType<V1StatefulSet>().Single().Spec.Template.Spec.Containers.Select(c => c.Name);
        Assert.Equal(there.OfType<V1StatefulSet>().Single().Spec.Template.Spec.Containers.Select(c => c.Name), names);
        // The server takes the values as they are.
        var values = patch.OfType<V1ConfigMap>().Single().Data;
        Assert.True(Options.OptionsReader.TryRead(["--data", folder], name => name == "DAPARI_BLOB_S3_SECRET" ? "s" : values.TryGetValue(name, out var value) ? value : null, out _, out var errors), string.Join(' ', errors));
    }

    [Fact]
    public async Task Systemd_knows_every_line_of_the_unit()
    {
        Assert.SkipUnless(IsInstalled("systemd-analyze"), "systemd is not installed on this machine.");
        using var folder = new TempFolder();
        // The program is not where it will be; all else is as it is shipped.
        var unit = await File.ReadAllTextAsync(Path.Combine(DeployTests.Folder, "dapari-server.service"), Token);
        var file = Path.Combine(folder.Name, "dapari-server.service");
        await File.WriteAllTextAsync(file, unit.Replace("/opt/dapari-server/dapari-server", "/bin/true", StringComparison.Ordinal), Token);
        var (code, text) = await RunAsync("systemd-analyze", ["verify", "--man=no", file], []);
        // A line that it does not know is told, and is no failure by itself.
        Assert.True(code == 0 && !text.Contains(file, StringComparison.Ordinal), text);
    }

    /// <summary>The Caddyfile as it is shipped, but for the port of the server, in a real Caddy: two talk through it, and the server sees who they are.</summary>
    [Fact]
    public async Task Two_talk_through_Caddy()
    {
        Assert.SkipUnless(IsInstalled("caddy"), "Caddy is not installed on this machine.");
        await using var server = await TestServer.StartAsync(o => o with { Proxies = [IPNetwork.Parse("127.0.0.1/32")], ConnectionsPerAddress = 2 });
        using var folder = new TempFolder();
        var text = await File.ReadAllTextAsync(Path.Combine(DeployTests.Folder, "Caddyfile"), Token);
        Assert.Contains("127.0.0.1:8080", text, StringComparison.Ordinal);
        text = text.Replace("127.0.0.1:8080", server.Uri.Authority, StringComparison.Ordinal);
        // Caddy knows it since 2.7; the compose file takes the newest 2, Debian 12 has 2.6.
        var (_, version) = await RunAsync("caddy", ["version"], []);
        if (Version.Parse(Regex.Match(version, @"\d+\.\d+\.\d+").Value) < new Version(2, 7))
            text = text.Replace("stream_close_delay 5m", "", StringComparison.Ordinal);
        var file = Path.Combine(folder.Name, "Caddyfile");
        await File.WriteAllTextAsync(file, "{\n\tadmin off\n}\n" + text, Token);

        using var caddy = await CaddyAsync(folder.Name, file);
        await using var owner = await TestClient.HelloAsync(caddy.Uri);
        await using var sender = await TestClient.HelloAsync(caddy.Uri);
        var box = new TestMailbox();
        Assert.Equal(ServerFrame.KindOneofCase.Done, (await owner.CreateAsync(box)).KindCase);
        await sender.OpenSenderAsync(box);
        for (byte i = 0; i < 20; i++)
        {
            Assert.Equal(ServerFrame.KindOneofCase.Posted, (await sender.PostAsync(box, EnvelopeId.Random(RandomSource.System), [i, .. new byte[50_000]])).KindCase);
            var delivery = await owner.DeliveryAsync();
            Assert.Equal(i, delivery.Envelope[0]);
            await owner.AcknowledgeAsync(box, delivery.Sequence);
        }

        // The limit for an address is for the one that the proxy saw: both came from it, and there is no third.
        using var http = new HttpClient();
        using var third = new HttpRequestMessage(HttpMethod.Get, new Uri(caddy.Uri, "/ws"));
        foreach (var (name, value) in new[] { ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") })
            third.Headers.TryAddWithoutValidation(name, value);
        using var answer = await http.SendAsync(third, Token);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
    }

    [Fact]
    public void Kubernetes_knows_every_field_and_what_refers_to_each_other_is_there()
    {
        var folder = Path.Combine(DeployTests.Folder, "kubernetes");
        var text = File.ReadAllText(Path.Combine(folder, "dapari.yaml"));
        // Strict: a field that the API does not have, or has elsewhere, throws; so does a kind that it does not have.
        var all = KubernetesYaml.LoadAllFromString(text, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>().ToList();
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(text.Replace("serviceName:", "servicename:", StringComparison.Ordinal), strict: true));
        Assert.Equal(all.Count, text.Split("\n---\n").Length);
        T One<T>() => Assert.Single(all.OfType<T>());

        var space = One<V1Namespace>().Name();
        Assert.All(all.Where(o => o is not V1Namespace), o => Assert.Equal(space, o.Namespace()));
        var set = One<V1StatefulSet>();
        var pod = set.Spec.Template;
        var container = Assert.Single(pod.Spec.Containers);
        Assert.Equal(1, set.Spec.Replicas);
        Assert.Equal(One<V1Service>().Name(), set.Spec.ServiceName);
        Assert.Equal(One<V1ServiceAccount>().Name(), pod.Spec.ServiceAccountName);
        Assert.Equal(One<V1ConfigMap>().Name(), Assert.Single(container.EnvFrom).ConfigMapRef.Name);
        foreach (var selector in new[] { set.Spec.Selector.MatchLabels, One<V1Service>().Spec.Selector, One<V1PodDisruptionBudget>().Spec.Selector.MatchLabels })
            Assert.All(selector, label => Assert.Equal(label.Value, pod.Metadata.Labels[label.Key]));
        var ports = container.Ports.Select(p => p.Name).ToList();
        foreach (var port in new[] { container.ReadinessProbe.HttpGet.Port, container.LivenessProbe.TcpSocket.Port, container.StartupProbe.TcpSocket.Port, Assert.Single(One<V1Service>().Spec.Ports).TargetPort })
            Assert.Contains(port.Value, ports);
        var backend = Assert.Single(Assert.Single(One<V1Ingress>().Spec.Rules).Http.Paths).Backend.Service;
        Assert.Equal((One<V1Service>().Name(), One<V1Service>().Spec.Ports[0].Name), (backend.Name, backend.Port.Name));
        var volumes = pod.Spec.Volumes.Select(v => v.Name).Concat(set.Spec.VolumeClaimTemplates.Select(v => v.Name())).Order();
        Assert.Equal(volumes, container.VolumeMounts.Select(m => m.Name).Order());

        // What the namespace enforces of every pod (Kubernetes, Pod Security Standards, "restricted").
        Assert.Equal("restricted", One<V1Namespace>().Labels()["pod-security.kubernetes.io/enforce"]);
        Assert.True(pod.Spec.SecurityContext is { RunAsNonRoot: true, RunAsUser: > 0, SeccompProfile.Type: "RuntimeDefault" });
        Assert.True(container.SecurityContext is { AllowPrivilegeEscalation: false, ReadOnlyRootFilesystem: true });
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);

        Assert.Equal("kind: Kustomization\nresources:\n  - dapari.yaml", File.ReadAllText(Path.Combine(folder, "kustomization.yaml")).Trim().Split('\n', 2)[1]);
    }

    private static bool IsInstalled(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<(int Code, string Text)> RunAsync(string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token)).WaitAsync(TimeSpan.FromSeconds(120), Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, string.Concat(texts));
    }

    private static async Task<Caddy> CaddyAsync(string folder, string file)
    {
        for (var attempt = 0; ; attempt++)
        {
            // It cannot be given port 0 and asked which it got: a free one, and once more if somebody was quicker.
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}"));
            socket.Dispose();
            var start = new ProcessStartInfo("caddy", ["run", "--adapter", "caddyfile", "--config", file])
            {
                RedirectStandardError = true,
                Environment = { ["DAPARI_HOST"] = uri.ToString().TrimEnd('/'), ["HOME"] = folder, ["XDG_DATA_HOME"] = folder, ["XDG_CONFIG_HOME"] = folder },
            };
            var caddy = new Caddy(Process.Start(start)!, uri);
            var said = new List<string>();
            // It logs to its end; what it said is told when it does not start.
            while (await caddy.Process.StandardError.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(120), Token) is { } line)
            {
                said.Add(line);
                if (!line.Contains("serving initial configuration", StringComparison.Ordinal))
                    continue;
                _ = caddy.Process.StandardError.ReadToEndAsync(CancellationToken.None);
                return caddy;
            }

            caddy.Dispose();
            Assert.True(attempt < 5, string.Join('\n', said));
        }
    }

    private sealed record Caddy(Process Process, Uri Uri) : IDisposable
    {
        public void Dispose()
        {
            if (!Process.HasExited)
                Process.Kill();
            Process.WaitForExit();
            Process.Dispose();
        }
    }

    private sealed class TempFolder : IDisposable
    {
        public string Name { get; } = Directory.CreateTempSubdirectory("dapari-deploy-").FullName;

        public void Dispose() => Directory.Delete(Name, true);
    }
}
