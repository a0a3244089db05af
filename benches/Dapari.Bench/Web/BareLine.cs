using Dapari.EndToEnd;
using Microsoft.Playwright;

namespace Dapari.Bench.Web;

/// <summary>What a data channel with nothing around it takes from one browser to another: the most that anything direct between them can reach.</summary>
internal static class BareLine
{
    private const string Make = """
        async ([stun, offers]) => {
          const bare = window.bare = { connection: new RTCPeerConnection({ iceServers: [{ urls: stun }] }), got: 0 };
          const gathered = new Promise(resolve => bare.connection.addEventListener('icegatheringstatechange', () => { if (bare.connection.iceGatheringState === 'complete') resolve(); }));
          bare.described = async () => { await bare.connection.setLocalDescription(); await gathered; return bare.connection.localDescription.sdp; };
          if (!offers) {
            bare.connection.ondatachannel = ({ channel }) => {
              channel.binaryType = 'arraybuffer';
              let wanted = 0, got = 0;
              channel.onmessage = ({ data }) => {
                if (typeof data === 'string') { wanted = +data; got = 0; }
                else if ((got += data.byteLength) >= wanted) channel.send('all');
              };
            };
            return '';
          }
          bare.channel = bare.connection.createDataChannel('bare');
          bare.open = new Promise(resolve => { bare.channel.onopen = resolve; });
          return bare.described();
        }
        """;

    private const string Answer = "async sdp => { await bare.connection.setRemoteDescription({ type: 'offer', sdp }); return bare.described(); }";

    private const string Accept = "async sdp => { await bare.connection.setRemoteDescription({ type: 'answer', sdp }); await bare.open; }";

    // As much under way as the app's own channel has.
    private const string Pump = """
        async size => {
          const { channel } = bare, piece = crypto.getRandomValues(new Uint8Array(65536));
          const done = new Promise(resolve => { channel.onmessage = resolve; });
          const began = performance.now();
          let sent = 0;
          channel.send(String(size));
          channel.bufferedAmountLowThreshold = 1 << 20;
          const pump = () => { while (sent < size && channel.bufferedAmount < 2 << 20) { channel.send(piece); sent += piece.length; } };
          channel.onbufferedamountlow = pump;
          pump();
          await done;
          return (performance.now() - began) / 1000;
        }
        """;

    /// <summary>Seconds for so many bytes, connecting not counted.</summary>
    public static async Task<double> MeasureAsync(IPage from, IPage to, long size)
    {
        var stun = $"stun:{NatLab.ServerAddress}:3478";
        await to.EvaluateAsync(Make, new object[] { stun, false });
        var offer = await from.EvaluateAsync<string>(Make, new object[] { stun, true });
        await from.EvaluateAsync(Accept, await to.EvaluateAsync<string>(Answer, offer));
        var seconds = await from.EvaluateAsync<double>(Pump, size);
        foreach (var page in (IPage[])[from, to]) await page.EvaluateAsync("() => bare.connection.close()");
        return seconds;
    }
}
