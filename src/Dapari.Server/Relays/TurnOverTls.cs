using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using Dapari.Rtc.Stun;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Endpoint = Dapari.Rtc.Endpoint;

namespace Dapari.Server.Relays;

/// <summary>
/// TURN over TLS on the HTTPS port, so that one open port suffices. After the handshake the first bytes tell: HTTP begins with a letter, a STUN
/// message with two zero bits (RFC 8489 §5) and its magic cookie. A client that said "stun.turn" in the handshake (RFC 7443 §2) is not asked again.
/// </summary>
internal static class TurnOverTls
{
    /// <summary>Up to and with the magic cookie.</summary>
    private const int Needed = 8;

    private static readonly SslApplicationProtocol Protocol = new("stun.turn");

    /// <summary>How long a connection may say nothing before it counts as HTTP, which has deadlines of its own.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Lets clients name TURN in the handshake.</summary>
    public static void Offer(SslServerAuthenticationOptions options) => (options.ApplicationProtocols ??= []).Add(Protocol);

    /// <summary>To be called after UseHttps: what comes here is decrypted.</summary>
    public static void UseRelay(this ListenOptions listen, Func<RelayHost> relay, TimeProvider time) => listen.Use(next => async connection =>
    {
        var named = connection.Features.Get<ITlsHandshakeFeature>() is not null
            && connection.Features.Get<ITlsApplicationProtocolFeature>() is { } protocol && protocol.ApplicationProtocol.Span.SequenceEqual(Protocol.Protocol.Span);
        if (!named && !await IsStunAsync(connection.Transport.Input, time))
        {
            await next(connection);
            return;
        }

        if (connection.RemoteEndPoint is not IPEndPoint remote || connection.LocalEndPoint is not IPEndPoint local)
            return;
        await relay().ServeAsync(
            new DuplexStream(connection.Transport), Endpoint.From(remote.Address, (ushort)remote.Port).Unmap(), Endpoint.From(local.Address, (ushort)local.Port).Unmap(),
            connection.ConnectionClosed);
    });

    /// <summary>Looks at the first bytes and leaves them where they are.</summary>
    internal static async Task<bool> IsStunAsync(PipeReader input, TimeProvider time)
    {
        await using var timer = time.CreateTimer(static state => ((PipeReader)state!).CancelPendingRead(), input, Patience, Timeout.InfiniteTimeSpan);
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync();
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ConnectionAbortedException)
            {
                return false; // HTTP meets the same and ends the connection.
            }

            var verdict = Judge(read.Buffer);
            var decided = verdict is not null || read.IsCanceled || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, decided ? read.Buffer.Start : read.Buffer.End);
            if (decided)
                return verdict ?? false;
        }
    }

    /// <summary>Null: more bytes are needed to tell.</summary>
    private static bool? Judge(ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty)
            return null;
        // RFC 8489 §5: the two most significant bits of a STUN message are zero; a letter's are not.
        if (bytes.FirstSpan[0] >> 6 != 0 || bytes.FirstSpan[0] is (byte)'\r' or (byte)'\n')
            return false;
        if (bytes.Length < Needed)
            return null;
        Span<byte> head = stackalloc byte[Needed];
        bytes.Slice(0, Needed).CopyTo(head);
        return BinaryPrimitives.ReadUInt32BigEndian(head[4..]) == StunMessage.MagicCookie;
    }

    /// <summary>A connection's two pipes as one stream.</summary>
    private sealed class DuplexStream(IDuplexPipe pipe) : Stream
    {
        private readonly Stream _input = pipe.Input.AsStream(leaveOpen: true);
        private readonly Stream _output = pipe.Output.AsStream(leaveOpen: true);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            _input.ReadAsync(buffer, offset, count, cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            _output.WriteAsync(buffer, offset, count, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

        public override void Flush() => _output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
