using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapari.Rtc;
using Dapari.Rtc.DataChannels;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;
using Dapari.Rtc.Sockets.Peers;

namespace Dapari.Bench.Rtc;

/// <summary>One end of a pair of ours, told what to do by the same lines as peer.mjs.</summary>
internal sealed class RtcProcess : IRtcListener, IAsyncDisposable
{
    public const string Command = "--rtc-peer";

    private static readonly byte[] Message = new byte[64 * 1024];
    private readonly bool _offerer;
    private readonly RtcDriver _driver;
    private readonly List<IceCandidate> _candidates = [];
    private readonly List<double> _times = [];
    private RtcChannel? _channel;
    private long _received, _expected, _left, _sentAt;
    private int _rounds;
    private bool _gathered, _asked, _told;

    private RtcProcess(bool offerer, IPAddress address, DtlsCertificate certificate)
    {
        _offerer = offerer;
        _driver = new RtcDriver(new RtcDriverOptions { Peer = new RtcPeerOptions { Offerer = offerer, Certificate = certificate }, Addresses = [address] }, this, Entropy.System);
    }

    /// <summary>Arguments: offerer or answerer; an address other than loopback's.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
        await using var process = new RtcProcess(arguments[0] == "offerer", arguments.Length > 1 ? IPAddress.Parse(arguments[1]) : IPAddress.Loopback, certificate);
        process._driver.Start();
        while (await Console.In.ReadLineAsync() is { } line)
            process.Take(JsonNode.Parse(line)!.AsObject());
        return 0;
    }

    public ValueTask DisposeAsync() => _driver.DisposeAsync();

    public void Happened(RtcPeer peer, in RtcEvent told, long nowUs)
    {
        switch (told.Kind)
        {
            case RtcEventKind.CandidateFound:
                _candidates.Add(told.Candidate!);
                break;
            case RtcEventKind.GatheringDone:
                _gathered = true;
                if (_offerer || _asked)
                    Describe(peer);
                break;
            case RtcEventKind.Connected when _offerer:
                _channel = peer.OpenChannel("bench", "", ChannelReliability.Reliable, ordered: true);
                break;
            case RtcEventKind.ChannelOpened:
                _channel = told.Channel;
                _channel!.LowThreshold = 2 << 20;
                Say(new JsonObject { ["open"] = true });
                break;
            case RtcEventKind.BufferedLow:
                Pump(peer, nowUs);
                break;
        }
    }

    public void Received(RtcPeer peer, RtcChannel channel, bool text, ReadOnlySpan<byte> message, long nowUs)
    {
        if (message.Length <= 64)
        {
            if (_offerer)
                Echoed(peer, nowUs);
            else
                peer.Send(channel, message, text: false, nowUs);
            return;
        }

        _received += message.Length;
        if (_expected == 0 || _received < _expected)
            return;
        Say(new JsonObject { ["received"] = _received, ["allocated"] = GC.GetTotalAllocatedBytes(precise: true) });
        (_received, _expected) = (0, 0);
    }

    public void Failed(Exception fault)
    {
        Console.Error.WriteLine(fault);
        Environment.Exit(1);
    }

    private void Take(JsonObject asked)
    {
        if (asked["signal"] is JsonObject signal)
        {
            if (!SdpReader.TryRead((string)signal["sdp"]!, out var description, out var fault))
                throw new InvalidOperationException(fault.ToString());
            _driver.Do((peer, now) =>
            {
                peer.SetRemote(description with { EndOfCandidates = true }, now);
                _asked = true;
                if (!_offerer && _gathered)
                    Describe(peer);
            });
        }
        else if (asked["pump"] is { } pump)
        {
            var bytes = (long)pump;
            _driver.Do((peer, now) =>
            {
                _left = bytes;
                Pump(peer, now);
            });
        }
        else if (asked["expect"] is { } expect)
        {
            var bytes = (long)expect;
            _driver.Do((_, _) => _expected = bytes);
        }
        else if (asked["echo"] is { } echo)
        {
            var rounds = (int)echo;
            _driver.Do((peer, now) =>
            {
                _times.Clear();
                _rounds = rounds;
                Echo(peer, now);
            });
        }
    }

    private void Describe(RtcPeer peer)
    {
        if (_told)
            return;
        _told = true;
        Say(new JsonObject { ["signal"] = new JsonObject { ["sdp"] = SdpWriter.Write(peer.LocalDescription with { Candidates = [.. _candidates], EndOfCandidates = true }, 1, 1) } });
    }

    private void Pump(RtcPeer peer, long nowUs)
    {
        while (_left > 0)
        {
            var length = (int)Math.Min(_left, Message.Length);
            if (peer.Send(_channel!, Message.AsSpan(0, length), text: false, nowUs) != SendResult.Accepted)
                return;
            _left -= length;
        }
    }

    private void Echo(RtcPeer peer, long nowUs)
    {
        _sentAt = Stopwatch.GetTimestamp();
        peer.Send(_channel!, Message.AsSpan(0, 64), text: false, nowUs);
    }

    private void Echoed(RtcPeer peer, long nowUs)
    {
        _times.Add(Stopwatch.GetElapsedTime(_sentAt).TotalMicroseconds);
        if (_times.Count < _rounds)
            Echo(peer, nowUs);
        else
            Say(new JsonObject { ["p50"] = Statistics.Percentile(_times, 50), ["p99"] = Statistics.Percentile(_times, 99) });
    }

    private static void Say(JsonObject what)
    {
        lock (Message)
            Console.WriteLine(what.ToJsonString(JsonSerializerOptions.Default));
    }
}
