using System.Text;
using Dapari.Relay;
using Dapari.Relay.Credentials;
using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>
/// A whole relay under a script of datagrams: each record is a kind, a length and bytes. Some kinds are signed by the harness, so that what lies
/// behind the password is reached.
/// </summary>
internal static class RelayTargets
{
    private const byte Raw = 0, Frame = 1, Signed = 2, FromPeer = 3, Wait = 4, Indication = 5;

    private static readonly Endpoint Server = Endpoint.V4(0xC6336401, 3478);
    private static readonly Endpoint Client = Endpoint.V4(0xC000020A, 4000);
    private static readonly Endpoint Peer = Endpoint.V4(0x09090909, 7000);

    public static IEnumerable<Target> All => [new("relay", Scripts, Run)];

    private static IEnumerable<byte[]> Scripts()
    {
        byte[] transport = [0, 0x19, 0, 4, 17, 0, 0, 0];
        byte[] peer = [0, 0x12, 0, 8, 0, 1, 0x1B ^ 0x21, 0x58 ^ 0x12, 9 ^ 0x21, 9 ^ 0x12, 9 ^ 0xA4, 9 ^ 0x42];
        byte[] channel = [0, 0x0C, 0, 4, 0x40, 0, 0, 0];
        byte[] data = [0, 0x13, 0, 4, 1, 2, 3, 4];
        yield return
        [
            .. Record(Signed, [0, .. transport]), .. Record(Signed, [2, .. peer]), .. Record(Signed, [3, .. channel, .. peer]), .. Record(Raw, [0x40, 0, 0, 4, 1, 2, 3, 4]),
            .. Record(FromPeer, [0, 1, 2, 3]), .. Record(Indication, [.. peer, .. data]), .. Record(Wait, [200]), .. Record(FromPeer, [1, 1, 2, 3]), .. Record(Signed, [1]),
        ];
        yield return [.. Record(Signed, [0, .. transport, 0, 0x18, 0, 1, 0x80, 0, 0, 0]), .. Record(Wait, [20]), .. Record(Signed, [1, 0, 0x0D, 0, 4, 0, 0, 0, 0])];
        yield return [.. Record(Signed, [0, .. transport, 0x80, 0, 0, 4, 2, 0, 0, 0]), .. Record(Signed, [1, 0, 0x17, 0, 4, 2, 0, 0, 0])];
        yield return [.. Record(Raw, RtcTargets.Write(StunClass.Request, StunMethod.Allocate, true)), .. Record(Frame, RtcTargets.Write(StunClass.Request, StunMethod.Binding, false))];
    }

    private static byte[] Record(byte kind, byte[] bytes) => [kind, (byte)(bytes.Length & 255), (byte)(bytes.Length >> 8), .. bytes];

    private static string Run(byte[] input)
    {
        var script = new Script();
        var rest = input.AsSpan();
        for (var records = 0; rest.Length >= 3 && records < 64; records++)
        {
            var kind = rest[0] % 6;
            var length = Math.Min(rest[1] | (rest[2] << 8), rest.Length - 3);
            script.Do((byte)kind, rest.Slice(3, Math.Min(length, 1400)));
            rest = rest[(3 + length)..];
        }

        return script.End();
    }

    private sealed class Script : IRelayPorts
    {
        private readonly RelayShared _shared;
        private readonly RelayCore _core;
        private readonly RelayCredential _credential;
        private readonly int _udp;
        private readonly int _stream;
        private readonly SortedDictionary<int, Endpoint> _open = [];
        private readonly byte[] _buffer = new byte[2048];
        private readonly byte[] _nonce = new byte[35];
        private RelayMoment _now = new(1_000, 1_800_000_000_000);
        private int _outcomes;

        public Script()
        {
            var secrets = new RelaySecrets(Enumerable.Repeat((byte)7, 32).ToArray());
            var options = new RelayOptions { Allocations = 4, PermissionsPerAllocation = 3, ChannelsPerAllocation = 2, PortLow = 50_000, PortHigh = 50_007, BytesPerSecond = 2048, BindV6 = Endpoint.V6(0x2A00_0000_0000_0000, 9, 0) };
            var entropy = new Repeated();
            _shared = new RelayShared(options, secrets, entropy);
            _core = new RelayCore(_shared, this, entropy);
            _core.Advance(_now);
            _udp = _core.AddLocal(Server, RelayTransport.Udp);
            _stream = _core.AddLocal(Server, RelayTransport.Stream);
            _credential = RelayCredentials.Issue(secrets, "fuzz", 1_800_003_000);
            Greet();
        }

        public bool TryOpen(int port, in Endpoint local)
        {
            Require(port >= 0 && port < 8 && !_open.ContainsKey(port), "a free number below the promised one");
            if (_open.ContainsValue(local))
                return false;
            _open.Add(port, local);
            return true;
        }

        public void Close(int port) => Require(_open.Remove(port), "only what is open is closed");

