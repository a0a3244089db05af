using System.Net;
using Dapari.Server.Hosting;
using Xunit;

namespace Dapari.Server.Cluster.Tests;

public sealed class InnerAddressTests
{
    private static readonly IPAddress Public = IPAddress.Parse("8.8.4.4"), Private = IPAddress.Parse("10.0.0.5"), Local = IPAddress.Parse("fd00::5");

    [Fact]
    public void Without_a_word_the_first_private_address_is_it_and_none_other_is_listened_at()
    {
        Assert.Equal((Private, true), InnerAddress.Choose(null, false, [Public, Local, Private]));
        Assert.Equal((Local, true), InnerAddress.Choose(null, false, [Public, Local]));
        Assert.Equal((Private, true), InnerAddress.Choose(null, true, [Public, Private]));
    }

    [Fact]
    public void An_address_of_the_Internet_is_refused_unless_the_operator_answers_for_it()
    {
        Assert.Contains("--silo-public", Assert.Throws<StartException>(() => InnerAddress.Choose(Public, false, [Public, Private])).Message, StringComparison.Ordinal);
        Assert.Contains("--advertise", Assert.Throws<StartException>(() => InnerAddress.Choose(null, false, [Public])).Message, StringComparison.Ordinal);
        Assert.Equal((Public, true), InnerAddress.Choose(Public, true, [Public, Private]));
        Assert.Equal((Public, true), InnerAddress.Choose(null, true, [Public]));
    }

    [Fact]
    public void An_address_that_only_others_see_is_listened_for_everywhere() => Assert.Equal((Private, false), InnerAddress.Choose(Private, false, [IPAddress.Parse("172.17.0.2")]));

    [Fact]
    public void A_machine_with_no_network_serves_itself() => Assert.Equal((IPAddress.Loopback, true), InnerAddress.Choose(null, false, []));
}
