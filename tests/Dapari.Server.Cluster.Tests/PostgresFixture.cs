using Xunit;

namespace Dapari.Server.Cluster.Tests;

/// <summary>One for a class of tests; each test has a cluster of its own name, and mailboxes of random ids.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    internal TestPostgres Postgres { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Postgres = await TestPostgres.StartAsync();

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();
}
