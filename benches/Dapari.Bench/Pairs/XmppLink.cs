using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Dapari.Bench.Pairs;

/// <summary>An anonymous XMPP client without TLS (RFC 6120): stanzas of the same payload to the other's full address.</summary>
internal sealed partial class XmppLink : PairLink
{
    private static readonly byte[] Filling = Encoding.ASCII.GetBytes(new string('x', Payload - 16));
    private static readonly string Open =
        "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

    private string _address = "";
    private byte[] _start = [];

    public override async Task ConnectAsync(IPEndPoint server, int pair, bool isSender)
    {
        await Socket.ConnectAsync(server);
        await AskAsync(Encoding.UTF8.GetBytes(Open), Until("</stream:features>"));
        await AskAsync("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>"u8.ToArray(), Until("<success"));
        await AskAsync(Encoding.UTF8.GetBytes(Open), Until("</stream:features>"));
        var bound = await AskAsync("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"u8.ToArray(), Until("</iq>"));
        _address = Jid().Match(Encoding.UTF8.GetString(bound)).Groups[1].Value;
        if (_address.Length == 0)
            throw new InvalidOperationException($"No address in: {Encoding.UTF8.GetString(bound)}");
        // A client that does not say that it is there gets nothing from some servers.
        await Socket.SendAsync("<presence/>"u8.ToArray());
    }

    public override Task PairAsync(PairLink receiver)
    {
        _start = Encoding.UTF8.GetBytes($"<message type='chat' to='{((XmppLink)receiver)._address}'><body>");
        return Task.CompletedTask;
    }

    public override void Write(long stamp)
    {
        var end = "</body></message>"u8;
        var stanza = Queue(_start.Length + Payload + end.Length);
        _start.CopyTo(stanza);
        stamp.TryFormat(stanza[_start.Length..], out _, "x16", CultureInfo.InvariantCulture);
        Filling.CopyTo(stanza[(_start.Length + 16)..]);
        end.CopyTo(stanza[(_start.Length + Payload)..]);
    }

    protected override int Take(ReadOnlySpan<byte> received, List<long> stamps)
    {
        var used = 0;
        while (true)
        {
            var rest = received[used..];
            var end = rest.IndexOf("</body>"u8);
            if (end < 0)
                return used;
            var body = rest[..end].IndexOf("<body>"u8);
            if (body >= 0)
                stamps.Add(long.Parse(rest.Slice(body + 6, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            used += end + 7;
        }
    }

    private static Func<byte[], int> Until(string text) => bytes =>
    {
        var at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text));
        if (at < 0)
            return 0;
        var end = bytes.AsSpan(at).IndexOf((byte)'>');
        return end < 0 ? 0 : at + end + 1;
    };

    [GeneratedRegex("<jid>([^<]+)</jid>")]
    private static partial Regex Jid();
}
