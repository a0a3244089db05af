using System.Security.Cryptography;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Push;

/// <summary>What is wrong with a subscription.</summary>
internal enum PushTargetFault
{
    None,

    /// <summary>No https URL, or one with a user, a fragment or control characters.</summary>
    Endpoint,

    /// <summary>Not a push service that this server calls.</summary>
    Host,

    /// <summary>The key is no point of P-256, or the secret has not 16 bytes.</summary>
    Key,
}

/// <summary>A device as its push service knows it (RFC 8030 §4, RFC 8291 §3).</summary>
/// <param name="Endpoint">Where messages for it are taken.</param>
/// <param name="Key">Its public key: an uncompressed point of P-256.</param>
/// <param name="Secret">Its authentication secret, 16 bytes.</param>
/// <param name="IsTrusted">The operator named the host: it may have any address.</param>
internal sealed record PushTarget(Uri Endpoint, byte[] Key, byte[] Secret, bool IsTrusted)
{
    /// <summary>Reads what a device said. Never throws.</summary>
    public static PushTargetFault TryRead(WakeSubscription subscription, PushServing serving, out PushTarget? target)
    {
        target = null;
        var text = subscription.Endpoint;
        if (text.Length > WireLimits.PushEndpointBytes || text.Any(c => c is <= ' ' or > '~') || !Uri.TryCreate(text, UriKind.Absolute, out var endpoint)
            || endpoint.Scheme != Uri.UriSchemeHttps || endpoint.UserInfo.Length > 0 || endpoint.Fragment.Length > 0)
            return PushTargetFault.Endpoint;
        var host = endpoint.IdnHost.ToLowerInvariant();
        var trusted = serving.Hosts.Any(name => Fits(host, name));
        if (!trusted && !(endpoint.IsDefaultPort && PushServing.BrowserHosts.Any(name => Fits(host, name))))
            return PushTargetFault.Host;
        if (subscription.Secret.Length != Shape.PushSecret || !IsPoint(subscription.Key.Span))
            return PushTargetFault.Key;
        target = new PushTarget(endpoint, subscription.Key.ToByteArray(), subscription.Secret.ToByteArray(), trusted);
        return PushTargetFault.None;
    }

    private static bool Fits(string host, string name) => name.StartsWith('.') ? host.EndsWith(name, StringComparison.Ordinal) : host == name;

    // RFC 8291 §3.1 wants the uncompressed form; whether the point lies on the curve the platform says.
    private static bool IsPoint(ReadOnlySpan<byte> key)
    {
        if (key.Length != Shape.PushKey || key[0] != 4)
            return false;
        try
        {
            using var point = P256.Import(key);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
