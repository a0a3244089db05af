using System.Text;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;
using Xunit;

namespace Dapari.Rtc.Tests.Ice;

public sealed class IceHostileTests
{
    private static readonly Endpoint Stranger = Endpoint.V4(0x0808_0808, 999);

    [Fact]
    public void A_stranger_gets_no_answer_whatever_is_asked()
    {
        var (agent, address) = Agent(controlling: true);
        foreach (var request in new[]
        {
            Request(agent.Local.Fragment + ":me", "a password that is not theirs"), Request("other:me", agent.Local.Password), Request("", agent.Local.Password),
            Request(agent.Local.Fragment + ":me", agent.Local.Password, fingerprint: false), Request(agent.Local.Fragment + ":me", null),
        })
        {
            Assert.Equal(IceReceipt.Refused, agent.Receive(address, Stranger, request, 5_000));
            Assert.False(agent.TryTake(out IceDatagram _));
        }

        Assert.False(agent.MayReceive(address, Stranger));
    }

    [Fact]
    public void Who_knows_the_password_is_answered_and_learned()
    {
        var (agent, address) = Agent(controlling: true);
        Assert.Equal(IceReceipt.Taken, agent.Receive(address, Stranger, Request(agent.Local.Fragment + ":me", agent.Local.Password), 5_000));
        Assert.True(agent.TryTake(out IceDatagram answer));
        Assert.True(StunMessage.TryRead(answer.Bytes, out var message, out _));
        Assert.True(XorMappedAddress.TryRead(message, out var seen) && MessageIntegrity.Check(message, Encoding.UTF8.GetBytes(agent.Local.Password)));
        Assert.Equal((StunClass.Success, Stranger), (message.Class, seen));
        Assert.True(agent.MayReceive(address, Stranger));
        // No amplification: an answer is never longer than three times what asked.
        Assert.True(answer.Bytes.Length <= Request("a:b", "c").Length * 3);
    }

    [Fact]
    public void Answers_that_are_forged_change_nothing()
    {
        var (agent, address) = Agent(controlling: true);
        var check = FirstCheck(agent, address, out var remote);
        Assert.True(StunMessage.TryRead(check.Bytes, out var request, out _));
        foreach (var forged in new[] { Answer(request.TransactionId, "wrong password"), Answer("not the same"u8, "0123456789012345678901"), Answer(request.TransactionId, null) })
            Assert.Equal(IceReceipt.Refused, agent.Receive(address, remote, forged, 5_050));
        Assert.Null(agent.Selected);
        Assert.False(agent.MayReceive(address, remote));
    }

    [Fact]
    public void An_answer_that_comes_back_another_way_is_no_path()
    {
        var (agent, address) = Agent(controlling: true);
        var check = FirstCheck(agent, address, out var remote);
        Assert.True(StunMessage.TryRead(check.Bytes, out var request, out _));
        Assert.Equal(IceReceipt.Taken, agent.Receive(address, Stranger, Answer(request.TransactionId, "0123456789012345678901"), 5_050));
        Assert.False(agent.MayReceive(address, remote) || agent.MayReceive(address, Stranger));
        Assert.Null(agent.Selected);
    }

    [Fact]
    public void An_answer_repeated_counts_once()
    {
        var (agent, address) = Agent(controlling: true);
        var check = FirstCheck(agent, address, out var remote);
        Assert.True(StunMessage.TryRead(check.Bytes, out var request, out _));
        var answer = Answer(request.TransactionId, "0123456789012345678901");
        Assert.Equal(IceReceipt.Taken, agent.Receive(address, remote, answer, 5_050));
        Assert.Equal(IceReceipt.Refused, agent.Receive(address, remote, answer, 5_060));
    }

    [Fact]
    public void A_flood_of_addresses_is_bounded_and_paced()
    {
        var (agent, address) = Agent(controlling: true);
        var taken = 0;
        for (var i = 0u; i < 10_000; i++)
            taken += agent.AddRemote(new IceCandidate("1", 1 + i, Endpoint.V4(0x0800_0000 + i, 7), CandidateType.Host), 5_000) ? 1 : 0;
        Assert.Equal(IceAgent.MaxRemotes, taken);
        for (var i = 0u; i < 10_000; i++)
        {
            agent.Receive(address, Endpoint.V4(0x0700_0000 + i, 8), Request(agent.Local.Fragment + ":me", agent.Local.Password), 5_000);
            while (agent.TryTake(out IceDatagram _))
            {
            }
        }

        var sent = 0;
        for (var now = 5_000L; now < 6_000; now += 10)
        {
            agent.Tick(now);
            while (agent.TryTake(out IceDatagram _))
                sent++;
        }

        // One new check each 50 ms, and the first ones once more.
        Assert.InRange(sent, 1, 60);
    }

