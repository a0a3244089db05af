using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Dapari.Peer.Hosting;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Node.Paths;

/// <summary>
/// One attempt at a path, and the path that comes of it.
/// <code>
/// both ends      tell where they listen, and connect to what the other told; TLS 1.3, both fingerprints checked
/// who connected  purpose (1 byte): 0 the path, 1 a stream of files
/// the offerer    on the first connection that stands: 1 ("this one"); the other answers 1; the rest are closed
/// </code>
/// The answer's time is the first round trip. Safe for threads.
/// </summary>
internal sealed class TcpPath : IDisposable
{
    /// <summary>A connection that is the path.</summary>
    public const byte PathPurpose = 0;

    /// <summary>A connection that carries files.</summary>
    public const byte FilePurpose = 1;

    private const byte ThisOne = 1;
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<TcpWays> _theirs = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly X509Certificate2 _certificate;
    private readonly IReadOnlyList<IPEndPoint> _own;
    private readonly bool _offerer;
    private readonly TimeProvider _time;
    private readonly byte[] _token;
    private TcpConnection? _chosen;
    private IPEndPoint? _reached;
    private bool _nominated;

    public TcpPath(ulong id, bool offerer, IReadOnlyList<IPEndPoint> own, RandomSource random, TimeProvider time)
    {
        (Id, _offerer, _own, _time) = (id, offerer, own, time);
        _certificate = PathCertificate.Create(time);
        _token = random.Bytes(16);
        Token = Convert.ToHexStringLower(_token);
    }

    /// <summary>As the engine names it.</summary>
    public ulong Id { get; }

    /// <summary>By which the listener knows connections for it.</summary>
    public string Token { get; }

    /// <summary>Told once: the path stands.</summary>
    public required Action<TcpPath, PathFacts> Opened { get; init; }

    /// <summary>Told once, only after <see cref="Opened"/>: it is gone.</summary>
    public required Action<TcpPath> Ended { get; init; }

    /// <summary>A message.</summary>
    public required Action<TcpPath, byte[]> Received { get; init; }

    /// <summary>A stream of files from the other end; owned by who is told.</summary>
    public required Action<TcpPath, PathStream> StreamArrived { get; init; }

    /// <summary>What its connections carried.</summary>
    public TcpTally Tally { get; } = new();

    /// <summary>The way as it is now; null: it does not stand.</summary>
    public WayFacts? Facts()
    {
        if (_chosen is not { } chosen)
            return null;
        var (sent, received) = Tally.Sum();
        var socket = ((PathStream)chosen.Stream).Beneath;
        return WayFacts.OfTcp(TcpAddresses.LocalOf(socket), chosen.Remote, TcpTally.RoundTripUs(socket), sent, received);
    }

    /// <summary>Whether this end connected, and can again: it makes the streams of files.</summary>
    public bool MakesStreams => _reached is not null;

    /// <summary>What the other end is to be told.</summary>
    public TcpWays Ways()
    {
        var ways = new TcpWays
        {
            Token = ByteString.CopyFrom(_token), Fingerprint = ByteString.CopyFrom(PathCertificate.Fingerprint(_certificate)), Offer = _offerer,
        };
        ways.Addresses.Add(TcpAddresses.Told(_own));
        return ways;
    }

    /// <summary>The other end has told: every address is tried, all at once.</summary>
    public void Accept(TcpWays theirs)
    {
        if (!_theirs.TrySetResult(theirs))
            return;
        foreach (var point in TcpAddresses.Tried(theirs, loopback: _own.Any(point => IPAddress.IsLoopback(point.Address))))
            _ = Task.Run(() => ConnectPathAsync(point, theirs));
    }

