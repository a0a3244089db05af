using Dapari.Wire.V1;

namespace Dapari.Crypto;

/// <summary>The caps of one lane's ratchet.</summary>
/// <param name="MaxSkip">Messages that one step may skip, in the chain that closes and in the one that opens.</param>
/// <param name="MaxKept">Keys of skipped messages kept in all, the oldest being dropped.</param>
/// <param name="ForgetsClosing">
/// Whether what a closing chain lacks beyond <paramref name="MaxSkip"/> is forgotten rather than refused: on the live lane loss is normal,
/// and must never stop it.
/// </param>
internal sealed record LaneLimits(uint MaxSkip, int MaxKept, bool ForgetsClosing)
{
    /// <summary>Former receiving chains that are remembered, to tell a repeated envelope from a foreign one.</summary>
    public const int ClosedChains = 40;

    /// <summary>Every envelope is wanted, however late.</summary>
    public static readonly LaneLimits Durable = new(1000, 2000, false);

    /// <summary>A late frame is worth little: few keys are kept, so that the state stays small.</summary>
    public static readonly LaneLimits Live = new(2000, 64, true);

    public static LaneLimits Of(Lane lane) => lane == Lane.Live ? Live : Durable;
}