        public void Do(byte kind, ReadOnlySpan<byte> bytes)
        {
            switch (kind)
            {
                case Raw or Frame:
                    FromClient(kind == Raw ? _udp : _stream, bytes);
                    break;
                case Signed or Indication:
                    Span<byte> built = stackalloc byte[2000];
                    FromClient(_udp, built[..Build(kind == Signed, bytes, built)]);
                    break;
                case FromPeer when _open.Count > 0 && bytes.Length > 0:
                    bytes.CopyTo(_buffer.AsSpan(RelayCore.HeadRoom));
                    var port = _open.Keys.ElementAt(bytes[0] % _open.Count);
                    var peer = bytes[0] % 3 == 0 ? Peer : bytes[0] % 3 == 1 ? Server.WithPort(22) : _open.Values.First();
                    Judge(_core.FromPeer(port, peer, _buffer, RelayCore.HeadRoom, bytes.Length, out var packet), packet);
                    break;
                case Wait when bytes.Length > 0:
                    _now = new RelayMoment(_now.MonotonicMs + (bytes[0] * 1000), _now.UnixMs + (bytes[0] * 1000));
                    _core.Advance(_now);
                    Require(_core.NextDeadline > _now.MonotonicMs, "what is over is over");
                    break;
            }

            Require(_shared.Live <= 4 && _open.Count <= _shared.Live && _core.Allocations <= _open.Count, "within the caps");
        }

        public string End()
        {
            _core.Advance(new RelayMoment(_now.MonotonicMs + 100_000_000, _now.UnixMs + 100_000_000));
            Require(_open.Count == 0 && _shared.Live == 0 && _core.NextDeadline == long.MaxValue, "everything ends");
            return _outcomes.ToString("x");
        }

        private void FromClient(int local, ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_buffer.AsSpan(RelayCore.HeadRoom));
            Judge(_core.FromClient(new ClientKey(Client, local), _buffer, RelayCore.HeadRoom, bytes.Length, out var packet), packet);
        }

        private void Judge(RelayAction action, in RelayPacket packet)
        {
            if (action == RelayAction.Drop)
                return;
            var sent = _buffer.AsSpan(packet.Offset, packet.Length);
            if (action == RelayAction.ToPeer)
            {
                Require(packet.Peer.Equals(Peer) || IsGlobal(packet.Peer), "never an open relay: " + packet.Peer);
                Require(_open.ContainsKey(packet.Port), "from an open socket");
                _outcomes |= 1;
                return;
            }

            Require(packet.Client.Remote.Equals(Client), "to whom it belongs");
            if (sent[0] >= 0x40)
            {
                _outcomes |= 2;
                return;
            }

            Require(StunMessage.TryRead(sent, out var message, out _), "what is sent can be read");
            _outcomes |= message.Class == StunClass.Success ? 4 << (int)message.Method : message.Class == StunClass.Indication ? 8 : 0;
            if (message.Class == StunClass.Error && ErrorCode.TryRead(message, out var code, out _))
                _outcomes |= 1 << (13 + (code % 17));
        }

        private bool IsGlobal(in Endpoint peer) => _open.ContainsValue(peer)
            || (peer.IsV4 ? peer.V4Bits >> 24 is not (0 or 10 or 127 or >= 224) && !peer.HasSameAddress(Server) : peer.High >> 61 == 1 && peer.High >> 48 != 0x2002);

        private int Build(bool signed, ReadOnlySpan<byte> bytes, Span<byte> built)
        {
            var method = signed ? (bytes.IsEmpty ? 0 : bytes[0] % 4) switch
            {
                0 => StunMethod.Allocate,
                1 => StunMethod.Refresh,
                2 => StunMethod.CreatePermission,
                _ => StunMethod.ChannelBind,
            } : StunMethod.Send;
            var writer = new StunWriter(built, signed ? StunClass.Request : StunClass.Indication, method, "transaction!"u8);
            var attributes = signed && !bytes.IsEmpty ? bytes[1..] : bytes;
            while (attributes.Length >= 4)
            {
                var length = Math.Min((attributes[2] << 8) | attributes[3], attributes.Length - 4);
                writer.Add((ushort)((attributes[0] << 8) | attributes[1]), attributes.Slice(4, length));
                attributes = attributes[Math.Min(attributes.Length, 4 + ((length + 3) & ~3))..];
            }

            if (signed)
            {
                Username.Write(ref writer, Encoding.ASCII.GetBytes(_credential.Username));
                Realm.Write(ref writer, "dapari"u8);
                Nonce.Write(ref writer, _nonce);
                MessageIntegrity.Write(ref writer, StunCredentials.LongTermKey(_credential.Username, "dapari", _credential.Password, PasswordAlgorithmId.Md5));
            }

            return writer.TryFinish(out var whole) ? whole : 0;
        }

        private void Greet()
        {
            Span<byte> greeting = stackalloc byte[20];
            var writer = new StunWriter(greeting, StunClass.Request, StunMethod.Allocate, "transaction!"u8);
            greeting[..writer.Length].CopyTo(_buffer.AsSpan(RelayCore.HeadRoom));
            _core.FromClient(new ClientKey(Client, _udp), _buffer, RelayCore.HeadRoom, writer.Length, out var packet);
            Require(StunMessage.TryRead(_buffer.AsSpan(packet.Offset, packet.Length), out var message, out _) && Nonce.TryRead(message, out var nonce) && nonce.Length == _nonce.Length
                && nonce.TryCopyTo(_nonce), "a nonce");
        }
    }

    private sealed class Repeated : Entropy
    {
        private readonly SeededRandom _random = new(1);

        public override void Fill(Span<byte> destination) => _random.Fill(destination);
    }
}
