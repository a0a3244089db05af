using System.Reflection;
using Mono.Cecil;

namespace Dapari.Walls.Tests;

/// <summary>The rooms of the house and what each may use; docs/architecture.md is the same table in words.</summary>
internal sealed record Room(string Name, string Assembly, string[] MayUse, string[] NeverReaches)
{
    private const string Sockets = "System.Net.Sockets";
    private const string Http = "System.Net.Http";
    private const string WebSockets = "System.Net.WebSockets";
    private const string Files = "System.IO.File";
    private const string Sqlite = "Microsoft.Data.Sqlite";
    private const string AspNet = "Microsoft.AspNetCore";
    private const string BrowserInterop = "System.Runtime.InteropServices.JavaScript";

    /// <summary>Rooms that are not built yet stand here too: their walls hold from their first day.</summary>
    public static readonly Room[] All =
    [
        new("Dapari.Wire", "Dapari.Wire", [], [Sockets, Http, WebSockets, Files, Sqlite, AspNet, BrowserInterop, "Org.BouncyCastle"]),
        new("Dapari.Crypto", "Dapari.Crypto", ["Dapari.Wire"], [Sockets, Http, WebSockets, Files, Sqlite, AspNet, BrowserInterop]),
        new("Dapari.Peer", "Dapari.Peer", ["Dapari.Wire", "Dapari.Crypto"],
            [Sockets, Http, WebSockets, Files, Sqlite, AspNet, BrowserInterop, "Org.BouncyCastle"]),
        new("Dapari.Rtc", "Dapari.Rtc", [], [Sockets, Http, WebSockets, Files, Sqlite, AspNet, BrowserInterop]),
        // It has HTTP: routers that speak UPnP IGD take SOAP over HTTP and nothing else (docs/protocol/mapping.md).
        new("Dapari.Rtc.Sockets", "Dapari.Rtc.Sockets", ["Dapari.Rtc"], [WebSockets, Sqlite, AspNet, BrowserInterop]),
        new("Dapari.Relay", "Dapari.Relay", ["Dapari.Rtc", "Dapari.Rtc.Sockets"], [Sqlite, BrowserInterop]),
        new("Dapari.Server", "dapari-server", ["Dapari.Wire", "Dapari.Relay", "Dapari.Rtc", "Dapari.Rtc.Sockets"],
            [
                BrowserInterop,
                // Checking signatures is all the cryptography the post office has: nothing in it could open an envelope.
                // (It seals wake-ups for browsers, in one place: a test of its own sees to that.)
                "Org.BouncyCastle.Crypto.Modes", "Org.BouncyCastle.Crypto.Engines", "Org.BouncyCastle.Crypto.Agreement",
                "Org.BouncyCastle.Crypto.Kems", "System.Security.Cryptography.ChaCha20Poly1305",
            ]),
        new("Dapari.Web", "Dapari.Web", ["Dapari.Wire", "Dapari.Crypto", "Dapari.Peer"],
            [
                Sockets, Sqlite, Files, "Org.BouncyCastle",
                // These talk to the page by reflected JSON, which the published app does not have (Platform/InteropJson.cs).
                "Microsoft.JSInterop.JSRuntimeExtensions", "Microsoft.JSInterop.DotNetObjectReference", "Microsoft.AspNetCore.Components.Forms",
                "Microsoft.AspNetCore.Components.ElementReferenceExtensions", "Microsoft.AspNetCore.Components.Web.Virtualization",
                "Microsoft.AspNetCore.Components.EventHandlerAttribute",
            ]),
        new("Dapari.Node", "dapari", ["Dapari.Wire", "Dapari.Crypto", "Dapari.Peer", "Dapari.Rtc", "Dapari.Rtc.Sockets", "Dapari.Relay"], [BrowserInterop]),
    ];

    public static string Root { get; } = Metadata("RepositoryRoot");

    private static string Configuration { get; } = Metadata("BuildConfiguration");

    public string Project => Path.Combine(Root, "src", Name, Name + ".csproj");

    public bool IsBuilt => File.Exists(Project);

    public AssemblyDefinition Read()
    {
        var path = Path.Combine(Root, "artifacts", "bin", Name, Configuration, Assembly + ".dll");
        return AssemblyDefinition.ReadAssembly(path, new ReaderParameters { InMemory = true });
    }

    private static string Metadata(string key) =>
        typeof(Room).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;
}
