using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;
using Dapari.Web;
using Dapari.Web.Platform;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using Microsoft.JSInterop;

// Step 1: the modules, all at once. Step 2: their events. Step 3: the peer, in this tab or behind another. Step 4: the screens.
string[] modules = ["bridge", "camera", "elements", "formats", "keys", "page", "path", "socket", "store", "tabs", "updates"];
await Task.WhenAll(modules.Select(module => JSHost.ImportAsync(module, $"/js/{module}.js")));
var name = BrowserPage.Profile() is { Length: > 0 } profile ? "dapari:" + profile : "dapari";
await BrowserPage.ConnectAsync(name);
var legs = new MediaLink();
var files = new FileModules(BrowserPage.Profile());
var browser = new Browser(legs, files);
var peer = await BrowserPeer.StartAsync(name, legs, files);

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.Services.AddSingleton<IBrowser>(browser);
builder.Services.AddSingleton<IPeerClient>(peer);
builder.RootComponents.Add<App>("#app");
var host = builder.Build();
InteropJson.Use(host.Services.GetRequiredService<IJSRuntime>());
await host.RunAsync();