    /// <summary>For the listener: how a connection that names this attempt is to be judged. Waits for the other end's word, which may be behind the connection.</summary>
    /// <exception cref="OperationCanceledException">It did not come, or the attempt is over.</exception>
    public async ValueTask<SslServerAuthenticationOptions> JudgeAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _stopping.Token);
        return PathTls.Server(_certificate, await _theirs.Task.WaitAsync(either.Token));
    }

    /// <summary>A connection from the other end, after its handshake; owned from here on.</summary>
    public async Task TakeAsync(PathStream stream, IPAddress remote, CancellationToken cancellation)
    {
        stream.Tally = Tally;
        Tally.Join(stream.Beneath);
        var purpose = new byte[1];
        await stream.ReadExactlyAsync(purpose, cancellation);
        if (purpose[0] == FilePurpose && _chosen is not null)
            StreamArrived(this, stream);
        else if (purpose[0] == PathPurpose)
            await OfferAsync(new TcpConnection(stream, remote), null);
        else
            await stream.DisposeAsync();
    }

    /// <summary>Another connection to where the path goes, for files.</summary>
    /// <exception cref="IOException">It did not come about.</exception>
    public async Task<PathStream> ConnectStreamAsync(CancellationToken cancellation)
    {
        if (_reached is not { } point)
            throw new IOException("This end cannot connect.");
        try
        {
            return await ConnectAsync(point, await _theirs.Task, FilePurpose, cancellation);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault) && fault is not IOException)
        {
            throw new IOException("The other end is out of reach.", fault);
        }
    }

    /// <summary>Sends a message; false: there is no path, or too much waits.</summary>
    public bool TrySend(ReadOnlyMemory<byte> message) => _chosen is { } chosen && chosen.TrySend(message);

    /// <summary>Ends it if it goes from an address that this machine no longer has: nothing comes back to there, and TCP by itself would wait for minutes.</summary>
    public void AddressesChanged(Func<IPAddress, bool> isOwn)
    {
        if (_chosen is { } chosen && ((PathStream)chosen.Stream).Beneath is { Connected: true, LocalEndPoint: IPEndPoint local } && !isOwn(local.Address))
            chosen.Dispose();
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return;
            _stopping.Cancel();
        }

        _theirs.TrySetCanceled();
        _chosen?.Dispose();
        _certificate.Dispose();
    }

    private async Task ConnectPathAsync(IPEndPoint point, TcpWays theirs)
    {
        try
        {
            var stream = await ConnectAsync(point, theirs, PathPurpose, _stopping.Token);
            await OfferAsync(new TcpConnection(stream, point.Address), point);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            // One address that leads nowhere; the engine gives the whole attempt its time.
        }
    }

    private async Task<PathStream> ConnectAsync(IPEndPoint point, TcpWays theirs, byte purpose, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_connectLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token, cancellation);
        var socket = new Socket(point.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        PathStream? stream = null;
        try
        {
            await socket.ConnectAsync(point, either.Token);
            stream = new PathStream(socket) { Tally = Tally };
            Tally.Join(socket);
            await stream.AuthenticateAsClientAsync(PathTls.Client(_certificate, theirs), either.Token);
            await stream.WriteAsync(new[] { purpose }, either.Token);
            return stream;
        }
        catch
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A connection stands: the offerer takes the first, the other the one that the offerer took.</summary>
    private async Task OfferAsync(TcpConnection connection, IPEndPoint? reached)
    {
        try
        {
            var word = new byte[] { ThisOne };
            var began = _time.GetTimestamp();
            if (_offerer)
            {
                lock (_lock)
                {
                    if (_nominated || _stopping.IsCancellationRequested)
                        throw new IOException("Another one was taken.");
                    _nominated = true;
                }

                await connection.Stream.WriteAsync(word, _stopping.Token);
            }

            using var limit = new CancellationTokenSource(_connectLimit, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
            await connection.Stream.ReadExactlyAsync(word, either.Token);
            if (word[0] != ThisOne)
                throw new IOException("Something else was said.");
            if (!_offerer)
                await connection.Stream.WriteAsync(word, _stopping.Token);
            var round = _offerer ? (uint)Math.Clamp(_time.GetElapsedTime(began).TotalMilliseconds, 0, 60_000) : 0;
            lock (_lock)
            {
                if (_chosen is not null || _stopping.IsCancellationRequested)
                    throw new IOException("There is one already.");
                _chosen = connection;
                _reached = reached;
            }

            Opened(this, new PathFacts(TcpAddresses.NetworkOf(connection.Remote), round));
            await connection.RunAsync(message => Received(this, message), _stopping.Token);
            connection.Dispose();
            Ended(this);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            connection.Dispose();
            if (_offerer && _chosen is null)
            {
                // The one that was taken broke before the other answered: the next that stands may be taken.
                lock (_lock)
                    _nominated = false;
            }
        }
    }
}
