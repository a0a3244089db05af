using System.Text.Json;
using System.Text.RegularExpressions;
using Dapari.Node.Api.Bodies;
using Xunit;

namespace Dapari.Node.Tests;

/// <summary>The document of the local API: whole in itself (OpenAPI 3.1), and the same as what the program reads and writes.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonElement _document = Read();

    public static TheoryData<string> Schemas => [.. _document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name)];

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_schema_has_the_fields_of_the_document_that_it_describes(string name)
    {
        var type = typeof(StatusBody).Assembly.GetType($"Dapari.Node.Api.Bodies.{name}Body");
        Assert.NotNull(type);
        var fields = ApiJson.Default.GetTypeInfo(type)!.Properties.Select(field => field.Name).Order(StringComparer.Ordinal);
        var schema = _document.GetProperty("components").GetProperty("schemas").GetProperty(name).GetProperty("properties").EnumerateObject();
        Assert.Equal(fields, schema.Select(field => field.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        var schemas = _document.GetProperty("components").GetProperty("schemas");
        var references = Regex.Matches(_document.GetRawText(), "\"\\$ref\":\\s*\"([^\"]*)\"");
        Assert.NotEmpty(references);
        Assert.All(references, found =>
        {
            var parts = found.Groups[1].Value.Split('/');
            Assert.Equal(["#", "components", "schemas"], parts[..3]);
            Assert.True(schemas.TryGetProperty(parts[3], out _), parts[3]);
        });
    }

    [Fact]
    public void Every_request_says_what_it_takes_and_what_it_answers()
    {
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            // OpenAPI 3.1 §4.8.12: what stands in braces is a parameter in the path, and required.
            var named = Regex.Matches(path.Name, "\\{([^}]*)\\}").Select(found => found.Groups[1].Value).ToList();
            var told = path.Value.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "path" && one.GetProperty("required").GetBoolean()).Select(one => one.GetProperty("name").GetString()!).ToList()
                : [];
            Assert.Equal(named, told);
            foreach (var method in path.Value.EnumerateObject().Where(one => one.Name != "parameters"))
            {
                Assert.Contains(method.Name, (string[])["get", "post", "patch", "delete"]);
                Assert.NotEmpty(method.Value.GetProperty("summary").GetString()!);
                var answers = method.Value.GetProperty("responses").EnumerateObject().ToList();
                Assert.Contains(answers, answer => answer.Name == "200");
                Assert.All(answers, answer => Assert.NotEmpty(answer.Value.GetProperty("description").GetString()!));
            }
        }
    }

    private static JsonElement Read()
    {
        using var stream = typeof(StatusBody).Assembly.GetManifestResourceStream("openapi.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }
}
