using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Testing;
using Dapari.Wire;
using Dapari.Wire.Files;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Harness;

/// <summary>What people do with files.</summary>
internal static class Senders
{
    public const int Chunk = FileShape.ChunkBytes;

    /// <summary>Two contacts who move files, with an open path between them or without.</summary>
    public static (Person Alice, Person Bob) Sending(this World world, bool paths = true)
    {
        var (alice, bob) = world.Acquainted(paths, files: true);
        if (!paths)
            return (alice, bob);
        world.Pass(3_000);
        Assert.Equal(PathState.Open, alice.See(bob).Path.State);
        Assert.Equal(1, world.Line.Channels);
        return (alice, bob);
    }

    /// <summary>As the driver and the screens do it: hashed, kept, and a command of it.</summary>
    public static SendFiles Prepare(this Person person, Person other, IReadOnlyList<(string Name, byte[] Bytes)> files, bool manifest = false)
    {
        var id = TransferId.Random(person.Random);
        var sources = files.Select(file => new MemoryFile(file.Bytes)).ToList();
        var command = new SendFiles
        {
            ContactId = other.Id.ToByteString(), MessageId = ByteString.CopyFrom(person.Random.Bytes(16)), TransferId = id.ToByteString(),
            Items = { sources.Select((source, at) => new FileItem { Name = files[at].Name, MediaType = "application/octet-stream", Blob = source.Blob }) },
        };
        var list = new MemoryFile(manifest ? ManifestCodec.Write(new FileManifest { Items = { command.Items } }) : []);
        if (manifest)
            command.Manifest = list.Blob;
        person.Files.Sources[id] = [list, .. sources];
        return command;
    }

    public static SendFiles Prepare(this Person person, Person other, params byte[][] files) =>
        person.Prepare(other, [.. files.Select((bytes, at) => ($"file {at + 1}.bin", bytes))]);

    public static TransferId Send(this Person person, SendFiles command)
    {
        Assert.Equal(CommandRefusal.Unspecified, person.TrySend(command));
        Assert.True(TransferId.TryRead(command.TransferId, out var id));
        return id;
    }

    public static CommandRefusal TrySend(this Person person, SendFiles command) => person.Do(new Command { SendFiles = command }).Refusal;

    public static TransferId Send(this Person person, Person other, params byte[][] files) => person.Send(person.Prepare(other, files));

    public static CommandRefusal Want(this Person person, TransferId id) => person.Do(new Command { WantFiles = new WantFiles { TransferId = id.ToByteString() } }).Refusal;

    public static CommandRefusal Cancel(this Person person, TransferId id) => person.Do(new Command { CancelFiles = new CancelFiles { TransferId = id.ToByteString() } }).Refusal;

    public static CommandRefusal Pause(this Person person, TransferId id, bool paused = true) =>
        person.Do(new Command { PauseFiles = new PauseFiles { TransferId = id.ToByteString(), Paused = paused } }).Refusal;

    public static CommandRefusal Retry(this Person person, TransferId id) => person.Do(new Command { RetryFiles = new RetryFiles { TransferId = id.ToByteString() } }).Refusal;

    public static CommandRefusal Leave(this Person person, TransferId id, bool leave = true) =>
        person.Do(new Command { LeaveFiles = new LeaveFiles { TransferId = id.ToByteString(), Leave = leave } }).Refusal;

    public static void WantNothingUnasked(this Person person) => person.Do(new Command { SetFileRules = new SetFileRules() });

    public static byte[] Bytes(this Person person, int count) => person.Random.Bytes(count);

    public static TransferView View(this Person person, TransferId id) => person.Snapshot.Transfers.Single(view => view.TransferId == id.ToByteString());

    public static MessageRecord FileMessage(this Person person, Person other, TransferId id) =>
        person.Store.Messages(other.Id).Single(message => message.File?.TransferId == id.ToByteString());

    public static FileEnd? EndOf(this Person person, Person other, TransferId id) => person.FileMessage(other, id).File.End;

    /// <summary>Both ends have one end of it, in their conversations.</summary>
    public static FileEnd Agreed(Person one, Person other, TransferId id, FileOutcome outcome)
    {
        var here = one.EndOf(other, id);
        var there = other.EndOf(one, id);
        Assert.NotNull(here);
        Assert.Equal(here, there);
        Assert.Equal(outcome, here.Outcome);
        return here;
    }

    /// <summary>All of it is there, bit for bit, and both ends say so.</summary>
    public static Dictionary<Route, ulong> Arrived(Person from, Person to, TransferId id)
    {
        var end = Agreed(from, to, id, FileOutcome.Arrived);
        Intact(from, to, id);
        var total = from.Files.Sources[id].Sum(file => (long)file.Bytes.Length);
        Assert.Equal((ulong)total, end.Shares.Aggregate(0UL, (sum, share) => sum + share.Bytes));
        return end.Shares.ToDictionary(share => share.Route, share => share.Bytes);
    }

    public static void Intact(Person from, Person to, TransferId id)
    {
        var files = from.Files.Sources[id];
        for (var item = 1; item < files.Count; item++)
            Assert.True(files[item].Bytes.AsSpan().SequenceEqual(to.Files.Read(id, (uint)item)), "bit for bit");
        Assert.Contains(id, to.Files.InPlace);
    }
}
