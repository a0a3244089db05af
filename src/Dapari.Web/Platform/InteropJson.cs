using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Dapari.Web.Platform;

/// <summary>
/// The JSON that Blazor's own script and its managed half exchange, by generated code: the published app has no JSON by reflection, which
/// alone would be some 40 kB of the first visit. An event comes as two elements and is answered with nothing; what a mouse, key or drag
/// event holds Blazor reads by itself, only those without anything of their own (submit, scroll, toggle) are read as JSON. Outward go
/// navigations and lines for the console. Whoever adds an event with arguments of its own, or calls IJSRuntime, names the types here.
/// </summary>
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(EventArgs))]
[JsonSerializable(typeof(NavigationOptions))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(object[]))]
internal sealed partial class InteropJson : JsonSerializerContext
{
    /// <summary>Gives it to the runtime; before the first event.</summary>
    public static void Use(IJSRuntime runtime) => OptionsOf((JSRuntime)runtime).TypeInfoResolverChain.Add(Default);

    // Protected: meant for runtimes that derive from it, and the browser's is not ours.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_JsonSerializerOptions")]
    private static extern JsonSerializerOptions OptionsOf(JSRuntime runtime);
}
