using CsCheck;
using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Peer.Tests.Harness;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests;

/// <summary>Servers that fall, devices that crash, backups that come back.</summary>
public sealed class FaultTests
{
    [Fact]
    public void What_is_delivered_again_is_shown_once_and_receipted_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "uno");
        // Bob keeps the message and dies before he can say so.
        for (var commits = 0; commits < 12; commits++)
            bob.Restart(commits);

        bob.Restart();
        Assert.Single(bob.Messages(alice));
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "uno").State);
        Assert.Equal(alice.Message(bob, "uno").Route, bob.Message(alice, "uno").Route);
    }

    [Fact]
    public void A_crash_after_any_commit_loses_nothing_and_shows_nothing_twice()
    {
        for (var at = 0; at < 40; at++)
        {
            var world = new World();
            var (alice, bob) = world.Acquainted(paths: at % 2 == 1);
            world.Pass(1_000);
            var who = at % 4 < 2 ? alice : bob;
            who.CrashAfterCommits = at / 2;
            var id = ByteString.CopyFrom(alice.Random.Bytes(16));
            alice.Say(Text(bob, "andata", id));
            world.Settle();
            world.Pass(2_000);
            who.CrashAfterCommits = -1;
            if (who.IsDown)
                who.Restart();
            // Whoever was not answered says it again.
            alice.Write(bob, "andata", id);
            bob.Write(alice, "ritorno");
            world.Pass(60_000);
            Assert.True(bob.Messages(alice).Count(message => message.Text == "andata") == 1, $"crash at {at}");
            Assert.True(alice.Message(bob, "andata").State == MessageState.Delivered, $"crash at {at}: {alice.Message(bob, "andata")}");
            Assert.Equal(bob.Message(alice, "andata").Route, alice.Message(bob, "andata").Route);
            Assert.Equal(MessageState.Delivered, bob.Message(alice, "ritorno").State);
        }
    }

    [Fact]
    public void A_full_mailbox_keeps_the_rest_queued_until_there_is_room()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        world.Server.MailboxEnvelopes = 2;
        foreach (var text in new[] { "1", "2", "3", "4" })
            alice.Write(bob, text);
        Assert.Equal(2u, alice.See(bob).Queued);
        Assert.Equal(Reason.MailboxFull, alice.See(bob).Path.NextReason);
        bob.Restart();
        world.Pass(60_000);
        Assert.Equal(["1", "2", "3", "4"], bob.Messages(alice).Select(message => message.Text));
        Assert.Equal(0u, alice.See(bob).Queued);
    }

    [Fact]
    public void A_server_that_lost_everything_gets_its_mailboxes_back()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        world.StopServer();
        world.Server.Lose();
        world.StartServer();
        world.Pass(60_000);
        alice.Write(bob, "di nuovo");
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "di nuovo").State);
    }

    [Fact]
    public void A_server_that_asks_for_patience_gets_it()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "con calma");
        world.Server.RefusedOpenings = 3;
        bob.Restart();
        Assert.Equal(2, world.Server.RefusedOpenings);
        Assert.Empty(bob.Messages(alice));
        world.Pass(5_000);
        Assert.Equal(0, world.Server.RefusedOpenings);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "con calma").State);
    }

    [Fact]
    public void A_server_that_talks_nonsense_is_left_and_tried_again_later()
    {
        var world = new World();
        var alice = world.Join("Alice");
        alice.Inputs.Enqueue(new PeerInput.ServerSent(World.Home, [0xff, 0xff, 0xff]));
        world.Settle();
        Assert.Contains(alice.Effects, effect => effect is PeerEffect.DisconnectServer);
        Assert.Equal(ServerState.Offline, alice.Snapshot.Servers.Single().State);
        world.Pass(2_000);
        Assert.Equal(ServerState.Online, alice.Snapshot.Servers.Single().State);
    }

    [Fact]
    public void A_restored_backup_goes_on_with_fresh_keys_and_gets_what_it_could_not_open()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        alice.Write(bob, "prima");
        var backup = alice.Store.Copy();
        for (var i = 0; i < 3; i++)
        {
            alice.Write(bob, $"dopo {i}");
            bob.Write(alice, $"risposta {i}");
        }

        alice.Stop();
        bob.Write(alice, "mentre non c'eri");
        backup.ReplaceState(PeerEngine.Restore(backup.State, alice.Random));
        alice.Store = backup;
        alice.Restart();
        world.Pass(120_000);
        alice.Write(bob, "rieccomi");
        bob.Write(alice, "bene");
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "rieccomi").State);
        Assert.Single(bob.Messages(alice), message => message.Text == "rieccomi");
        Assert.Equal(MessageState.Delivered, bob.Message(alice, "mentre non c'eri").State);
        Assert.Single(alice.Messages(bob), message => message.Text == "mentre non c'eri");
        Assert.Single(alice.Messages(bob), message => message.Text == "bene");
    }

    [Fact]
    public void A_copy_that_came_back_silently_notices_before_it_seals()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var old = alice.Store.Copy();
        bob.Write(alice, "x");
        alice.Write(bob, "y");
        alice.Stop();
        alice.Store = old;
        var before = SelfRecord.Parser.ParseFrom(old.State.Single(row => row.Key == "self").Value).Incarnation;
        alice.Restart();
        world.Pass(120_000);
        Assert.Equal(before + 1, SelfRecord.Parser.ParseFrom(alice.Store.State.Single(row => row.Key == "self").Value).Incarnation);
        alice.Write(bob, "z");
        bob.Write(alice, "w");
        world.Pass(60_000);
        Assert.Single(bob.Messages(alice), message => message.Text == "z");
        Assert.Single(alice.Messages(bob), message => message.Text == "w");
        Assert.Contains(alice.Store.Messages(bob.Id), message => message.Kind == MessageKind.EventRestored);
    }

    [Fact]
    public void Both_ends_see_one_order_whatever_their_clocks_say()
    {
        var gen = Gen.Select(Gen.Bool.Array[1, 12], Gen.Long[-1_000_000_000, 1_000_000_000], Gen.Bool.Array[12]);
        gen.Sample((turns, skew, partings) =>
        {
            var world = new World();
            var (alice, bob) = world.Acquainted();
            bob.WallSkewMs = skew;
            for (var i = 0; i < turns.Length; i++)
            {
                var (from, to) = turns[i] ? (alice, bob) : (bob, alice);
                if (partings[i] && !world.DownServers.Contains(World.Home))
                    world.StopServer();
                else
                    world.StartServer();
                from.Write(to, $"{i}");
                world.Pass(10);
            }

            world.StartServer();
            world.Pass(120_000);
            var one = alice.Messages(bob).Select(message => message.Text);
            var other = bob.Messages(alice).Select(message => message.Text);
            return one.SequenceEqual(other) && one.Count() == turns.Length
                && alice.Messages(bob).All(message => message.State is MessageState.Delivered or MessageState.Received);
        }, iter: 30);
    }

    [Fact]
    public void What_is_said_twice_is_sent_once()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var id = ByteString.CopyFrom(alice.Random.Bytes(16));
        Assert.Equal(CommandRefusal.Unspecified, alice.Write(bob, "uno", id).Refusal);
        Assert.Equal(CommandRefusal.Unspecified, alice.Write(bob, "uno", id).Refusal);
        Assert.Single(bob.Messages(alice));
        Assert.Single(alice.Messages(bob));
    }

    [Fact]
    public void What_is_said_again_after_a_restart_is_not_composed_anew()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        var id = ByteString.CopyFrom(alice.Random.Bytes(16));
        alice.Write(bob, "uno", id);
        alice.Write(bob, "due");
        var before = alice.Message(bob, "uno");
        alice.Restart();
        Assert.Equal(CommandRefusal.Unspecified, alice.Write(bob, "uno", id).Refusal);
        Assert.Equal(before, alice.Message(bob, "uno"));
        Assert.Equal(2, bob.Messages(alice).Count);
    }

    [Fact]
    public void What_could_not_be_opened_survives_a_crash_before_it_was_reported()
    {
        for (var crash = 0; crash < 12; crash++)
        {
            var world = new World();
            var (alice, bob) = world.Acquainted();
            alice.Write(bob, "prima");
            var backup = alice.Store.Copy();
            for (var i = 0; i < 3; i++)
            {
                alice.Write(bob, $"dopo {i}");
                bob.Write(alice, $"risposta {i}");
            }

            alice.Stop();
            bob.Write(alice, "mentre non c'eri");
            backup.ReplaceState(PeerEngine.Restore(backup.State, alice.Random));
            alice.Store = backup;
            alice.Restart(crash);
            world.Pass(1_000);
            if (!alice.IsDown)
                alice.Stop();
            alice.Restart();
            world.Pass(120_000);
            Assert.True(bob.Message(alice, "mentre non c'eri").State == MessageState.Delivered, $"crash at {crash}");
            Assert.Single(alice.Messages(bob), message => message.Text == "mentre non c'eri");
        }
    }

    [Fact]
    public void What_the_server_threw_away_after_its_time_is_posted_again()
    {
        var world = new World();
        var (alice, bob) = world.Acquainted();
        bob.Stop();
        alice.Write(bob, "lettera lunga");
        alice.Stop();
        world.Pass(31L * 24 * 60 * 60 * 1000);
        alice.Restart();
        bob.Restart();
        world.Pass(60_000);
        Assert.Equal(MessageState.Delivered, alice.Message(bob, "lettera lunga").State);
        Assert.Single(bob.Messages(alice));
    }

    private static Command Text(Person to, string text, ByteString id) =>
        new() { SendText = new SendText { ContactId = to.Id.ToByteString(), MessageId = id, Text = text } };
}
