using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>The least that a message directly to another page can cost in this browser: a data channel with nothing around it.</summary>
internal static class BareChannel
{
    private const string Make = """
        () => {
          const bare = window.bare = { connection: new RTCPeerConnection(), arrived: [] };
          bare.gathered = new Promise(resolve => { bare.connection.onicegatheringstatechange = () => { if (bare.connection.iceGatheringState === 'complete') resolve(); }; });
          bare.connection.ondatachannel = ({ channel }) => {
            channel.binaryType = 'arraybuffer';
            channel.onmessage = ({ data }) => {
              bare.arrived.push(performance.timeOrigin + performance.now() - new Float64Array(data.slice(0, 8))[0]);
              channel.send(new Uint8Array(1));
            };
          };
        }
        """;

    private const string Offer = """
        async () => {
          bare.channel = bare.connection.createDataChannel('bare');
          bare.open = new Promise(resolve => { bare.channel.onopen = resolve; });
          await bare.connection.setLocalDescription();
          await bare.gathered;
          return bare.connection.localDescription.sdp;
        }
        """;

    private const string Answer = """
        async sdp => {
          await bare.connection.setRemoteDescription({ type: 'offer', sdp });
          await bare.connection.setLocalDescription();
          await bare.gathered;
          return bare.connection.localDescription.sdp;
        }
        """;

    private const string Accept = "async sdp => { await bare.connection.setRemoteDescription({ type: 'answer', sdp }); await bare.open; }";

    private const string Send = """
        async ([count, size]) => {
          for (let i = 0; i < count; i++) {
            const data = new Uint8Array(size);
            const back = new Promise(resolve => { bare.channel.onmessage = resolve; });
            new Float64Array(data.buffer, 0, 1)[0] = performance.timeOrigin + performance.now();
            bare.channel.send(data);
            await back;
          }
        }
        """;

    /// <summary>Milliseconds from sending on one page to having it on the other, one after another.</summary>
    /// <param name="from">Any page.</param>
    /// <param name="to">Another page of the same browser: both then have one clock.</param>
    /// <param name="count">How many messages.</param>
    /// <param name="bytes">Of each; at least 8, a multiple of 8.</param>
    public static async Task<double[]> MeasureAsync(IPage from, IPage to, int count, int bytes)
    {
        await from.EvaluateAsync(Make);
        await to.EvaluateAsync(Make);
        var offer = await from.EvaluateAsync<string>(Offer);
        var answer = await to.EvaluateAsync<string>(Answer, offer);
        await from.EvaluateAsync(Accept, answer);
        await from.EvaluateAsync(Send, new[] { count, bytes });
        var arrived = await to.EvaluateAsync<double[]>("() => bare.arrived");
        await from.EvaluateAsync("() => bare.connection.close()");
        await to.EvaluateAsync("() => bare.connection.close()");
        return arrived;
    }
}
