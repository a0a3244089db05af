namespace Dapari.Rtc.Sctp;

/// <summary>How much may be in flight: slow start, CUBIC (RFC 9438), and one reduction for each round trip with losses. Sizes in bytes, times in microseconds.</summary>
internal sealed class SctpCongestion(int packet)
{
    // RFC 9438 §4.1, §4.6.
    private const double C = 0.4;
    private const double Beta = 0.7;

    private double _packet = packet;
    private double _window = 10.0 * packet; // RFC 6928 §2
    private double _threshold = double.MaxValue;
    private double _largest;
    private double _reno;
    private long _since = -1;

    /// <summary>The largest packet.</summary>
    public int Packet { set => _packet = value; }

    public long Window => (long)_window;

    public bool IsSlowStart => _window < _threshold;

    /// <summary>Bytes were acknowledged while the window was in use.</summary>
    public void Acknowledged(int bytes, long roundTrip, long now)
    {
        if (IsSlowStart)
        {
            _window += bytes;
            return;
        }

        if (_since < 0)
        {
            _since = now;
            _largest = Math.Max(_largest, _window);
            _reno = _window;
        }

        // RFC 9438 §4.2: W(t) = C (t - K)^3 + Wmax, in packets and seconds.
        var k = Math.Cbrt(Math.Max(0, (_largest - (_largest * Beta)) / _packet / C));
        var t = ((now - _since) + roundTrip) / 1e6;
        var target = ((C * Math.Pow(t - k, 3)) + (_largest / _packet)) * _packet;
        _reno += 3 * (1 - Beta) / (1 + Beta) * _packet * bytes / _window; // §4.3: never slower than Reno
        target = Math.Clamp(target, _window, _window * 1.5);
        _window = Math.Max(_window + ((target - _window) * bytes / _window), _reno > _window ? Math.Min(_reno, _window + bytes) : 0);
    }

    /// <summary>Something was lost, for the first time in this round trip.</summary>
    public void Lost()
    {
        // §4.7: fast convergence.
        _largest = _window < _largest ? _window * (1 + Beta) / 2 : _window;
        _threshold = _window = Math.Max(_window * Beta, 4 * _packet);
        _since = -1;
    }

    /// <summary>A queue begins to grow (as RFC 9406, HyStart++): doubling on would overflow it.</summary>
    public void EndSlowStart() => (_threshold, _largest, _since) = (_window, _window, -1);

    /// <summary>As at the beginning.</summary>
    public void Restart() => (_window, _threshold, _largest, _since) = (10.0 * _packet, double.MaxValue, 0, -1);

    /// <summary>Nothing came for a whole timeout.</summary>
    public void TimedOut()
    {
        _largest = _window;
        _threshold = Math.Max(_window * Beta, 4 * _packet);
        _window = _packet;
        _since = -1;
    }
}
