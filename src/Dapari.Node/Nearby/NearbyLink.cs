using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Dapari.Crypto;
using Dapari.Node.Paths;
using Dapari.Peer.Hosting;
using Dapari.Rtc.Sockets.Multicast;
using Dapari.Wire;

namespace Dapari.Node.Nearby;

/// <summary>
/// Contacts on the same networks, found without a server, and a connection to each (docs/protocol/nearby.md). It shares the port of paths. Safe for threads;
/// events of one contact come in order.
/// </summary>
internal sealed class NearbyLink : INearbyLink, IDisposable
{
    private const int Attempts = 6;
    private const int LongestMessage = WireLimits.EnvelopeBytes + 1;
    private static readonly TimeSpan _connectLimit = TimeSpan.FromSeconds(5);
    private readonly NearbyBeacon _beacon;
    private readonly TcpPathLink _door;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Dictionary<ContactId, Known> _known = [];

    /// <param name="multicast">Of the node; stays its owner's.</param>
    /// <param name="door">Whose port is shared; stays its owner's.</param>
    /// <param name="random">For names and tags.</param>
    /// <param name="time">For limits and pauses.</param>
    public NearbyLink(MulticastPort multicast, TcpPathLink door, RandomSource random, TimeProvider time)
    {
        (_door, _time) = (door, time);
        _beacon = new NearbyBeacon(multicast, random, time);
        _beacon.Seen += OnSeen;
        door.Visitors = Welcome;
        door.NetworkChanged += OnNetworkChanged;
    }

    /// <inheritdoc/>
    public event Action<ContactId>? Found;

    /// <inheritdoc/>
    public event Action<ContactId>? Lost;

    /// <inheritdoc/>
    public event Action<ContactId, byte[]>? Received;

    /// <inheritdoc/>
    public void Watch(IReadOnlyList<NearbyContact> contacts)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return;
            var known = new Dictionary<ContactId, Known>();
            foreach (var contact in contacts.Take(WireLimits.NearbyContacts))
            {
                // Both ends' secrets are of keys that were made at random: alike, somebody has copied one.
                if (contact.Own.Span.SequenceEqual(contact.Theirs.Span))
                    continue;
                var keys = NearbyKeys.Create(contact.Own.Span, contact.Theirs.Span);
                if (_known.Remove(contact.Contact, out var former) && former.Keys.IsSame(keys))
                {
                    keys.Dispose();
                    known.Add(contact.Contact, former);
                    continue;
                }

                Forget(former);
                known.Add(contact.Contact, new Known(contact.Contact, keys));
            }

