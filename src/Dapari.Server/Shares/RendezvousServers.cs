using System.Buffers;
using System.Text.Json;
using Dapari.Server.Connections;

namespace Dapari.Server.Shares;

/// <summary>The STUN and TURN servers that both ends of a share are told, as a browser's RTCPeerConnection takes them.</summary>
internal static class RendezvousServers
{
    /// <summary>The JSON; an empty list where there are none.</summary>
    /// <param name="hub">Knows the servers.</param>
    /// <param name="host">As this end connected.</param>
    /// <param name="hasTls">Whether its TLS ends here.</param>
    /// <param name="relayId">What the relay's quotas count by.</param>
    public static byte[] Write(Hub hub, string host, bool hasTls, string relayId)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartArray();
            foreach (var server in hub.Options.IceServers)
                Write(json, server.Urls, server.Username, server.Credential);
            if (hub.Relay.Issue(host, hasTls, relayId) is { } access)
                Write(json, access.Urls, access.Username, access.Password);
            json.WriteEndArray();
        }

        return text.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<string> urls, string username, string credential)
    {
        json.WriteStartObject();
        json.WriteStartArray("urls");
        foreach (var url in urls)
            json.WriteStringValue(url);
        json.WriteEndArray();
        if (username.Length > 0)
        {
            json.WriteString("username", username);
            json.WriteString("credential", credential);
        }

        json.WriteEndObject();
    }
}
