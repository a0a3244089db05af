using Dapari.Rtc.Mapping;

namespace Dapari.Rtc.Sockets.Mapping;

/// <summary>A port of this machine that a router lets others reach.</summary>
/// <param name="Transport">Whose port.</param>
/// <param name="Internal">This machine's address and port.</param>
/// <param name="External">Where it is reached; of IPv6 the same address, through the router's wall. Private where the router is itself behind one.</param>
/// <param name="Protocol">How it was asked for.</param>
public sealed record MappedPort(MappingTransport Transport, Endpoint Internal, Endpoint External, MappingProtocol Protocol);

/// <summary>How a router is asked.</summary>
public enum MappingProtocol
{
    /// <summary>RFC 6887.</summary>
    Pcp,

    /// <summary>RFC 6886.</summary>
    NatPmp,

    /// <summary>UPnP's Internet Gateway Device, either version.</summary>
    Igd,
}

/// <summary>What is known of a router: for who asks why others cannot reach this machine.</summary>
/// <param name="Router">Its address with port 0.</param>
/// <param name="Protocol">What it speaks; null: nothing that was tried, or not tried yet.</param>
/// <param name="Fault">What it said last.</param>
public sealed record RouterFacts(Endpoint Router, MappingProtocol? Protocol, MappingFault Fault);
