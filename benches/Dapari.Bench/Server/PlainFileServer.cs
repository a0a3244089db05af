using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;

namespace Dapari.Bench.Server;

/// <summary>
/// What a drop-off is measured against: Kestrel as it comes, serving a folder by its static files, and taking a PUT by copying the body to a file.
/// A process of its own, as the server is. "?flush" flushes the file to the disk before the answer, which is what the server promises.
/// </summary>
internal static class PlainFileServer
{
    /// <summary>Arguments: folder.</summary>
    public const string Command = "--plain-files";

    public static async Task<int> RunAsync(string[] arguments)
    {
        var folder = arguments[0];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddLogging();
        await using var app = builder.Build();
        app.Use(async (context, next) =>
        {
            if (!HttpMethods.IsPut(context.Request.Method))
            {
                await next(context);
                return;
            }

            await using (var file = new FileStream(Path.Combine(folder, Path.GetFileName(context.Request.Path.Value!)), FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
            {
                await context.Request.Body.CopyToAsync(file, context.RequestAborted);
                if (context.Request.QueryString.HasValue)
                    file.Flush(flushToDisk: true);
            }

            context.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        app.UseStaticFiles(new StaticFileOptions { FileProvider = new PhysicalFileProvider(folder), ServeUnknownFileTypes = true });
        await app.StartAsync();
        Console.WriteLine("ready " + app.Urls.First());
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        return 0;
    }
}
