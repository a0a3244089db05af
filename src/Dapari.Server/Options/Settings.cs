using System.Globalization;
using System.Net;
using Dapari.Server.Limits;
using Dapari.Wire.V1;

namespace Dapari.Server.Options;

/// <summary>Every setting there is.</summary>
internal static class Settings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        Text("data", "DIR", "folder for everything the server keeps", (o, v) => o with { Data = Path.GetFullPath(v) }),
        List<IPEndPoint>("listen", "ADDRESS:PORT", "where to serve (* is every address; default *:8080, with HTTPS *:8443)", EndPoint, (o, v) => o with { Listen = v }),
        Text("web", "DIR", "folder of the web app (default: wwwroot/app beside the program)", (o, v) => o with { Web = Path.GetFullPath(v) }),
        new("https", null, "serve HTTPS with a certificate from an authority of this server's own", Bool((o, v) => o with { Https = v })),
        One<IPEndPoint>("trust-listen", "ADDRESS:PORT", "with --https: where the page about the certificate is served (default *:8080)", EndPoint, (o, v) => o with { TrustListen = v }),
        Text("cert", "FILE", "serve HTTPS with this certificate (PEM or PFX)", (o, v) => o with { Certificate = Path.GetFullPath(v) }),
        Text("key", "FILE", "its key (PEM), when it is in a file of its own", (o, v) => o with { CertificateKey = Path.GetFullPath(v) }),
        Text("cert-password", "TEXT", "the PFX file's password; better in the variable than on the command line", (o, v) => o with { CertificatePassword = v }),
        One<Uri>("public-url", "URL", "the origin under which people reach this server", Origin, (o, v) => o with { PublicUrl = v }),
        List<string>("host", "NAME", "a further host name under which connections are taken", HostName, (o, v) => o with { Hosts = v }),
        List<IPNetwork>("proxy", "ADDRESS[/BITS]", "a reverse proxy whose forwarded headers are honoured", Network, (o, v) => o with { Proxies = v }),
        List<Uri>("other-servers", "URL", "another server's origin that the web app may connect to", Origin, (o, v) => o with { OtherServers = v }),
        List<IceServer>("ice-server", "URL[,USER,CREDENTIAL]", "a STUN or TURN server told to peers", Ice, (o, v) => o with { IceServers = v }),
        One<Registration>("registration", "open|invited|closed", "invited: newcomers need a code (dapari-server admin token new); closed: only who has a mailbox here gets more", TryReadRegistration, (o, v) => o with { Registration = v }),
        One<long>("mailbox-bytes", "BYTES", "what a mailbox holds at most (default 64M)", Size, (o, v) => o with { Quota = o.Quota with { Bytes = v } }),
        Count("mailbox-envelopes", "envelopes in a mailbox at most (default 10000)", 1, 1_000_000, (o, v) => o with { Quota = o.Quota with { Envelopes = v } }),
        Count("retention-days", "days that an unfetched envelope is kept (default 30)", 1, 3650, (o, v) => o with { RetentionDays = v }),
        Count("invite-days", "days that an invite lives at most (default 365)", 1, 3650, (o, v) => o with { InviteDays = v }),
        One<long>("max-data-bytes", "BYTES", "the database's largest size (default: as the disk allows)", Size, (o, v) => o with { MaxDataBytes = v }),
        Count("max-connections", "connections at most (default 10000)", 1, 1_000_000, (o, v) => o with { MaxConnections = v }),
        Count("connections-per-address", "of one address at most (default 256)", 1, 1_000_000, (o, v) => o with { ConnectionsPerAddress = v }),
        Count("mailboxes-per-connection", "mailboxes open on one connection at most (default 1024)", 1, 65_536, (o, v) => o with { MailboxesPerConnection = v }),
        Count("idle-seconds", "a silent connection is closed after (default 60)", 30, 3600, (o, v) => o with { IdleDeadline = TimeSpan.FromSeconds(v) }),
        List<Func<RateOptions, RateOptions>>("rate", "NAME=BURST/PER_MINUTE", "a rate limit, or NAME=off; names: connections, proofs, creations, invite-lookups, prekey-takes, relay-access (for each address), posts, live (for each mailbox), all",
            RateChange, (o, v) => o with { Rates = v.Aggregate(o.Rates, (rates, change) => change(rates)) }),
        One<IPEndPoint>("metrics", "ADDRESS:PORT", "serve figures for Prometheus there, over plain HTTP; keep it private (default: nowhere)", EndPoint, (o, v) => o with { Metrics = v }),
        .. OtlpSettings.All,
        .. BlobSettings.All,
        .. RelaySettings.All,
        .. ClusterSettings.All,
        .. PushSettings.All,
        new("verbose", null, "log more; identifiers and addresses appear only then", Bool((o, v) => o with { Verbose = v })),
    ];

    internal delegate bool Parser<T>(string text, out T value);

    internal static Setting Text(string name, string argument, string help, Func<ServerOptions, string, ServerOptions> set) =>
        new(name, argument, help, (o, v) => v[^1].Length == 0 ? (o, "is empty") : (set(o, v[^1]), null));

    internal static Setting One<T>(string name, string argument, string help, Parser<T> parse, Func<ServerOptions, T, ServerOptions> set) =>
        new(name, argument, help, (o, v) => parse(v[^1], out var value) ? (set(o, value), null) : (o, $"\"{v[^1]}\" is not {argument}"));

    internal static Setting List<T>(string name, string argument, string help, Parser<T> parse, Func<ServerOptions, IReadOnlyList<T>, ServerOptions> set) =>
        new(name, argument, help, (o, v) =>
        {
            var values = new List<T>();
            foreach (var text in v)
            {
                if (!parse(text, out var value))
                    return (o, $"\"{text}\" is not {argument}");
                values.Add(value);
            }

            return (set(o, values), null);
        }) { Many = true };

    internal static Setting Count(string name, string help, int least, int most, Func<ServerOptions, int, ServerOptions> set) =>
        new(name, "NUMBER", help, (o, v) =>
            int.TryParse(v[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
                ? (set(o, number), null)
                : (o, $"\"{v[^1]}\" is not a number from {least} to {most}"));

    private static Func<ServerOptions, IReadOnlyList<string>, (ServerOptions, string?)> Bool(Func<ServerOptions, bool, ServerOptions> set) =>
        (o, v) => v[^1].ToUpperInvariant() switch
        {
            "" or "TRUE" or "1" or "YES" => (set(o, true), null),
            "FALSE" or "0" or "NO" => (set(o, false), null),
            _ => (o, $"\"{v[^1]}\" is neither true nor false"),
        };

    private static bool EndPoint(string text, out IPEndPoint value)
    {
        var any = text.StartsWith("*:", StringComparison.Ordinal);
        if (text.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase))
            text = "127.0.0.1" + text[9..];
        var colon = text.LastIndexOf(':');
        value = new IPEndPoint(IPAddress.IPv6Any, 0);
        // Without a colon TryParse would read "8080" as an address.
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;
        if (any)
        {
            value = new IPEndPoint(IPAddress.IPv6Any, port);
            return true;
        }

        if (!IPEndPoint.TryParse(text, out var parsed))
            return false;
        value = parsed;
        return true;
    }

    internal static bool Origin(string text, out Uri value)
    {
        var ok = Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" && uri is { UserInfo: "", AbsolutePath: "/", Query: "", Fragment: "" };
        value = uri ?? new Uri("https://invalid");
        return ok;
    }

    private static bool HostName(string text, out string value)
    {
        value = text.ToLowerInvariant();
        return Uri.CheckHostName(text) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;
    }

    private static bool Network(string text, out IPNetwork value)
    {
        if (IPAddress.TryParse(text, out var address))
        {
            value = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }

        return IPNetwork.TryParse(text, out value);
    }

    private static bool Ice(string text, out IceServer value)
    {
        var parts = text.Split(',');
        value = new IceServer();
        if (parts.Length is not (1 or 3) || !(parts[0].StartsWith("stun:", StringComparison.Ordinal) || parts[0].StartsWith("stuns:", StringComparison.Ordinal)
            || parts[0].StartsWith("turn:", StringComparison.Ordinal) || parts[0].StartsWith("turns:", StringComparison.Ordinal)))
            return false;
        value.Urls.Add(parts[0]);
        if (parts.Length == 3)
        {
            value.Username = parts[1];
            value.Credential = parts[2];
        }

        return true;
    }

    private static bool TryReadRegistration(string text, out Registration value)
    {
        value = text switch { "open" => Registration.Open, "invited" => Registration.Invited, "closed" => Registration.Closed, _ => Registration.Unspecified };
        return value != Registration.Unspecified;
    }

    /// <summary>Bytes, or with K, M, G of 1024.</summary>
    internal static bool Size(string text, out long value)
    {
        var unit = text.Length == 0 ? 0 : text[^1] switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        var digits = unit == 0 ? text.AsSpan() : text.AsSpan(0, text.Length - 1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value) || value is < 1 or > 1L << 32)
            return false;
        value <<= unit;
        return true;
    }

    private static bool RateChange(string text, out Func<RateOptions, RateOptions> change)
    {
        change = rates => rates;
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 || !Rate.TryParse(text[(equals + 1)..], out var rate))
            return false;
        Func<RateOptions, RateOptions>? found = text[..equals] switch
        {
            "connections" => r => r with { Connections = rate },
            "proofs" => r => r with { Proofs = rate },
            "creations" => r => r with { Creations = rate },
            "invite-lookups" => r => r with { InviteLookups = rate },
            "prekey-takes" => r => r with { PrekeyTakes = rate },
            "relay-access" => r => r with { RelayAccess = rate },
            "posts" => r => r with { Posts = rate },
            "live" => r => r with { Live = rate },
            "all" => _ => new RateOptions { Connections = rate, Proofs = rate, Creations = rate, InviteLookups = rate, PrekeyTakes = rate, RelayAccess = rate, Posts = rate, Live = rate },
            _ => null,
        };
        change = found ?? change;
        return found is not null;
    }
}
