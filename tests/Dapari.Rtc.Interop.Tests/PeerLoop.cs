using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Peer;
using Dapari.Rtc.Sdp;

namespace Dapari.Rtc.Interop.Tests;

/// <summary>A peer on one socket of loopback and one thread; everything that is done with the peer is done there.</summary>
internal sealed class PeerLoop : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentQueue<Action<RtcPeer>> _wishes = new();
    private readonly DtlsCertificate _certificate = DtlsCertificate.Create(TimeProvider.System.GetUtcNow());
    private readonly RtcPeer _peer;
    private readonly Thread _thread;
    private readonly List<IceCandidate> _candidates = [];
    private readonly long _begun = Stopwatch.GetTimestamp();
    private volatile bool _ends;

    public PeerLoop(bool offerer)
    {
        _socket.ReceiveBufferSize = _socket.SendBufferSize = 4 << 20;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _socket.Blocking = false;
        _peer = new RtcPeer(new RtcPeerOptions { Offerer = offerer, Certificate = _certificate }, Entropy.System, Now);
        _peer.AddBase(Endpoint.From(IPAddress.Loopback, (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port), CandidateType.Host, 65535, Now);
        _peer.EndOfBases(Now);
        _thread = new Thread(Run) { IsBackground = true, Name = "peer" };
    }

    public long Now => (Stopwatch.GetTimestamp() - _begun) * 1_000_000 / Stopwatch.Frequency;

    /// <summary>On the peer's thread, for each event.</summary>
    public Action<RtcPeer, RtcEvent>? On { get; set; }

    /// <summary>On the peer's thread, whenever something may have changed.</summary>
    public Action<RtcPeer>? Each { get; set; }

    public Exception? Failure { get; private set; }

    public void Start() => _thread.Start();

    /// <summary>With all candidates in it.</summary>
    public Task<string> DescribeAsync() => AskAsync(peer => SdpWriter.Write(
        peer.LocalDescription with { Candidates = [.. _candidates], EndOfCandidates = true }, 1, 1));

    public Task<bool> SetRemoteAsync(string sdp) => AskAsync(peer =>
        SdpReader.TryRead(sdp, out var description, out var fault) ? peer.SetRemote(description with { EndOfCandidates = true }, Now) : throw new InvalidOperationException(fault.ToString()));

    public Task<T> AskAsync<T>(Func<RtcPeer, T> ask)
    {
        var answered = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _wishes.Enqueue(peer =>
        {
            try
            {
                answered.SetResult(ask(peer));
            }
            catch (InvalidOperationException wrong)
            {
                answered.SetException(wrong);
            }
        });
        return answered.Task;
    }

    public void Dispose()
    {
        _ends = true;
        _thread.Join();
        _peer.Dispose();
        _socket.Dispose();
        _certificate.Dispose();
    }

    private void Run()
    {
        try
        {
            Loop();
        }
#pragma warning disable CA1031 // Whatever it is, the test is to tell it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Failure = failure;
        }
    }

    private void Loop()
    {
        var buffer = new byte[20_000];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        var to = new SocketAddress(AddressFamily.InterNetwork);
        var toEndpoint = default(Endpoint);
        // Candidates before anybody asks for a description.
        Flush(buffer, ref to, ref toEndpoint);
        while (!_ends)
        {
            while (_wishes.TryDequeue(out var wish))
                wish(_peer);
            _peer.Advance(Now);
            Flush(buffer, ref to, ref toEndpoint);
            var wait = Math.Clamp(_peer.NextDeadlineUs - Now, 0, 5_000);
            if (!_socket.Poll((int)wait, SelectMode.SelectRead))
                continue;
            for (var i = 0; i < 64 && _socket.Available > 0; i++)
            {
                var length = _socket.ReceiveFrom(buffer, SocketFlags.None, from);
                var sender = (IPEndPoint)new IPEndPoint(0, 0).Create(from);
                _peer.Receive(0, Endpoint.From(sender.Address, (ushort)sender.Port), buffer.AsSpan(0, length), Now);
            }
        }

        _peer.Close(Now);
        Flush(buffer, ref to, ref toEndpoint);
    }

    private void Flush(byte[] buffer, ref SocketAddress to, ref Endpoint known)
    {
        while (_peer.TryTakeEvent(out var told))
        {
            if (told.Kind == RtcEventKind.CandidateFound)
                _candidates.Add(told.Candidate!);
            On?.Invoke(_peer, told);
        }

        Each?.Invoke(_peer);
        while (_peer.TryTakeDatagram(buffer, out var length, out _, out var target))
        {
            if (target != known)
                (to, known) = (new IPEndPoint(target.ToIPAddress(), target.Port).Serialize(), target);
            try
            {
                _socket.SendTo(buffer.AsSpan(0, length), SocketFlags.None, to);
            }
            catch (SocketException)
            {
                // As lost as on the way.
            }
        }
    }
}
