using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Wire;

/// <summary>Reads envelopes and what their outer seal covers. Unknown fields are kept.</summary>
public static class EnvelopeCodec
{
    /// <summary>The version of envelopes that this build makes and opens.</summary>
    public const uint Version = 1;

    /// <summary>Reads an <c>Envelope</c>: what travels on every route.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, [NotNullWhen(true)] out Envelope? envelope, out EnvelopeFault fault)
    {
        envelope = null;
        fault = EnvelopeFault.TooLarge;
        if (source.Length > WireLimits.EnvelopeBytes)
            return false;
        fault = EnvelopeFault.Malformed;
        if (!Protobuf.TryParse(source, Envelope.Parser, out var parsed) || parsed is not { Id.Length: Shape.Id, Sealed.Length: > Shape.Tag })
            return false;
        fault = EnvelopeFault.UnknownVersion;
        if (parsed.Version != Version)
            return false;
        envelope = parsed;
        fault = EnvelopeFault.None;
        return true;
    }

    /// <summary>Reads a <c>SealedEnvelope</c>: what the outer seal covers.</summary>
    public static bool TryReadSealed(ReadOnlySpan<byte> source, [NotNullWhen(true)] out SealedEnvelope? envelope, out EnvelopeFault fault)
    {
        envelope = null;
        fault = EnvelopeFault.TooLarge;
        if (source.Length > WireLimits.EnvelopeBytes)
            return false;
        fault = EnvelopeFault.Malformed;
        if (!Protobuf.TryParse(source, SealedEnvelope.Parser, out var parsed))
            return false;
        fault = Check(parsed);
        if (fault != EnvelopeFault.None)
            return false;
        envelope = parsed;
        return true;
    }

    /// <summary>Writes an envelope.</summary>
    /// <exception cref="ArgumentException">It is larger than <see cref="WireLimits.EnvelopeBytes"/>.</exception>
    public static byte[] Write(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        if (envelope.CalculateSize() > WireLimits.EnvelopeBytes)
            throw new ArgumentException("The envelope is too large.", nameof(envelope));
        return envelope.ToByteArray();
    }

    /// <summary>Lengths of what the outer seal covers.</summary>
    public static EnvelopeFault Check(SealedEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        if (envelope.Lane is not (Lane.Durable or Lane.Live))
            return envelope.Lane == Lane.Unspecified ? EnvelopeFault.Malformed : EnvelopeFault.UnknownLane;
        var ok = envelope is { SessionId.Length: Shape.Id, Header.RatchetKey.Length: Shape.Key, Ciphertext.Length: >= Shape.Tag }
            && (envelope.Handshake is null || Shape.IsHandshake(envelope.Handshake));
        return ok ? EnvelopeFault.None : EnvelopeFault.Malformed;
    }
}
