using Dapari.Peer.Hosting;
using Dapari.Web;
using Dapari.Web.Platform;
using Dapari.Wire;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;

var clock = TimeProvider.System;
var browser = await Browser.LoadAsync(clock);

// A database that a newer version upgrades, or that the browser took away, is opened anew by a fresh page.
var store = await BrowserStore.OpenAsync(browser.StoreName, why =>
{
    if (why == "newer") browser.Reload();
});
var tabs = new TabClient(browser.StoreName, store, new BrowserServerLink(clock), new BrowserPathLink(clock), RandomSource.System, clock);
await tabs.StartAsync();

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<App>("#app");
builder.Services.AddSingleton<IBrowser>(browser);
builder.Services.AddSingleton<IPeerClient>(tabs);
await builder.Build().RunAsync();
