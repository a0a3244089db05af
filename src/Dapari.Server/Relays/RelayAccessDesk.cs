using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dapari.Relay.Credentials;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Relays;

/// <summary>Gives out credentials for the relay. Any thread.</summary>
internal sealed class RelayAccessDesk(RelayServing serving, TimeProvider time, RandomSource random, Func<RelaySecrets> secrets, Func<RelayPorts?> ports)
{
    private const int IdBytes = 12;

    /// <summary>Whether there is a relay, here or elsewhere, to give access to.</summary>
    public bool IsOpen => serving.Urls.Count > 0 || ports() is not null;

    /// <summary>What a credential's quotas count against: drawn for each connection, so that it names neither a mailbox nor a person.</summary>
    public string NewId() => Convert.ToHexStringLower(random.Bytes(IdBytes));

    /// <summary>Access for a device; null: there is no relay.</summary>
    /// <param name="host">The host with its port as the device connected to it; its port is the one that TLS is shared on.</param>
    /// <param name="hasTls">Whether the device's TLS ends at this process.</param>
    /// <param name="id">From <see cref="NewId"/>.</param>
    public RelayAccess? Issue(string host, bool hasTls, string id)
    {
        var urls = serving.Urls.Count > 0 ? serving.Urls : ports() is { } open ? Urls(host, hasTls, open) : null;
        if (urls is null)
            return null;
        var expires = time.GetUtcNow() + serving.CredentialLife;
        var credential = RelayCredentials.Issue(secrets(), id, expires.ToUnixTimeSeconds());
        var access = new RelayAccess { Username = credential.Username, Password = credential.Password, LifetimeSeconds = (uint)serving.CredentialLife.TotalSeconds };
        access.Urls.AddRange(urls);
        return access;
    }

    private static List<string> Urls(string host, bool hasTls, RelayPorts open)
    {
        var (name, port) = Split(host);
        List<string> urls = [Invariant($"turn:{name}:{open.Udp}?transport=udp")];
        if (open.Tcp != 0)
            urls.Add(Invariant($"turn:{name}:{open.Tcp}?transport=tcp"));
        if (hasTls)
            urls.Add(Invariant($"turns:{name}:{port}?transport=tcp"));
        return urls;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>The name, an IPv6 address in brackets (RFC 7065 §3.1), and the port, 443 where none is written.</summary>
    private static (string Name, int Port) Split(string host)
    {
        var end = host.StartsWith('[') ? host.IndexOf(']', StringComparison.Ordinal) + 1 : host.IndexOf(':', StringComparison.Ordinal);
        if (end <= 0)
            end = host.Length;
        var name = host[..end];
        if (IPAddress.TryParse(name, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6 && !name.StartsWith('['))
            name = $"[{name}]";
        return (name, end + 1 < host.Length && int.TryParse(host.AsSpan(end + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : 443);
    }
}

/// <summary>The ports that are open; <paramref name="Tcp"/> 0: not over TCP.</summary>
internal sealed record RelayPorts(int Udp, int Tcp);
