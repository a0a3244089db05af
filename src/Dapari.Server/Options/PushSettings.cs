using Dapari.Server.Push;

namespace Dapari.Server.Options;

/// <summary>The settings of wake-ups for closed apps.</summary>
internal static class PushSettings
{
    private const int ContactLength = 256;

    public static IReadOnlyList<Setting> All { get; } =
    [
        Settings.One<bool>("push", "on|off", "off: nobody whose app is closed is woken through a browser's push service", OnOff, (o, v) => With(o, p => p with { On = v })),
        Settings.List<string>("push-host", "NAME", "a push service's host, beside those of the browsers (.example.org: all below it)", Host, (o, v) => With(o, p => p with { Hosts = v })),
        Settings.One<string>("push-contact", "mailto:ADDRESS|URL", "told to push services, so that they can write to you (default: the public URL)", Contact, (o, v) => With(o, p => p with { Contact = v })),
    ];

    private static ServerOptions With(ServerOptions options, Func<PushServing, PushServing> change) => options with { Push = change(options.Push) };

    private static bool OnOff(string text, out bool on)
    {
        on = text == "on";
        return text is "on" or "off";
    }

    private static bool Host(string text, out string value)
    {
        value = text.ToLowerInvariant();
        return Uri.CheckHostName(text.StartsWith('.') ? text[1..] : text) is UriHostNameType.Dns or UriHostNameType.IPv4;
    }

    private static bool Contact(string text, out string value)
    {
        value = text;
        return text.Length <= ContactLength && !text.Any(c => c is <= ' ' or > '~')
            && (text.StartsWith("mailto:", StringComparison.Ordinal) ? text.Contains('@', StringComparison.Ordinal) : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps);
    }
}
