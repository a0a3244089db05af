using Dapari.Relay.Driving;
using Dapari.Rtc;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Relay.Tests;

/// <summary>
/// Many clients doing anything in any order, with a book kept beside the relay: what it forwards must be permitted by the book, and what it holds
/// must stay below the caps. A failing seed is printed with the test's name.
/// </summary>
public sealed class StormTests
{
    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(1, 24).Select(seed => (ulong)seed)];

    [Theory, MemberData(nameof(Seeds))]
    public void Whatever_happens_the_relay_keeps_to_its_rules(ulong seed)
    {
        var options = new RelayOptions
        {
            Allocations = 12, AllocationsPerCredential = 5, PermissionsPerAllocation = 4, ChannelsPerAllocation = 3, PortLow = 50_000, PortHigh = 50_019,
            BindV6 = World.At("[2001:db8::1]:0"), BytesPerSecond = 0, UnprovenAnswersPerSecond = 100_000,
        };
        new Storm(new World(options, cores: 2, seed), new SeededEntropy(seed * 7919)).Run(5_000);
    }

    private sealed class Storm(World world, SeededEntropy random)
    {
        private static readonly Endpoint[] Peers =
        [
            World.At("9.9.9.9:1"), World.At("9.9.9.9:2"), World.At("8.8.8.8:1"), World.At("8.8.4.4:1"), World.At("1.1.1.1:1"), World.At("5.5.5.5:5"), World.At("6.6.6.6:6"),
            World.At("[2a00::1]:1"), World.At("[2a00::2]:2"), World.At("127.0.0.1:80"), World.At("[::ffff:127.0.0.1]:80"), World.At("198.51.100.1:22"), World.At("10.0.0.1:1"),
        ];

        private static readonly Endpoint[] Forbidden = [.. Peers.Skip(9)];

        private readonly List<Actor> _actors = [];
        private int _forwarded;

        public void Run(int steps)
        {
            for (var i = 0; i < 20; i++)
            {
                var core = i % 2;
                var credential = world.Credential("user" + (i % 4), seconds: 1_000 + random.Below(100_000));
                _actors.Add(new Actor(i % 5 == 4 ? world.StreamClient($"192.0.2.{i}:{i}", credential, core) : world.Client($"192.0.2.{i}:{i}", credential, core)));
            }

            for (var i = 0; i < steps; i++)
            {
                Step(_actors[random.Below(_actors.Count)]);
                Check();
            }

            Assert.True(_forwarded > 200, "The storm was a calm: " + _forwarded);
            world.Advance(TimeSpan.FromDays(1));
            Assert.Empty(world.Bound);
            Assert.Equal(0, world.Shared.Live);
            Assert.All(world.Cores, core => Assert.Equal((0, long.MaxValue), (core.Allocations, core.NextDeadline)));
        }

        private void Step(Actor actor)
        {
            var client = actor.Client;
            var peer = random.Below(3) == 0 && _actors[random.Below(_actors.Count)] is { Relayed: [var own, ..] } ? own : Peers[random.Below(Peers.Length)];
            // Half the time somebody who was permitted once, perhaps too long ago.
            if (random.Below(2) == 0 && actor.Permissions.Count > 0)
                peer = actor.Permissions.Keys.ElementAt(random.Below(actor.Permissions.Count)).WithPort((ushort)(1 + random.Below(2)));
            switch (random.Below(14))
            {
                case 0 or 1:
                    Renew(actor, client.TryAllocate(Wishes()));
                    break;
                case 2:
                    var seconds = random.Below(4) == 0 ? 0u : 600u;
                    var refreshed = client.Refresh(seconds);
                    if (!Good(actor, refreshed))
                        break;
                    actor.Until = world.Now.MonotonicMs + (1000L * refreshed.Seconds!.Value);
                    if (seconds == 0)
                        actor.Forget();
                    break;
                case 3 or 4:
                    if (Good(actor, client.Permit(peer)))
                        actor.Permissions[peer.WithPort(0)] = world.Now.MonotonicMs + 300_000;
                    break;
                case 5 or 6:
                    var number = (ushort)(0x4000 + random.Below(5));
                    if (Good(actor, client.Bind(number, peer)))
                    {
                        actor.Permissions[peer.WithPort(0)] = world.Now.MonotonicMs + 300_000;
                        actor.Channels[number] = (peer, world.Now.MonotonicMs + 600_000);
                    }

                    break;
                case 7:
                    Up(actor, client.SendOn((ushort)(0x4000 + random.Below(5)), Payload(actor)), actor);
                    break;
                case 8:
                    Up(actor, client.SendTo(peer, Payload(actor)), actor);
                    break;
                case 9 or 10:
                    if (actor.Relayed is [var relayed, ..])
                        Down(world.FromPeer(relayed, peer, Payload(actor)), peer, actor);
                    break;
                case 11:
                    world.Advance(TimeSpan.FromMilliseconds(random.Below(8_000)));
                    foreach (var ended in _actors.Where(other => other.Until <= world.Now.MonotonicMs))
                        ended.Forget();
                    break;
                case 12:
                    var garbage = new byte[random.Below(120)];
                    random.Fill(garbage);
                    if (garbage.Length > 4 && random.Below(2) == 0)
                        (garbage[0], garbage[1]) = (0x40, (byte)random.Below(5));
                    Up(actor, client.Send(garbage), actor);
                    break;
                default:
                    if (client.Local != world.UdpLocals[0] && client.Local != world.UdpLocals[1] && random.Below(5) == 0)
                        Reconnect(actor);
                    break;
            }
        }

        private Attributes Wishes() => random.Below(5) switch
        {
            0 => static (ref writer) => EvenPort.Write(ref writer, true),
            1 => static (ref writer) => AdditionalAddressFamily.Write(ref writer, RequestedFamily.V6),
            2 => static (ref writer) => RequestedAddressFamily.Write(ref writer, RequestedFamily.V6),
            _ => static (ref writer) => Lifetime.Write(ref writer, 900),
        };

        private void Reconnect(Actor actor)
        {
            var core = world.Cores[_actors.IndexOf(actor) % 2];
            core.RemoveLocal(actor.Client.Local);
            actor.Forget();
            actor.Client = world.StreamClient(actor.Client.Endpoint.ToString(), actor.Client.Credential, _actors.IndexOf(actor) % 2);
        }

        private void Renew(Actor actor, Answer answer)
        {
            if (!Good(actor, answer))
                return;
            actor.Forget();
            actor.Relayed.AddRange(answer.Relayed);
            actor.Until = world.Now.MonotonicMs + (1000L * answer.Seconds!.Value);
        }

        private static bool Good(Actor actor, Answer answer)
        {
            if (answer.Code == 438)
                actor.Client.NonceBytes = answer.Nonce;
            return answer.Code == 0;
        }

        private static byte[] Payload(Actor actor) => [.. "from "u8, (byte)(actor.Client.Endpoint.V4Bits & 255)];

        // What leaves for a peer was permitted to this client, and leaves by its own socket.
        private void Up(Actor actor, Sent? sent, Actor from)
        {
            if (sent is null || (sent.Action == RelayAction.ToClient && sent.Client == actor.Client.Key && sent.Bytes[0] < 2 && sent.Bytes[1] != 0x17))
                return;
            _forwarded++;
            if (sent.Action == RelayAction.ToPeer)
            {
                Assert.Contains(world.Ports[_actors.IndexOf(from) % 2].Open[sent.Port], from.Relayed);
                Assert.True(from.Permits(sent.Peer, world.Now.MonotonicMs), $"{sent.Peer} was not permitted");
                Assert.True(sent.Peer.HasSameAddress(World.Server) || sent.Peer.HasSameAddress(world.Options.BindV6!.Value) ? world.Bound.ContainsKey(sent.Peer) : !Forbidden.Contains(sent.Peer));
                return;
            }

            // By the short way to another client of this relay: both permitted it.
            var receiver = _actors.Single(other => other.Client.Key == sent.Client);
            Assert.Contains(receiver.Relayed, relayed => from.Permits(relayed, world.Now.MonotonicMs));
            Assert.Contains(from.Relayed, relayed => receiver.Permits(relayed, world.Now.MonotonicMs));
        }

        // What reaches a client came to its own socket from a peer that it permitted.
        private void Down(Sent? sent, Endpoint peer, Actor owner)
        {
            if (sent is null)
                return;
            _forwarded++;
            Assert.Equal((RelayAction.ToClient, owner.Client.Key), (sent.Action, sent.Client));
            Assert.True(owner.Permits(peer, world.Now.MonotonicMs), $"{peer} was not permitted");
            if (sent.Bytes[0] == 0x40)
            {
                var (bound, until) = owner.Channels[(ushort)((sent.Bytes[0] << 8) | sent.Bytes[1])];
                Assert.Equal(peer, bound);
                Assert.True(until > world.Now.MonotonicMs);
            }
        }

        private void Check()
        {
            Assert.InRange(world.Shared.Live, world.Bound.Count, world.Options.Allocations);
            Assert.Equal(world.Bound.Count, world.Ports.Sum(ports => ports.Open.Count));
            Assert.True(world.Cores.Sum(core => core.Allocations) <= world.Bound.Count);
            Assert.All(world.Cores, core => Assert.True(core.NextDeadline > world.Now.MonotonicMs));
        }
    }

    private sealed class Actor(TestClient client)
    {
        public TestClient Client { get; set; } = client;

        public List<Endpoint> Relayed { get; } = [];

        public Dictionary<Endpoint, long> Permissions { get; } = [];

        public Dictionary<ushort, (Endpoint Peer, long Until)> Channels { get; } = [];

        public long Until { get; set; }

        public bool Permits(Endpoint peer, long nowMs) => Permissions.TryGetValue(peer.WithPort(0), out var until) && until > nowMs;

        public void Forget()
        {
            Relayed.Clear();
            Permissions.Clear();
            Channels.Clear();
        }
    }
}
