using System.Text.Json;
using Dapari.Relay;
using Dapari.Server.Blobs.S3;
using Dapari.Server.Relays;
using Dapari.Wire;

namespace Dapari.Server.Options;

/// <summary>Puts the settings together: file, then environment, then command line; the later wins. Every error is one plain line.</summary>
internal static class OptionsReader
{
    private const string FileName = "dapari.json";

    /// <summary>The options, or what is wrong.</summary>
    public static bool TryRead(IReadOnlyList<string> arguments, Func<string, string?> environment, out ServerOptions options, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        errors = found;
        options = new ServerOptions { Data = DefaultData(environment) };
        var given = ReadArguments(arguments, found, out var file);
        var variables = ReadVariables(environment);
        file ??= environment("DAPARI_CONFIG");

        // The data folder decides where the file is, so it comes first.
        var data = given.GetValueOrDefault("data") ?? variables.GetValueOrDefault("data");
        var path = file ?? Path.Combine(data is null ? options.Data : data[^1], FileName);
        if (file is not null && !File.Exists(path))
            found.Add($"{path}: there is no such file");
        var fromFile = File.Exists(path) ? ReadFile(path, found) : [];
        foreach (var (source, values) in new[] { (path, fromFile), ("environment", variables), ("options", given) })
        {
            foreach (var setting in Settings.All)
            {
                if (!values.TryGetValue(setting.Name, out var value))
                    continue;
                (options, var error) = setting.Apply(options, value);
                if (error is not null)
                    found.Add(source switch { "options" => $"--{setting.Name}", "environment" => setting.Variable, _ => $"{path}: {setting.Name}" } + $" {error}");
            }
        }

        Check(options, found);
        return found.Count == 0;
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadArguments(IReadOnlyList<string> arguments, List<string> errors, out string? file)
    {
        var values = new Dictionary<string, List<string>>();
        file = null;
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                errors.Add($"\"{argument}\" is not an option");
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? argument[2..] : argument[2..equals];
            var setting = Settings.All.FirstOrDefault(s => s.Name == name);
            if (setting is null && name != "config")
            {
                errors.Add($"there is no option --{name}");
                continue;
            }

            if (setting is { IsSecret: true })
            {
                errors.Add($"--{name} would be seen by everybody on this machine: use {setting.Variable}, or {name}-file");
                if (equals < 0)
                    i++;
                continue;
            }

            string value;
            if (equals >= 0)
                value = argument[(equals + 1)..];
            else if (setting is { Argument: null })
                value = "";
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                value = arguments[++i];
            else
            {
                errors.Add($"--{name} needs {setting?.Argument ?? "FILE"}");
                continue;
            }

            if (setting is null)
                file = value;
            else if (setting.Many && values.TryGetValue(name, out var several))
                several.Add(value);
            else
                values[name] = [value];
        }

        return values.ToDictionary(v => v.Key, v => (IReadOnlyList<string>)v.Value);
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadVariables(Func<string, string?> environment)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var setting in Settings.All)
        {
            if (environment(setting.Variable) is { Length: > 0 } value)
                values[setting.Name] = setting.Many ? value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [value];
        }

        return values;
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadFile(string path, List<string> errors)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>();
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                errors.Add($"{path}: is not an object of settings");
                return values;
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                var setting = Settings.All.FirstOrDefault(s => s.Name == property.Name);
                if (setting is null)
                    errors.Add($"{path}: there is no setting \"{property.Name}\"");
                else if (property.Value.ValueKind == JsonValueKind.Array && setting.Many)
                    values[setting.Name] = [.. property.Value.EnumerateArray().Select(v => v.ToString())];
                else if (property.Value.ValueKind is JsonValueKind.Array or JsonValueKind.Object or JsonValueKind.Null)
                    errors.Add($"{path}: {property.Name} takes a single value");
                else
                    values[setting.Name] = [property.Value.ToString()];
            }
        }
        catch (JsonException e)
        {
            errors.Add($"{path}: is not JSON (line {e.LineNumber + 1})");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path}: cannot be read");
        }

        return values;
    }

    private static void Check(ServerOptions options, List<string> errors)
    {
        if (options.Https && options.Certificate is not null)
            errors.Add("--https makes a certificate, --cert names one: give one of the two");
        if (options.Certificate is not null && !File.Exists(options.Certificate))
            errors.Add($"--cert: there is no file {options.Certificate}");
        if (options.CertificateKey is not null && options.Certificate is null)
            errors.Add("--key is of no use without --cert");
        if (options.CertificateKey is not null && !File.Exists(options.CertificateKey))
            errors.Add($"--key: there is no file {options.CertificateKey}");
        if (options.TrustListen is not null && !options.Https)
            errors.Add("--trust-listen is of no use without --https");
        if (options.Web is not null && !File.Exists(Path.Combine(options.Web, "index.html")))
            errors.Add($"--web: there is no index.html in {options.Web}");
        if (options.IceServers.Count > WireLimits.IceServers)
            errors.Add($"--ice-server: at most {WireLimits.IceServers}");
        if (options.Quota.Bytes < WireLimits.EnvelopeBytes)
            errors.Add($"--mailbox-bytes is less than one envelope ({WireLimits.EnvelopeBytes})");
        if (options.Blobs is { S3: { } s3 })
            CheckS3(s3, options.Blobs.Folder, errors);
        CheckRelay(options.Relay, errors);
    }

    private static void CheckS3(S3Serving s3, string? folder, List<string> errors)
    {
        if (folder is not null)
            errors.Add("--blob-folder and --blob-s3-endpoint: give one of the two");
        if (s3.Endpoint is null)
            errors.Add("--blob-s3-endpoint is missing: the other settings of the store are of no use without it");
        if (s3.Bucket.Length == 0)
            errors.Add("--blob-s3-bucket is missing");
        if (s3.KeyId.Length == 0)
            errors.Add("--blob-s3-key-id is missing");
        if (s3.Secret.IsEmpty)
            errors.Add("the store's secret key is missing: DAPARI_BLOB_S3_SECRET, or --blob-s3-secret-file");
    }

    private static void CheckRelay(RelayServing relay, List<string> errors)
    {
        if (new RelayOptions { PortLow = relay.Ports.Low, PortHigh = relay.Ports.High, BytesPerSecond = relay.BytesPerSecond }.Validate() is { } wrong)
            errors.Add($"--relay-ports, --relay-bytes: {wrong}");
        if (relay.External.GroupBy(a => a.AddressFamily).Any(g => g.Count() > 1))
            errors.Add("--relay-external: one IPv4 and one IPv6 address at most");
        if (relay.Urls.Count > WireLimits.UrlsPerIceServer)
            errors.Add($"--relay-url: at most {WireLimits.UrlsPerIceServer}");
        if (relay.Urls.Count > 0 && relay.SecretFile is null)
            errors.Add("--relay-url needs --relay-secret: the other relay's keys");
        if (relay.SecretFile is not null && !File.Exists(relay.SecretFile))
            errors.Add($"--relay-secret: there is no file {relay.SecretFile}");
    }

    private static string DefaultData(Func<string, string?> environment)
    {
        var home = environment("XDG_DATA_HOME") is { Length: > 0 } xdg ? xdg : Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        return home.Length == 0 ? Path.GetFullPath("dapari-data") : Path.Combine(home, "dapari-server");
    }
}
