namespace Dapari.Server.Limits;

/// <summary>All token buckets of the server.</summary>
internal sealed class RateLimits(RateOptions options, TimeProvider time)
{
    public RateTable<AddressKey> Connections { get; } = new(options.Connections, time);

    public RateTable<AddressKey> Proofs { get; } = new(options.Proofs, time);

    public RateTable<AddressKey> Creations { get; } = new(options.Creations, time);

    public RateTable<AddressKey> InviteLookups { get; } = new(options.InviteLookups, time);

    public RateTable<AddressKey> PrekeyTakes { get; } = new(options.PrekeyTakes, time);

    public RateTable<AddressKey> RelayAccess { get; } = new(options.RelayAccess, time);

    /// <summary>By mailbox number.</summary>
    public RateTable<long> Posts { get; } = new(options.Posts, time);

    /// <summary>By mailbox number.</summary>
    public RateTable<long> Live { get; } = new(options.Live, time);
}

/// <summary>The rates; the first six are for each address, the last two for each mailbox.</summary>
internal sealed record RateOptions
{
    public static RateOptions Unlimited { get; } = new()
    {
        Connections = default, Proofs = default, Creations = default, InviteLookups = default, PrekeyTakes = default, RelayAccess = default, Posts = default, Live = default,
    };

    public Rate Connections { get; init; } = new(240, 120);

    public Rate Proofs { get; init; } = new(4000, 2000);

    public Rate Creations { get; init; } = new(500, 120);

    public Rate InviteLookups { get; init; } = new(300, 120);

    public Rate PrekeyTakes { get; init; } = new(300, 120);

    public Rate RelayAccess { get; init; } = new(120, 60);

    public Rate Posts { get; init; } = new(3000, 1800);

    public Rate Live { get; init; } = new(3000, 6000);
}
