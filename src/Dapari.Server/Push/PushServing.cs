namespace Dapari.Server.Push;

/// <summary>How devices are woken whose app is closed.</summary>
internal sealed record PushServing
{
    /// <summary>
    /// The push services of the browsers there are: whatever else a device names is not called. So nobody makes this server call machines of his choice, or wait for them.
    /// A name that begins with a dot is every name below it.
    /// </summary>
    public static IReadOnlyList<string> BrowserHosts { get; } =
        ["fcm.googleapis.com", "jmt17.google.com", ".push.services.mozilla.com", ".notify.windows.com", ".push.apple.com"];

    /// <summary>False: nobody is woken.</summary>
    public bool On { get; init; } = true;

    /// <summary>Further push services, which the operator trusts: they may be anywhere, at any port.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Where a push service's people reach the operator: a mailto: or https: URL (RFC 8292 §2.1); null: the server's own address, if it has a public one.</summary>
    public string? Contact { get; init; }

    /// <summary>Tests: other certificates.</summary>
    public Func<HttpMessageHandler>? Handler { get; init; }
}
