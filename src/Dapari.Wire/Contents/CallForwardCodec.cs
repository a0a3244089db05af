using System.Diagnostics.CodeAnalysis;
using Dapari.Wire.V1;

namespace Dapari.Wire;

/// <summary>Reads what one person says to another through who began a call of several. Says nothing about signatures.</summary>
public static class CallForwardCodec
{
    /// <summary>Lengths of a <c>CallForward</c>; its statement is not read.</summary>
    public static ContentFault Check(CallForward? forward) =>
        forward is { Statement.Length: > 0 and <= WireLimits.CallForwardBytes, Signature.Length: Shape.Signature } && Shape.IsCertificate(forward.Device)
            ? ContentFault.None : ContentFault.FieldLength;

    /// <summary>Reads the statement: a signal of a call between two fellows of the group that it names.</summary>
    public static bool TryRead(CallForward forward, [NotNullWhen(true)] out CallForwardStatement? statement, out ContentFault fault)
    {
        statement = null;
        fault = Check(forward);
        if (fault != ContentFault.None)
            return false;
        fault = ContentFault.Malformed;
        if (!Protobuf.TryParse(forward.Statement.Span, CallForwardStatement.Parser, out var parsed))
            return false;
        fault = Check(parsed);
        if (fault == ContentFault.None)
            statement = parsed;
        return fault == ContentFault.None;
    }

    private static ContentFault Check(CallForwardStatement statement)
    {
        if (statement is not { Group.Length: Shape.Id, From.Length: Shape.Key, To.Length: Shape.Key, Signal: { State: { } state } signal })
            return ContentFault.FieldLength;
        if (CallCheck.Check(signal) is var fault and not ContentFault.None)
            return fault;
        return state.Fellow && state.Group == statement.Group && state.People.Count == 0 ? ContentFault.None : ContentFault.FieldLength;
    }
}
