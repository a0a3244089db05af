using Dapari.Simulation.Core;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Simulation.Scenarios;

/// <summary>
/// Somebody who saw envelopes on their way and may write into mailboxes: repeats them, mixes them up, damages them, and, knowing a wrap key, damages
/// what is under the outer seal. It cannot forge what sessions seal, so nothing of it may ever be shown or lose a message.
/// </summary>
internal sealed class Adversary(World world, SimRandom random)
{
    private readonly List<(string Origin, MailboxId Mailbox, EnvelopeId Id, byte[] Bytes)> _seen = [];

    public void Saw(string origin, MailboxId mailbox, EnvelopeId id, byte[] bytes)
    {
        if (_seen.Count < 64)
            _seen.Add((origin, mailbox, id, bytes));
        else if (random.Chance(0.3))
            _seen[random.Below(64)] = (origin, mailbox, id, bytes);
    }

    public void Attack()
    {
        if (_seen.Count == 0)
            return;
        var (origin, mailbox, id, bytes) = random.Pick(_seen);
        var other = random.Pick(_seen);
        var source = new SeededRandomSource(random);
        var server = world.ServerAt(origin)!;
        world.Figures.Attacks++;
        var kind = random.Below(6);
        world.Note("adversary", $"attacks {mailbox.ToString()[..8]} at {server.Name}, kind {kind}, {id.ToString()[..8]}");
        switch (kind)
        {
            case 0: // The same again.
                server.PutFromAdversary(mailbox, id, bytes);
                break;
            case 1: // Into a mailbox it was not meant for.
                world.ServerAt(other.Origin)!.PutFromAdversary(other.Mailbox, EnvelopeId.Random(source), bytes);
                break;
            case 2: // Damaged.
                var damaged = (byte[])bytes.Clone();
                for (var i = random.Between(1, 4); i > 0; i--)
                    damaged[random.Below(damaged.Length)] ^= (byte)(1 << random.Below(8));
                server.PutFromAdversary(mailbox, EnvelopeId.Random(source), damaged);
                break;
            case 3: // Nonsense.
                server.PutFromAdversary(mailbox, EnvelopeId.Random(source), source.Bytes(1 + random.Below(400)));
                break;
            case 4: // Under another id, which the seal covers.
                var renamed = Envelope.Parser.ParseFrom(bytes);
                var newId = EnvelopeId.Random(source);
                renamed.Id = newId.ToByteString();
                server.PutFromAdversary(mailbox, newId, EnvelopeCodec.Write(renamed));
                break;
            default:
                Rewrap(server, mailbox, bytes, source);
                break;
        }
    }

    /// <summary>A holder of the wrap key changes what it can see inside and seals that again.</summary>
    private void Rewrap(Servers.SimServer server, MailboxId mailbox, byte[] bytes, RandomSource source)
    {
        if (!EnvelopeCodec.TryRead(bytes, out var envelope, out _) || world.Checks.Keys.Look(mailbox, envelope) is not { } inside)
            return;
        switch (random.Below(6))
        {
            case 0:
                inside.Header.Number = unchecked(inside.Header.Number + (uint)random.PickAny(1, 5, 5_000, int.MaxValue));
                break;
            case 1:
                inside.Header.RatchetKey = ByteString.CopyFrom(source.Bytes(32));
                break;
            case 2:
                inside.SessionId = ByteString.CopyFrom(source.Bytes(16));
                break;
            case 3:
                inside.Lane = inside.Lane == Lane.Durable ? Lane.Live : Lane.Durable;
                break;
            case 4:
                inside.Header.RatchetKey = ByteString.CopyFrom(new byte[32]);
                break;
            default:
                inside.Ciphertext = ByteString.CopyFrom(source.Bytes(inside.Ciphertext.Length));
                if (inside.Handshake is not null)
                    inside.Handshake.EphemeralKey = ByteString.CopyFrom(source.Bytes(32));
                break;
        }

        var id = EnvelopeId.Random(source);
        if (world.Checks.Keys.Wrap(mailbox, id, inside) is { } wrapped)
            server.PutFromAdversary(mailbox, id, wrapped);
    }
}
