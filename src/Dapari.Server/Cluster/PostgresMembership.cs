using System.Globalization;
using Npgsql;

namespace Dapari.Server.Cluster;

/// <summary>
/// Who belongs to the cluster, in its database (Orleans' <see cref="IMembershipTable"/>). Each change of a row raises the table's version in the same transaction, from exactly the version
/// that the writer has read: of two that change at once one has to read anew.
/// </summary>
internal sealed class PostgresMembership(NpgsqlDataSource database, string cluster) : IMembershipTable
{
    private const string Columns = "address, etag, status, host, name, gateway, suspected, started, alive";

    public async Task InitializeMembershipTable(bool tryInitTableVersion)
    {
        await using var command = database.CreateCommand("INSERT INTO dapari.clusters (name, version) VALUES ($1, 0) ON CONFLICT DO NOTHING");
        command.Parameters.AddWithValue(cluster);
        await command.ExecuteNonQueryAsync();
    }

    public async Task DeleteMembershipTableEntries(string clusterId)
    {
        await using var command = database.CreateCommand("DELETE FROM dapari.silos WHERE cluster = $1");
        command.Parameters.AddWithValue(clusterId);
        await command.ExecuteNonQueryAsync();
    }

    public async Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate)
    {
        await using var command = database.CreateCommand("DELETE FROM dapari.silos WHERE cluster = $1 AND alive < $2 AND status = $3");
        command.Parameters.AddWithValue(cluster);
        command.Parameters.AddWithValue(beforeDate.ToUniversalTime());
        command.Parameters.AddWithValue((int)SiloStatus.Dead);
        await command.ExecuteNonQueryAsync();
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadAsync(key.ToParsableString());

    public Task<MembershipTableData> ReadAll() => ReadAsync(null);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        ChangeAsync(tableVersion, $"INSERT INTO dapari.silos (cluster, {Columns}) VALUES ($1, $2, 0, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING", entry, null);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => ChangeAsync(
        tableVersion,
        "UPDATE dapari.silos SET etag = etag + 1, status = $3, host = $4, name = $5, gateway = $6, suspected = $7, started = $8, alive = $9 WHERE cluster = $1 AND address = $2 AND etag = $10",
        entry, int.Parse(etag, CultureInfo.InvariantCulture));

    public async Task UpdateIAmAlive(MembershipEntry entry)
    {
        await using var command = database.CreateCommand("UPDATE dapari.silos SET alive = $3 WHERE cluster = $1 AND address = $2");
        command.Parameters.AddWithValue(cluster);
        command.Parameters.AddWithValue(entry.SiloAddress.ToParsableString());
        command.Parameters.AddWithValue(Utc(entry.IAmAliveTime));
        await command.ExecuteNonQueryAsync();
    }

    private async Task<MembershipTableData> ReadAsync(string? address)
    {
        // One statement, one snapshot: rows and version belong together.
        await using var command = database.CreateCommand(
            "SELECT c.version, s.address, s.etag, s.status, s.host, s.name, s.gateway, s.suspected, s.started, s.alive FROM dapari.clusters c LEFT JOIN dapari.silos s ON s.cluster = c.name AND ($2::text IS NULL OR s.address = $2) WHERE c.name = $1");
        command.Parameters.AddWithValue(cluster);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)address ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var row = await command.ExecuteReaderAsync();
        var version = 0;
        var entries = new List<Tuple<MembershipEntry, string>>();
        while (await row.ReadAsync())
        {
            version = row.GetInt32(0);
            if (!await row.IsDBNullAsync(1))
                entries.Add(Tuple.Create(Entry(row), row.GetInt32(2).ToString(CultureInfo.InvariantCulture)));
        }

        return new MembershipTableData(entries, new TableVersion(version, version.ToString(CultureInfo.InvariantCulture)));
    }

    private async Task<bool> ChangeAsync(TableVersion next, string change, MembershipEntry entry, int? etag)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var version = new NpgsqlCommand("UPDATE dapari.clusters SET version = $2 WHERE name = $1 AND version = $3", connection))
        {
            version.Parameters.AddWithValue(cluster);
            version.Parameters.AddWithValue(next.Version);
            version.Parameters.AddWithValue(int.Parse(next.VersionEtag, CultureInfo.InvariantCulture));
            if (await version.ExecuteNonQueryAsync() == 0)
                return false;
        }

        await using var command = new NpgsqlCommand(change, connection);
        command.Parameters.AddWithValue(cluster);
        command.Parameters.AddWithValue(entry.SiloAddress.ToParsableString());
        command.Parameters.AddWithValue((int)entry.Status);
        command.Parameters.AddWithValue(entry.HostName ?? "");
        command.Parameters.AddWithValue(entry.SiloName ?? "");
        command.Parameters.AddWithValue(entry.ProxyPort);
        command.Parameters.AddWithValue(string.Join('|', (entry.SuspectTimes ?? []).Select(s => $"{s.Item1.ToParsableString()},{s.Item2.Ticks.ToString(CultureInfo.InvariantCulture)}")));
        command.Parameters.AddWithValue(Utc(entry.StartTime));
        command.Parameters.AddWithValue(Utc(entry.IAmAliveTime));
        if (etag is { } tag)
            command.Parameters.AddWithValue(tag);
        if (await command.ExecuteNonQueryAsync() == 0)
            return false;
        await transaction.CommitAsync();
        return true;
    }

    private static MembershipEntry Entry(NpgsqlDataReader row) => new()
    {
        SiloAddress = SiloAddress.FromParsableString(row.GetString(1)),
        Status = (SiloStatus)row.GetInt32(3),
        HostName = row.GetString(4),
        SiloName = row.GetString(5),
        ProxyPort = row.GetInt32(6),
        SuspectTimes = [.. row.GetString(7).Split('|', StringSplitOptions.RemoveEmptyEntries).Select(Suspect)],
        StartTime = row.GetDateTime(8),
        IAmAliveTime = row.GetDateTime(9),
    };

    private static Tuple<SiloAddress, DateTime> Suspect(string text)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        return Tuple.Create(SiloAddress.FromParsableString(text[..comma]), new DateTime(long.Parse(text.AsSpan(comma + 1), CultureInfo.InvariantCulture), DateTimeKind.Utc));
    }

    private static DateTime Utc(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc);
}
