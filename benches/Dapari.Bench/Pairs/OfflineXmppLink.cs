using System.Globalization;
using System.Net;
using System.Text;

namespace Dapari.Bench.Pairs;

/// <summary>
/// An XMPP client with an account (RFC 6120; XEP-0077 makes it), without TLS. A server does not answer messages; it takes a connection's stanzas in order, and the answer to a
/// question behind them says that they were taken.
/// </summary>
internal sealed class OfflineXmppLink(bool isNew) : PairLink, IOfflineLink
{
    /// <summary>Messages before each question.</summary>
    private const int Group = 8;

    private static readonly byte[] Filling = Encoding.ASCII.GetBytes(new string('x', Payload - 16));
    private static readonly string Open =
        "<?xml version='1.0'?><stream:stream to='localhost' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

    private string _name = "";
    private byte[] _start = [];
    private int _written;

    public long Answered { get; private set; }

    public long Asked => Answered;

    public override async Task ConnectAsync(IPEndPoint server, int pair, bool isSender)
    {
        _name = string.Create(CultureInfo.InvariantCulture, $"{(isSender ? "s" : "r")}{pair}");
        await Socket.ConnectAsync(server);
        await AskAsync(Encoding.UTF8.GetBytes(Open), Until("</stream:features>"));
        if (isNew)
            await AskAsync(Encoding.UTF8.GetBytes($"<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>{_name}</username><password>{_name}</password></query></iq>"), Until("type='result'"));
        var secret = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{_name}\0{_name}"));
        await AskAsync(Encoding.UTF8.GetBytes($"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>"), Until("<success"));
        await AskAsync(Encoding.UTF8.GetBytes(Open), Until("</stream:features>"));
        await AskAsync("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"u8.ToArray(), Until("</iq>"));
    }

    public override Task PairAsync(PairLink receiver)
    {
        _start = Encoding.UTF8.GetBytes($"<message type='chat' to='{((OfflineXmppLink)receiver)._name}@localhost'><body>");
        return Task.CompletedTask;
    }

    public async Task BeginAsync() => await Socket.SendAsync("<presence/>"u8.ToArray());

    public override void Write(long stamp)
    {
        var end = "</body></message>"u8;
        var stanza = Queue(_start.Length + Payload + end.Length);
        _start.CopyTo(stanza);
        stamp.TryFormat(stanza[_start.Length..], out _, "x16", CultureInfo.InvariantCulture);
        Filling.CopyTo(stanza[(_start.Length + 16)..]);
        end.CopyTo(stanza[(_start.Length + Payload)..]);
        if (++_written % Group != 0)
            return;
        var question = "<iq type='get' id='q' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"u8;
        question.CopyTo(Queue(question.Length));
    }

    protected override int Take(ReadOnlySpan<byte> received, List<long> stamps)
    {
        for (var used = 0; ;)
        {
            var rest = received[used..];
            var message = rest.IndexOf("</body>"u8);
            // The answer is a result or an error: whichever, it comes after what stood before the question.
            var answer = rest.IndexOf("id='q'"u8);
            if (answer >= 0 && (message < 0 || answer < message))
            {
                Answered += Group;
                used += answer + 6;
            }
            else if (message >= 0)
            {
                var body = rest[..message].IndexOf("<body>"u8);
                if (body >= 0)
                    stamps.Add(long.Parse(rest.Slice(body + 6, 16), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                used += message + 7;
            }
            else
                return used;
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
}
