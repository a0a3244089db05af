using System.Runtime.InteropServices.JavaScript;
using Dapari.Peer.Hosting;
using Dapari.Web;
using Dapari.Web.Demo;
using Dapari.Web.Platform;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using Microsoft.Extensions.DependencyInjection;

await JSHost.ImportAsync("demo", "../demo.js");
var builder = WebAssemblyHostBuilder.CreateDefault(args);
var browser = new DemoBrowser();
var peer = new DemoPeerClient(TimeProvider.System, browser.Query.Contains("empty"), browser.Query.Contains("away"), browser.Query.Contains("request"));
DemoCalls.Play(peer, browser);
DemoFiles.Play(peer, browser);
builder.Services.AddSingleton<IPeerClient>(peer);
builder.Services.AddSingleton<IBrowser>(browser);
builder.RootComponents.Add<App>("#app");
await builder.Build().RunAsync();
