using System.Net;
using System.Text.Json;
using Dapari.Server.Blobs;
using Dapari.Server.Hosting;

namespace Dapari.Server.Admin;

/// <summary>admin.json: readable by its owner only, replaced in one step, durable before it counts.</summary>
internal sealed class RulesFile(string folder)
{
    public const string Name = "admin.json";
    private readonly string _path = Path.Combine(folder, Name);

    /// <exception cref="StartException">The file is damaged.</exception>
    public RulesData Read()
    {
        if (!File.Exists(_path))
            return RulesData.Empty;
        try
        {
            var data = JsonSerializer.Deserialize(File.ReadAllBytes(_path), RulesJson.Default.RulesData);
            if (data is { Settings: not null, Tokens: not null, Addresses: not null, Mailboxes: not null }
                && data.Tokens.All(t => t is { Id: not null, Hash: not null }) && data.Addresses.All(a => IPNetwork.TryParse(a, out _)) && data.Mailboxes.All(m => ServerRules.TryReadMailbox(m, out _)))
                return data;
            throw new StartException($"{_path} is damaged: something is missing or cannot be read in it.");
        }
        catch (JsonException e)
        {
            throw new StartException($"{_path} is damaged (line {e.LineNumber + 1}).");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{_path} cannot be read: {e.Message}");
        }
    }

    /// <exception cref="IOException">It could not be kept: the file before is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Write(RulesData data)
    {
        var next = _path + ".next";
        File.Delete(next);
        using (var file = PrivateFiles.Create(next))
        {
            JsonSerializer.Serialize(file, data, RulesJson.Default.RulesData);
            file.Flush(flushToDisk: true);
        }

        File.Move(next, _path, overwrite: true);
        new BlobDisk().FlushNames(folder);
    }
}
