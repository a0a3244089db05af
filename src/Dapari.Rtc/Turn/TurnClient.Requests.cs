using System.Text;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Stun;
using Dapari.Rtc.Stun.Attributes;

namespace Dapari.Rtc.Turn;

/// <summary>Requests, their answers, and what follows.</summary>
public sealed partial class TurnClient
{
    private void Ask(StunMethod method, Peer? peer, uint seconds, long now, int tries = 0, bool probes = false)
    {
        var id = new TransactionId(_entropy.Next(), unchecked((uint)_entropy.Next()));
        Span<byte> key = stackalloc byte[StunMessage.TransactionIdLength];
        id.Write(key);
        Span<byte> bytes = stackalloc byte[LongestRequest];
        var writer = new StunWriter(bytes, StunClass.Request, method, key);
        switch (method)
        {
            case StunMethod.Allocate:
                // RFC 8656 §18.8: UDP.
                RequestedTransport.Write(ref writer, 17);
                Lifetime.Write(ref writer, seconds);
                if (_options.WantsV6)
                    writer.Add(RequestedAddressFamily.Type, [_options.Family, 0, 0, 0]);
                break;
            case StunMethod.Refresh:
                Lifetime.Write(ref writer, seconds);
                break;
            case StunMethod.ChannelBind:
                ChannelNumber.Write(ref writer, peer!.Channel);
                XorPeerAddress.Write(ref writer, peer.Address);
                break;
            case StunMethod.CreatePermission:
                XorPeerAddress.Write(ref writer, peer!.Address);
                break;
        }

        var signed = _nonce.Length > 0;
        if (signed)
        {
            Username.Write(ref writer, Encoding.UTF8.GetBytes(_options.Username));
            Realm.Write(ref writer, _realm);
            Nonce.Write(ref writer, _nonce);
            MessageIntegrity.Write(ref writer, _key);
        }

        if (!writer.TryFinish(out var length))
        {
            // Realm, nonce and name are too long together: nothing that this server could be asked.
            Fail(0);
            return;
        }

        var request = new Request(method, id, peer, seconds, bytes[..length].ToArray(), signed, tries, _options.IsReliable, now) { Probes = probes };
        _requests.Add(request);
        _outgoing.Enqueue(request.Bytes);
    }

    private void Bind(Peer peer, long now)
    {
        peer.BindAt = long.MaxValue;
        // RFC 8656 §12: what was not bound again in time is a channel no more.
        peer.IsBound &= now < peer.BoundUntil;
        Ask(StunMethod.ChannelBind, peer, 0, now);
    }

    /// <summary>Without a channel datagrams go as indications, which want a permission alone (RFC 8656 §10); the channel is asked for again later.</summary>
    private void Permit(Peer peer, long now)
    {
        peer.BindAt = now + BindAgain;
        peer.IsBound &= peer.BindAt < peer.BoundUntil;
        Ask(StunMethod.CreatePermission, peer, 0, now);
    }

    private void Granted(Request asked, in StunMessage answer, long now)
    {
        switch (asked.Method)
        {
            case StunMethod.Allocate when XorRelayedAddress.TryRead(answer, out var relayed) && relayed.Port != 0 && relayed.Family == (_options.WantsV6 ? 6 : 4):
                Relayed = relayed;
                if (XorMappedAddress.TryRead(answer, out var mapped))
                    Mapped = mapped;
                State = TurnState.Lent;
                Keep(answer, now);
                break;
            case StunMethod.Allocate:
                Fail(0);
                break;
            case StunMethod.Refresh:
                Keep(answer, now);
                break;
            case StunMethod.ChannelBind:
                (asked.Peer!.IsBound, asked.Peer.BindAt, asked.Peer.BoundUntil) = (true, now + BindEvery, now + ChannelLife);
                break;
        }
    }

    private void Keep(in StunMessage answer, long now)
    {
        var seconds = Lifetime.TryRead(answer, out var told) ? Math.Clamp(told, 60, 86_400) : WantedSeconds;
        _refreshAt = now + (Math.Max(seconds / 2, seconds - 60L) * 1_000_000L);
    }

