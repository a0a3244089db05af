using Dapari.Peer.Engine;
using Dapari.Peer.Files;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Tests.Files.Simulation;

/// <summary>A peer: the machine, what it keeps, the letters that it owes, and a driver. A crash leaves rows, letters and disk.</summary>
internal sealed class FilePeer
{
    private readonly Dictionary<string, byte[]> _rows = new(StringComparer.Ordinal);
    private readonly List<FileUpdate> _letters = [];
    private long _tickAt = long.MaxValue;
    private int _life;
    private bool _deliverAll;

    public FilePeer(FileWorld world, byte number)
    {
        World = world;
        ContactId.TryRead(Enumerable.Repeat(number, ContactId.Length).ToArray(), out var id);
        Id = id;
        Driver = new FileDriver(this);
    }

    public FileWorld World { get; }

    public ContactId Id { get; }

    public FilePeer Other { get; set; } = null!;

    public FileDriver Driver { get; }

    public bool IsUp { get; private set; }

    public FileTransfers Machine { get; private set; } = new();

    /// <summary>Changes with each life: what was begun in an earlier one is over.</summary>
    public int Life => _life;

    public void Restart()
    {
        IsUp = true;
        _life++;
        _tickAt = long.MaxValue;
        Machine = new FileTransfers();
        Machine.Load([.. _rows.Select(row => new StateRow(row.Key, row.Value))]);
        Driver.Reset();
        Do((machine, step) => machine.Start(step));
        Deliver();
    }

    public void Crash()
    {
        if (!IsUp)
            return;
        IsUp = false;
        _life++;
        World.Close();
        World.After(50 + World.Random.Next(3_000), Restart);
    }

    public void ChannelOpened(Route route) => Do((machine, step) => machine.ChannelOpened(step, Other.Id, route));

    public void ChannelClosed()
    {
        if (!IsUp)
            return;
        Driver.ChannelClosed();
        Do((machine, step) => machine.ChannelClosed(step, Other.Id));
    }

    /// <summary>Whether what came of it is kept.</summary>
    public bool Do(Action<FileTransfers, FileStep> what)
    {
        if (!IsUp)
            return false;
        var step = new FileStep(new Moment(World.Now, 1_800_000_000_000 + World.Now));
        what(Machine, step);
        Check();
        var death = World.Fate?.Invoke(this, World.Commits++) ?? Death.None;
        if (death == Death.BeforeCommit)
        {
            Crash();
            return false;
        }

        foreach (var (key, value) in step.Rows)
        {
            if (value is null)
                _rows.Remove(key);
            else
                _rows[key] = value;
        }

        _letters.AddRange(step.Letters.Select(letter => letter.Update));
        var life = _life;
        var left = death switch { Death.AfterCommit => 0, Death.AmidEffects => World.Random.Next(step.Effects.Count + 1), _ => int.MaxValue };
        foreach (var effect in step.Effects)
        {
            if (left-- <= 0 || life != _life)
                break;
            Driver.Perform(effect);
        }

        if (death != Death.None)
        {
            Crash();
            return true;
        }

        if (life != _life)
            return true;
        Deliver();
        Arm();
        return true;
    }

    private void Check()
    {
        var coming = Machine.All.Where(transfer => !transfer.Record.Outgoing).ToList();
        Assert.True(coming.Sum(transfer => transfer.Direct.Count + transfer.Fetched.Count) <= 2 * FileCredit.Default.ByChannel, "under way");
        Assert.True(coming.Sum(transfer => transfer.Direct.Count) <= FileCredit.Default.ByChannel, "by one channel");
        Assert.All(Machine.All, transfer => Assert.True(transfer.WantedChunks <= FileTransfers.MaxWanted, "credit"));
        Assert.All(Machine.All, transfer => Assert.Equal(transfer.Wants.Sum(want => want.Range.Count), transfer.WantedChunks));
        Assert.All(coming, transfer => Assert.True(transfer.Verified.Ranges <= FileTransfers.MaxRanges, "ranges"));
    }

    private void Arm()
    {
        if (Machine.NextDeadline is not { } deadline || deadline >= _tickAt)
            return;
        Assert.True(deadline > long.MinValue / 2);
        var at = _tickAt = Math.Max(deadline, World.Now + 1);
        var life = _life;
        World.After(at - World.Now, () =>
        {
            if (life != _life)
                return;
            _tickAt = long.MaxValue;
            Do((machine, step) => machine.Tick(step));
        });
    }

    // Letters are kept until they are delivered, come in order, and now and then twice.
    private void Deliver()
    {
        if (_letters.Count == 0 || _deliverAll)
            return;
        _deliverAll = true;
        World.After(20 + World.Random.Next(200), () =>
        {
            _deliverAll = false;
            if (!Other.IsUp)
            {
                World.After(500, Deliver);
                return;
            }

            var letter = _letters[0];
            var content = new Content { FileUpdate = letter };
            Assert.True(ContentCodec.TryRead(ContentCodec.Write(content), out var read, out var fault), fault.ToString());
            // Acknowledged only when it is kept; the acknowledgement is lost now and then.
            if (Other.Do((machine, step) => machine.Told(step, Id, read.FileUpdate)) && !World.Chance(20))
                _letters.RemoveAt(0);
            Deliver();
        });
    }
}
