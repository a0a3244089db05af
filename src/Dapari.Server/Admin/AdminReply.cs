using System.Text.Json.Nodes;

namespace Dapari.Server.Admin;

/// <summary>What a command of the operator gives.</summary>
/// <param name="Exit">0 done, 1 it failed or found faults, 2 it was not understood.</param>
/// <param name="Text">For people, in lines.</param>
/// <param name="Json">For programs.</param>
internal sealed record AdminReply(int Exit, string Text, JsonObject Json)
{
    public static AdminReply Done(string text, JsonObject? json = null) => new(0, text, json ?? new JsonObject { ["done"] = true });

    public static AdminReply Failed(string text, JsonObject? json = null) => new(1, text, json ?? new JsonObject { ["error"] = text });

    public static AdminReply NotUnderstood(string text) => new(2, text, new JsonObject { ["error"] = text });
}
