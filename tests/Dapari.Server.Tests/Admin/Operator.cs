using System.Text.Json.Nodes;
using Dapari.Server.Admin;
using Xunit;

namespace Dapari.Server.Tests.Admin;

/// <summary>Somebody at the terminal of a server's machine.</summary>
internal static class Operator
{
    /// <summary>Runs a command as the program does, with its answer as JSON.</summary>
    public static async Task<(int Exit, JsonObject Json)> AskAsync(string data, params string[] words)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var exit = await AdminCommand.RunAsync(["--data", data, "--json", .. words], _ => null, TimeProvider.System, output, errors);
        Assert.Equal("", errors.ToString());
        return (exit, JsonNode.Parse(output.ToString())!.AsObject());
    }

    /// <summary>The same, which has to succeed.</summary>
    public static async Task<JsonObject> DoneAsync(string data, params string[] words)
    {
        var (exit, json) = await AskAsync(data, words);
        Assert.True(exit == 0, json.ToJsonString());
        return json;
    }
}
