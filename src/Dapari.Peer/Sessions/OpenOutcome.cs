using Dapari.Crypto;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Sessions;

/// <summary>What became of an envelope.</summary>
internal enum Opening
{
    /// <summary>Not for us, or no envelope at all: nothing is known of it.</summary>
    Foreign,

    /// <summary>Opened now, for the first and only time.</summary>
    Opened,

    /// <summary>It was opened before: a repetition.</summary>
    Repeated,

    /// <summary>Meant for us by one who knows the mailbox, and no session here opens it.</summary>
    Unopenable,
}

/// <summary>A session that an envelope began. Nothing is kept of it before <see cref="SealRoom.Keep"/>.</summary>
internal sealed record FreshSession(Session Session, VerifiedDevice Device, PrekeyVault Vault);

/// <summary>The outcome of opening an envelope.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Envelope">Its id, where it could be read.</param>
/// <param name="Known">The session that opened it, if it was known.</param>
/// <param name="Fresh">The session that it began, if it did.</param>
/// <param name="Lane">The lane it came on.</param>
/// <param name="Plaintext">The padded content.</param>
internal readonly record struct OpenOutcome(
    Opening Result, EnvelopeId Envelope, KnownSession? Known, FreshSession? Fresh, Lane Lane, byte[]? Plaintext)
{
    public static OpenOutcome Foreign { get; } = new(Opening.Foreign, default, null, null, Lane.Unspecified, null);
}
