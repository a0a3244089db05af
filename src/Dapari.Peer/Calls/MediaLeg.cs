using Dapari.Peer.Hosting;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>The media connection of a call, as the driver has it. Times are monotonic milliseconds.</summary>
internal sealed class MediaLeg
{
    /// <summary>0: none yet.</summary>
    public ulong Id { get; set; }

    public uint Epoch { get; set; }

    /// <summary>Begun, and offered, by this end.</summary>
    public bool Own { get; set; }

    /// <summary>The driver has it.</summary>
    public bool IsOpen { get; set; }

    public long OpenedAt { get; set; } = long.MinValue / 2;

    public StepStream Steps { get; set; } = new();

    public LegFacts Facts { get; set; }

    /// <summary>As last told to the other; absent: no settled pair yet.</summary>
    public CallFacts? Told { get; set; }

    public long ToldAt { get; set; } = long.MinValue / 2;

    /// <summary>SHA-256 of the certificate that the sealed description names; empty: none came yet.</summary>
    public byte[] Sealed { get; set; } = [];

    /// <summary>Media flows, with whom it should.</summary>
    public bool IsConnected { get; set; }

    /// <summary>Since when it does not.</summary>
    public long DownSince { get; set; }

    /// <summary>When the connection is next helped: restarted, or begun anew.</summary>
    public long HelpAt { get; set; } = long.MaxValue;

    /// <summary>Before, a connection of theirs is not followed.</summary>
    public long FollowAt { get; set; } = long.MinValue;

    public int Helped { get; set; }

    /// <summary>Since when the time that is talked was not counted.</summary>
    public long CountedAt { get; set; }

    /// <summary>The way that the driver was last told to keep to.</summary>
    public Store.Policy Way { get; set; }
}