            foreach (var gone in _known.Values)
                Forget(gone);
            _known = known;
            var port = known.Count == 0 ? null : _door.Prepare();
            _beacon.Watch(port is null ? new Dictionary<ContactId, NearbyKeys>() : known.ToDictionary(one => one.Key, one => one.Value.Keys), (ushort)(port ?? 0));
        }
    }

    /// <inheritdoc/>
    public void Send(ContactId contact, ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            if (_known.TryGetValue(contact, out var known) && known.Connection is { } connection && !connection.TrySend(message))
                connection.Dispose(); // Who reads it hears the end.
        }
    }

    /// <summary>Is found no more, and closes every connection.</summary>
    public void Dispose()
    {
        _door.Visitors = null;
        _door.NetworkChanged -= OnNetworkChanged;
        _beacon.Dispose();
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
                return;
            _stopping.Cancel();
            foreach (var known in _known.Values)
                Forget(known);
            _known = [];
        }
    }

    private void Forget(Known? known)
    {
        if (known is null)
            return;
        known.Stopping.Cancel();
        if (known.Connection is { } connection)
        {
            known.Connection = null;
            connection.Dispose();
            Lost?.Invoke(known.Id);
        }

        known.Keys.Dispose();
    }

    private void OnSeen(Sighting sighting)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue(sighting.Contact, out var known) || known.Connection is not null)
                return;
            if (!known.Keys.Connects)
            {
                _beacon.Tell(sighting.Link);
                return;
            }

            known.Last = sighting;
            Begin(known);
        }
    }

    private void Begin(Known known)
    {
        if (known.Connecting || known.Last is null)
            return;
        known.Connecting = true;
        _ = Task.Run(() => ConnectAsync(known, known.Stopping.Token));
    }

    /// <summary>Tries what was seen last, a few times and rarer and rarer; then until the contact is seen again, no more.</summary>
    private async Task ConnectAsync(Known known, CancellationToken cancellation)
    {
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (attempt > 0)
                    await Task.Delay(TimeSpan.FromSeconds(1 << attempt), _time, cancellation);
                var sighting = known.Last!;
                foreach (var point in sighting.Points)
                {
                    if (await TryConnectAsync(known, sighting, point, cancellation))
                        return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // No more looked for.
        }
        finally
        {
            lock (_lock)
                known.Connecting = false;
        }
    }

    private async Task<bool> TryConnectAsync(Known known, Sighting sighting, IPEndPoint point, CancellationToken cancellation)
    {
        var socket = new Socket(point.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var stream = default(SslStream);
        try
        {
            using var limit = new CancellationTokenSource(_connectLimit, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            NearbyTls.Watch(socket);
            await socket.ConnectAsync(point, either.Token);
            stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            using var certificate = PathCertificate.Create(_time);
            await NearbyTls.ConnectAsync(stream, certificate, known.Keys, sighting.Nonce, either.Token);
            return Adopt(known, new TcpConnection(stream, point.Address, LongestMessage), socket);
        }
        catch (Exception fault) when (TcpConnection.IsEnd(fault))
        {
            if (stream is not null)
                await stream.DisposeAsync();
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }

    // As with paths: to an address that is gone nothing comes back.
    private void OnNetworkChanged()
    {
        lock (_lock)
        {
            foreach (var known in _known.Values)
            {
                if (known is { Connection: { } connection, From: { } from } && !TcpAddresses.IsOwn(from))
                    connection.Dispose(); // Who reads it hears the end.
            }
        }
    }

    private Visit? Welcome(string token)
    {
        if (_beacon.Find(token) is not { } contact)
            return null;
        lock (_lock)
        {
            if (!_known.TryGetValue(contact, out var known))
                return null;
            var certificate = PathCertificate.Create(_time);
            return new Visit(NearbyTls.Judge(certificate), async (stream, socket, cancellation) =>
            {
                using (certificate)
                {
                    NearbyTls.Watch(socket);
                    await NearbyTls.AcceptAsync(stream, known.Keys, cancellation);
                }

                Adopt(known, new TcpConnection(stream, ((IPEndPoint)socket.RemoteEndPoint!).Address, LongestMessage), socket);
            });
        }
    }

    /// <summary>They are here. One connection at a time: a later one means that they do not know of the former any more.</summary>
    private bool Adopt(Known known, TcpConnection connection, Socket socket)
    {
        var from = (socket.LocalEndPoint as IPEndPoint)?.Address;
        lock (_lock)
        {
            if (known.Stopping.IsCancellationRequested)
            {
                connection.Dispose();
                return true;
            }

            if (known.Connection is { } former)
            {
                known.Connection = null;
                former.Dispose();
                Lost?.Invoke(known.Id);
            }

            known.Connection = connection;
            known.From = from;
            Found?.Invoke(known.Id);
        }

        _ = Task.Run(() => RunAsync(known, connection));
        return true;
    }

    private async Task RunAsync(Known known, TcpConnection connection)
    {
        await connection.RunAsync(message => Received?.Invoke(known.Id, message), known.Stopping.Token);
        connection.Dispose();
        lock (_lock)
        {
            if (known.Connection != connection)
                return;
            known.Connection = null;
            Lost?.Invoke(known.Id);
            if (known.Stopping.IsCancellationRequested)
                return;
            if (known.Keys.Connects)
                Begin(known);
        }

        _beacon.Ask();
    }

    private sealed class Known(ContactId id, NearbyKeys keys)
    {
        public ContactId Id { get; } = id;

        public NearbyKeys Keys { get; } = keys;

        public CancellationTokenSource Stopping { get; } = new();

        public TcpConnection? Connection { get; set; }

        /// <summary>This end's address of it.</summary>
        public IPAddress? From { get; set; }

        public Sighting? Last { get; set; }

        public bool Connecting { get; set; }
    }
}