    private void Refused(Request asked, int code, in StunMessage answer, long now)
    {
        // RFC 8489 §9.2.5: once with the credential, and again when only the nonce was old; not for ever.
        if (code is Unauthorized or StaleNonce && asked.Tries < 3 && (code == StaleNonce || !asked.IsSigned)
            && Realm.TryRead(answer, out var realm) && Nonce.TryRead(answer, out var nonce) && Learn(realm, nonce))
        {
            Ask(asked.Method, asked.Peer, asked.Seconds, now, asked.Tries + 1, asked.Probes);
            return;
        }

        // RFC 8656 §5: without an allocation (437) the server has started anew or let it go: no peer is reached any more, not this one alone.
        if (asked.Peer is not { } peer || code == AllocationMismatch)
            Fail(code);
        // RFC 8656 §10.2, §12.2: a peer that may not be reached, and one of another family; all else is for now.
        else if (code is Forbidden or OtherFamily)
            peer.IsRefused = true;
        else if (asked.Method == StunMethod.ChannelBind)
            Permit(peer, now);
    }

    private bool Learn(ReadOnlySpan<byte> realm, ReadOnlySpan<byte> nonce)
    {
        if (nonce.IsEmpty || realm.IsEmpty)
            return false;
        if (!realm.SequenceEqual(_realm))
        {
            if (StunCredentials.LongTermKey(_options.Username, Encoding.UTF8.GetString(realm), _options.Password, PasswordAlgorithmId.Md5) is not { } key)
                return false;
            (_realm, _key) = (realm.ToArray(), key);
        }

        _nonce = nonce.ToArray();
        return true;
    }

    private void Unanswered(Request asked, long now)
    {
        if (asked.Peer is not { } peer || State is not TurnState.Lent)
            Fail(0);
        else if (asked.Method == StunMethod.ChannelBind)
            Permit(peer, now);
    }

    private void Fail(int code)
    {
        (State, Code) = (TurnState.Failed, code);
        _requests.Clear();
        _outgoing.Clear();
    }

    private sealed class Peer(Endpoint address, ushort channel)
    {
        public Endpoint Address { get; } = address;

        public ushort Channel { get; } = channel;

        public bool IsBound { get; set; }

        public bool IsRefused { get; set; }

        public long BindAt { get; set; } = long.MaxValue;

        public long BoundUntil { get; set; }
    }

    /// <summary>A request that waits for its answer (RFC 8489 §6.2.1, §6.2.2).</summary>
    private sealed class Request(StunMethod method, TransactionId id, Peer? peer, uint seconds, byte[] bytes, bool signed, int tries, bool reliable, long now)
    {
        private const long Rto = 500_000;
        private const long ReliableWait = 39_500_000;
        private const long ProbeWait = 7_500_000;
        private const int MostSent = 7;
        private const int MostProbes = 4;

        private int _sent = 1;
        private long _wait = Rto;

        public StunMethod Method { get; } = method;

        public TransactionId Id { get; } = id;

        public Peer? Peer { get; } = peer;

        public uint Seconds { get; } = seconds;

        public byte[] Bytes { get; } = bytes;

        public bool IsSigned { get; } = signed;

        public int Tries { get; } = tries;

        /// <summary>Whether the server is still there is wanted soon: over after 7.5 s.</summary>
        public bool Probes
        {
            get;
            init
            {
                field = value;
                if (value && reliable)
                    NextAt = now + ProbeWait;
            }
        }

        public long NextAt { get; private set; } = now + (reliable ? ReliableWait : Rto);

        public bool Again(long now)
        {
            if (reliable || _sent >= (Probes ? MostProbes : MostSent))
                return false;
            _sent++;
            _wait *= 2;
            NextAt = now + (_sent == MostSent ? 16 * Rto : _wait);
            return true;
        }
    }
}
