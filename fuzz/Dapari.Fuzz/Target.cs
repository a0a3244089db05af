namespace Dapari.Fuzz;

/// <summary>One parser of foreign bytes.</summary>
/// <param name="Name">Names it on the command line and its corpus folder.</param>
/// <param name="Seeds">Well-formed inputs, the same at each call: the start of the corpus.</param>
/// <param name="Run">
/// Gives the input to the parser; throws where a promise is broken. Says in a word what came of it: an input with a new word joins the pool.
/// </param>
internal sealed record Target(string Name, Func<IEnumerable<byte[]>> Seeds, Func<byte[], string> Run)
{
    public static readonly IReadOnlyList<Target> All =
        [.. WireTargets.All, .. CryptoTargets.All, .. PeerTargets.All, ContactTarget.Target, .. FileTargets.All, .. RtcTargets.All, .. IceTargets.All, .. SctpTargets.All, .. PeerConnectionTargets.All, .. RelayTargets.All, .. MappingTargets.All, .. NearbyTargets.All, .. LaneTargets.All];

    /// <summary>A broken promise.</summary>
    public static void Require(bool promise, string what)
    {
        if (!promise)
            throw new BrokenPromiseException(what);
    }
}

/// <summary>A parser did not keep what it promises.</summary>
internal sealed class BrokenPromiseException(string what) : Exception(what);
