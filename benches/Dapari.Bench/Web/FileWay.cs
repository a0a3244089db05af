using System.Diagnostics;
using Dapari.EndToEnd;
using Dapari.Wire.V1;

namespace Dapari.Bench.Web;

/// <summary>One file, one way.</summary>
/// <param name="Size">In bytes.</param>
/// <param name="Whole">Seconds from "send" until all of it is stored and verified at the other.</param>
/// <param name="Moving">Of these, since the other asked for it.</param>
/// <param name="Crossed">Bytes that crossed the server, both directions, headers included.</param>
/// <param name="Lay">Seconds that a copy, sealed, lay at the server.</param>
/// <param name="Starved">Part of the time between the first piece and the last in which the sender's channel had less than a piece to send.</param>
internal sealed record FileWay(long Size, double Whole, double Moving, long Crossed, double Lay, double Starved)
{
    // A pause counts as starving if the channel was found (nearly) empty at its end, however long that had been so.
    private const string Watch = """
        () => {
          const proto = RTCDataChannel.prototype, send = proto.send;
          let last = 0, first = 0, starved = 0;
          proto.send = function (data) {
            if (this.label === 'dapari-files' && data.byteLength > 1024) {
              const now = performance.now();
              if (last && this.bufferedAmount < 65536) starved += now - last;
              last = now;
              first ||= now;
            }
            send.call(this, data);
          };
          window.starving = () => { proto.send = send; return last > first ? starved / (last - first) : 0; };
        }
        """;

    /// <summary>The other asks at once, as soon as the entry shows that it can; gives when it asked and when all was there, in milliseconds. Takes words of the entry, of the button, of the route.</summary>
    public const string Get = """
        async ([words, get, route]) => {
          let asked = 0;
          for (;;) {
            const entry = [...document.querySelectorAll('.bubble.files')].find(one => one.textContent.includes(words));
            const button = asked ? null : [...entry?.querySelectorAll('button') ?? []].find(one => (one.ariaLabel ?? one.textContent).trim().startsWith(get));
            if (button) { asked = Date.now(); button.click(); }
            if (entry?.querySelector('a.foot')?.ariaLabel?.includes(`, ${route},`)) return [asked, Date.now()];
            await new Promise(resolve => setTimeout(resolve, 20));
          }
        }
        """;

    private static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(120);

    /// <summary>Sends it in the conversation that both have open, and watches the server meanwhile.</summary>
    public static async Task<FileWay> SendAsync(NatLab lab, ServerProcess server, Person from, Person to, string path, Route route)
    {
        var before = await lab.CrossedServerAsync();
        await from.PickAsync(from.Words.File.MenuFiles, path);
        using var ended = new CancellationTokenSource();
        var lying = WatchAsync(server, ended.Token);
        var arriving = to.Page.EvaluateAsync<double[]>(Get, new[] { Path.GetFileName(path), to.Words.File.Get("")[..^2], to.Words.Ways.Name(route) });
        var began = await from.Page.EvaluateAsync<double>("() => Date.now()");
        await from.Page.EvaluateAsync(Watch);
        await from.SendPickedAsync();
        var arrived = await arriving;
        await from.SeesFilesWentAsync(Path.GetFileName(path), route);
        var starved = await from.Page.EvaluateAsync<double>("() => starving()");
        await Waiting.UntilAsync("nothing is left at the server", () => server.BlobsKept == 0, RemovalLimit);
        await ended.CancelAsync();
        var crossed = await lab.CrossedServerAsync() - before;
        var asked = arrived[0] > 0 ? arrived[0] : began;
        return new FileWay(new FileInfo(path).Length, (arrived[1] - began) / 1000, (arrived[1] - asked) / 1000, crossed, await lying, starved);
    }

    private static async Task<double> WatchAsync(ServerProcess server, CancellationToken end)
    {
        var lay = new Stopwatch();
        while (!end.IsCancellationRequested)
        {
            if (server.BlobsKept > 0) lay.Start();
            else lay.Stop();
            await Task.Delay(20, CancellationToken.None);
        }

        return lay.Elapsed.TotalSeconds;
    }
}