    [Theory]
    [InlineData("224.0.0.1:5")]
    [InlineData("255.255.255.255:5")]
    [InlineData("0.0.0.0:5")]
    [InlineData("[ff02::1]:5")]
    [InlineData("[::]:5")]
    [InlineData("[::ffff:127.0.0.1]:5")]
    [InlineData("1.2.3.4:0")]
    public void Nothing_is_sent_to_addresses_that_are_no_devices(string text)
    {
        var (agent, _) = Agent(controlling: true);
        Assert.True(Endpoint.TryParse(text, out var endpoint));
        Assert.False(agent.AddRemote(new IceCandidate("1", 1, endpoint, CandidateType.Host), 5_000));
    }

    [Fact]
    public void Loopback_is_not_probed_for_others()
    {
        var (agent, _) = Agent(controlling: true);
        agent.AddRemote(new IceCandidate("1", 1, Endpoint.V4(0x7F00_0001, 22), CandidateType.Host), 5_000);
        agent.Tick(6_000);
        Assert.False(agent.TryTake(out IceDatagram _));
    }

    [Fact]
    public void Candidates_of_another_session_are_not_taken()
    {
        var (agent, _) = Agent(controlling: true);
        Assert.False(agent.AddRemote(new IceCandidate("1", 1, Stranger, CandidateType.Host) { Fragment = "older" }, 5_000));
        Assert.True(agent.AddRemote(new IceCandidate("1", 1, Stranger, CandidateType.Host) { Fragment = "them" }, 5_000));
    }

    [Fact]
    public void Any_bytes_are_taken_calmly()
    {
        var entropy = new SeededEntropy(77);
        var (agent, address) = Agent(controlling: false);
        var valid = Request(agent.Local.Fragment + ":me", agent.Local.Password);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = i % 2 == 0 ? new byte[entropy.Below(80)] : valid.ToArray();
            if (i % 2 == 0)
                entropy.Fill(bytes);
            else
                bytes[entropy.Below(bytes.Length)] ^= (byte)(1 << entropy.Below(8));
            // An indication is a keepalive, which nobody answers.
            agent.Receive(address, Stranger, bytes, 5_000 + i);
            Assert.False(agent.TryTake(out IceDatagram _));
        }

        Assert.False(agent.MayReceive(address, Stranger));
    }

    private static (IceAgent Agent, Endpoint Address) Agent(bool controlling)
    {
        var agent = new IceAgent(new IceOptions { Controlling = controlling }, new SeededEntropy(5));
        var address = Endpoint.V4(0x0909_0909, 4_000);
        agent.AddBase(address, CandidateType.Host, 65535, 5_000);
        agent.SetRemote(new IceCredentials("them", "0123456789012345678901"), 5_000);
        return (agent, address);
    }

    private static IceDatagram FirstCheck(IceAgent agent, Endpoint address, out Endpoint remote)
    {
        remote = Endpoint.V4(0x0606_0606, 6);
        Assert.True(agent.AddRemote(new IceCandidate("1", 100, remote, CandidateType.Host), 5_000));
        Assert.True(agent.TryTake(out IceDatagram check));
        Assert.Equal((address, remote), (check.Local, check.Remote));
        return check;
    }

    private static byte[] Request(string username, string? password, bool fingerprint = true)
    {
        var bytes = new byte[300];
        var writer = new StunWriter(bytes, StunClass.Request, StunMethod.Binding, "transaction!"u8);
        Username.Write(ref writer, Encoding.UTF8.GetBytes(username));
        Priority.Write(ref writer, 99);
        IceControlled.Write(ref writer, 1);
        if (password is not null)
            MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(password));
        if (fingerprint)
            Fingerprint.Write(ref writer);
        Assert.True(writer.TryFinish(out var length));
        return bytes[..length];
    }

    private static byte[] Answer(ReadOnlySpan<byte> id, string? password)
    {
        var bytes = new byte[300];
        var writer = new StunWriter(bytes, StunClass.Success, StunMethod.Binding, id);
        XorMappedAddress.Write(ref writer, Endpoint.V4(0x0909_0909, 4_000));
        if (password is not null)
            MessageIntegrity.Write(ref writer, Encoding.UTF8.GetBytes(password));
        Fingerprint.Write(ref writer);
        Assert.True(writer.TryFinish(out var length));
        return bytes[..length];
    }
}
