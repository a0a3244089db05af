using System.Globalization;
using System.Text;

namespace Dapari.Simulation;

/// <summary>How a world ended.</summary>
/// <param name="Seed">The seed that repeats it.</param>
/// <param name="Violations">Which promises were broken; none in a good run.</param>
/// <param name="TraceHash">Over everything that happened: equal for equal seeds.</param>
/// <param name="Trace">The last events in words.</param>
/// <param name="Figures">What went on, counted.</param>
public sealed record SimulationResult(
    ulong Seed, IReadOnlyList<string> Violations, ulong TraceHash, string Trace, SimulationFigures Figures)
{
    /// <summary>Whether every promise was kept.</summary>
    public bool Clean => Violations.Count == 0;

    /// <summary>For a failing test: the seed, what was broken, the last events.</summary>
    public string Report()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed {Seed} (0x{Seed:X}), trace hash {TraceHash:X16}, {Figures}\n");
        foreach (var violation in Violations)
            text.Append("  broken: ").Append(violation).Append('\n');
        return text.Append(Trace).ToString();
    }
}

/// <summary>What went on in a world.</summary>
public sealed record SimulationFigures
{
    /// <summary>Events of the trace.</summary>
    public long Events { get; internal set; }

    /// <summary>Batches that stores were asked to keep.</summary>
    public int Commits { get; internal set; }

    /// <summary>Group commits of servers.</summary>
    public int Groups { get; internal set; }

    /// <summary>Messages accepted from people.</summary>
    public int Messages { get; internal set; }

    /// <summary>Messages that reached the other's store.</summary>
    public int Arrived { get; internal set; }

    /// <summary>Arrived first on a direct path.</summary>
    public int ArrivedDirect { get; internal set; }

    /// <summary>Apps that died.</summary>
    public int Crashes { get; internal set; }

    /// <summary>Servers that died.</summary>
    public int ServerCrashes { get; internal set; }

    /// <summary>Backups put back.</summary>
    public int Restores { get; internal set; }

    /// <summary>Direct paths that opened.</summary>
    public int Paths { get; internal set; }

    /// <summary>Calls that both ends keep alike.</summary>
    public int Calls { get; internal set; }

    /// <summary>Calls of several that both ends keep alike.</summary>
    public int Gatherings { get; internal set; }

    /// <summary>Times that somebody was seen connected with one who is no contact.</summary>
    public int Strangers { get; internal set; }

    /// <summary>Calls in which media flowed.</summary>
    public int Talked { get; internal set; }

    /// <summary>Distinct message keys seen in use.</summary>
    public int Keys { get; internal set; }

    /// <summary>Forged, repeated or damaged things that the adversary sent.</summary>
    public int Attacks { get; internal set; }

    /// <summary>Envelopes that servers threw away after their time.</summary>
    public int Expired { get; internal set; }

    /// <summary>What a contact did that keeps to no rule.</summary>
    public int Hostilities { get; internal set; }

    /// <summary>Contacts removed and identities deleted.</summary>
    public int Partings { get; internal set; }

    /// <summary>Messages between two who had parted and met again, kept after the parting and delivered.</summary>
    public int MetAgain { get; internal set; }

    /// <summary>Old copies put back that no server could tell from the present.</summary>
    public int Unnoticed { get; internal set; }

    /// <summary>Transfers of files that arrived and of which both ends keep the same.</summary>
    public int Files { get; internal set; }

    /// <summary>Of these, some of it came straight from the other.</summary>
    public int FilesDirect { get; internal set; }

    /// <summary>Of these, some of it lay at a server.</summary>
    public int FilesLeft { get; internal set; }

    /// <summary>Transfers that ended otherwise.</summary>
    public int FilesEnded { get; internal set; }

    /// <summary>Virtual milliseconds.</summary>
    public long VirtualMs { get; internal set; }
}
