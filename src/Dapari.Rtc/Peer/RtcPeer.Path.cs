using Dapari.Rtc.Dtls;
using Dapari.Rtc.Ice;
using Dapari.Rtc.Sctp;

namespace Dapari.Rtc.Peer;

/// <summary>What follows from what ICE and DTLS did.</summary>
public sealed partial class RtcPeer
{
    /// <summary>A router lets others reach a base under an address (PCP, NAT-PMP, UPnP): it is told as a candidate. False: refused.</summary>
    public bool AddMapped(int baseId, Endpoint external, long nowUs)
    {
        _now = nowUs;
        if (End != RtcEnd.None || (uint)baseId >= (uint)_bases.Count || _bases[baseId].IsNone)
            return false;
        var taken = _ice.AddMapped(_bases[baseId], external, Ms(nowUs));
        AfterIce();
        return taken;
    }

    /// <summary>It no longer does.</summary>
    public void RemoveMapped(int baseId, Endpoint external)
    {
        if ((uint)baseId < (uint)_bases.Count)
            _ice.RemoveMapped(_bases[baseId], external);
    }

    private bool Allows(int baseId, in Endpoint from)
    {
        if (_allowed.Base == baseId && _allowed.From == from)
            return true;
        if (!_ice.MayReceive(_bases[baseId], from))
            return false;
        _allowed = (baseId, from);
        return true;
    }

    private void AfterIce()
    {
        _allowed = (-1, default);
        while (_ice.TryTake(out IceEvent? told))
        {
            switch (told)
            {
                case IceEvent.CandidateFound found:
                    _events.Enqueue(new RtcEvent(RtcEventKind.CandidateFound, Candidate: Told(found.Candidate)));
                    break;
                case IceEvent.GatheringDone:
                    _events.Enqueue(new RtcEvent(RtcEventKind.GatheringDone));
                    break;
                case IceEvent.Selected selected:
                    Select(selected.Pair);
                    break;
                case IceEvent.StateChanged changed:
                    Changed(changed.State);
                    break;
            }
        }

        if (_ice.Selected is null)
            _selectedBase = -1;
        _iceDueUs = _ice.NextDeadline is { } due ? due <= long.MinValue / 1_000 ? _now : due * 1_000 : long.MaxValue;
    }

    // An address that has a name is not told: neither as a candidate nor as what is behind a mapped one.
    private IceCandidate Told(IceCandidate found)
    {
        if (NameOf(found.Address) is { } name)
            return found with { Address = default, Name = name, NamePort = found.Address.Port };
        return NameOf(found.Related) is null ? found : found with { Related = default };
    }

    // Of the address, whichever port or transport of it is told.
    private string? NameOf(in Endpoint address)
    {
        foreach (var (known, name) in _names)
        {
            if (known.HasSameAddress(address))
                return name;
        }

        return null;
    }

    private void Select(in SelectedPair pair)
    {
        (_selectedBase, _selectedTo) = (_bases.IndexOf(pair.Local), pair.Remote);
        _events.Enqueue(new RtcEvent(RtcEventKind.PairSelected, Pair: pair));
        _sctp.PathChanged(_now, LargestPacket(_selectedBase));
        _dtls?.Start(_now);
    }

    // What IP (RFC 791, RFC 8200), UDP and DTLS add.
    private int LargestPacket(int baseId) =>
        baseId < 0 || _mtus[baseId] <= SmallestMtu ? 0 : _mtus[baseId] - (_bases[baseId].IsV4 ? 20 : 40) - 8 - DtlsCipher.PlaintextOffset - DtlsCipher.TagLength;

    private void Changed(IceState state)
    {
        switch (state)
        {
            case IceState.Disconnected:
                _isSilent = true;
                _events.Enqueue(new RtcEvent(RtcEventKind.Disconnected));
                break;
            case IceState.Connected when _isSilent:
                _isSilent = false;
                _events.Enqueue(new RtcEvent(RtcEventKind.Reconnected));
                break;
            case IceState.Failed:
                _isSilent = true;
                _events.Enqueue(new RtcEvent(RtcEventKind.Failed));
                break;
        }
    }

    private void TakeDtls(ReadOnlySpan<byte> datagram)
    {
        _dtls!.Start(_now);
        while (_dtls.TryRead(ref datagram, _plain, out var length, _now))
        {
            if (length > 0)
                _sctp.Receive(_plain.AsSpan(0, length), _now);
        }

        Judge();
    }

    private void Judge()
    {
        if (_dtls!.State is DtlsState.Connected)
        {
            if (_sctp.State is SctpState.Closed)
                _sctp.Connect(_now);
            Pump();
        }
        else if (_dtls.State is DtlsState.Ended)
        {
            Finish(_dtls.End switch
            {
                DtlsEnd.WrongCertificate => RtcEnd.WrongCertificate,
                DtlsEnd.ClosedByPeer => RtcEnd.ClosedByPeer,
                DtlsEnd.TimedOut => RtcEnd.TimedOut,
                DtlsEnd.Closed => RtcEnd.Closed,
                _ => RtcEnd.HandshakeFailed,
            });
        }
    }

    private void Finish(RtcEnd why)
    {
        if (End != RtcEnd.None)
            return;
        End = why;
        _sctp.Close();
        _closing = true;
        CloseChannels();
        _events.Enqueue(new RtcEvent(RtcEventKind.Closed, Reason: why));
    }
}
