using Dapari.Wire.V1;
using Google.Protobuf;
using Xunit;

namespace Dapari.Wire.Tests;

/// <summary>What somebody carries between two in a call of several.</summary>
public sealed class CallForwardCodecTests
{
    private static readonly ByteString _id = ByteString.CopyFrom(new byte[Shape.Id]);
    private static readonly ByteString _key = ByteString.CopyFrom(new byte[Shape.Key]);

    [Fact]
    public void It_reads_back()
    {
        var forward = Forward(_ => { });
        Assert.True(CallForwardCodec.TryRead(forward, out var statement, out var fault));
        Assert.Equal(ContentFault.None, fault);
        Assert.Equal(forward.Statement, statement.ToByteString());
    }

    [Fact]
    public void Lengths_and_kinds_are_checked()
    {
        foreach (var change in new Action<CallForwardStatement>[]
        {
            said => said.Group = ByteString.CopyFrom(new byte[15]),
            said => said.Group = ByteString.CopyFrom([.. new byte[15], 1]),
            said => said.From = ByteString.Empty,
            said => said.To = ByteString.CopyFrom(new byte[33]),
            said => said.Signal = null,
            said => said.Signal.State = null,
            said => said.Signal.State.Fellow = false,
            said => said.Signal.State.Phase = CallPhase.Unspecified,
            said => said.Signal.State.Group = ByteString.Empty,
            said => said.Signal.State.People.Add(new CallPerson { IdentityKey = _key }),
            said => said.Signal.CallId = ByteString.Empty,
            said => said.Signal.Revision = 0,
        })
        {
            var forward = Forward(change);
            Assert.False(CallForwardCodec.TryRead(forward, out var statement, out var fault));
            Assert.Null(statement);
            Assert.NotEqual(ContentFault.None, fault);
        }
    }

    [Fact]
    public void What_surrounds_it_is_checked_too()
    {
        foreach (var change in new Action<CallForward>[]
        {
            forward => forward.Statement = ByteString.Empty,
            forward => forward.Statement = ByteString.CopyFrom(new byte[WireLimits.CallForwardBytes + 1]),
            forward => forward.Statement = ByteString.CopyFrom(0xFF, 0xFF, 0xFF),
            forward => forward.Signature = ByteString.CopyFrom(new byte[63]),
            forward => forward.Device = null,
            forward => forward.Device.Statement = ByteString.CopyFrom(new byte[WireLimits.CertificateBytes]),
        })
        {
            var forward = Forward(_ => { });
            change(forward);
            Assert.False(CallForwardCodec.TryRead(forward, out _, out var fault));
            Assert.NotEqual(ContentFault.None, fault);
        }
    }

    [Fact]
    public void The_largest_fits_into_a_content()
    {
        var forward = Forward(_ => { });
        forward.Statement = ByteString.CopyFrom(new byte[WireLimits.CallForwardBytes]);
        forward.Device = new DeviceCertificate { Statement = ByteString.CopyFrom(new byte[WireLimits.CertificateBytes - 70]), Signature = ByteString.CopyFrom(new byte[64]) };
        Assert.Equal(ContentFault.None, CallForwardCodec.Check(forward));
        Assert.True(new Content { CallForward = forward }.CalculateSize() <= WireLimits.ContentBytes);
    }

    internal static CallForward Forward(Action<CallForwardStatement> change)
    {
        var statement = new CallForwardStatement
        {
            Group = _id, From = _key, To = _key,
            Signal = new CallSignal { CallId = _id, Revision = 1, State = new CallState { Phase = CallPhase.Ring, Caller = true, Clock = 1, Fellow = true, Group = _id } },
        };
        change(statement);
        return new CallForward
        {
            Statement = statement.ToByteString(),
            Signature = ByteString.CopyFrom(new byte[64]),
            Device = new DeviceCertificate { Statement = ByteString.CopyFrom(new byte[100]), Signature = ByteString.CopyFrom(new byte[64]) },
        };
    }
}
