using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.State;

/// <summary>Voice notes: one is recorded at a time, and one is played at a time.</summary>
public sealed partial class LiveFiles
{
    private static readonly double[] _speeds = [1, 1.5, 2];
    private readonly List<double> _levels = [];
    private long _recordedFrom;
    private string? _playedUrl;
    private bool _starting;

    /// <summary>For whom a voice note is being recorded; null: none is.</summary>
    public ContactId? Recording { get; private set; }

    /// <summary>How long it is.</summary>
    public TimeSpan Recorded => Recording is null ? default : _app.Browser.Clock.GetElapsedTime(_recordedFrom);

    /// <summary>The last loudnesses, 0 to 1, newest last.</summary>
    public IReadOnlyList<double> Levels => _levels;

    /// <summary>Which transfer's voice note is in the player.</summary>
    public ByteString Played { get; private set; } = ByteString.Empty;

    /// <summary>Where the player is, in seconds.</summary>
    public double PlayedAt { get; private set; }

    /// <summary>Whether it plays.</summary>
    public bool IsPlaying { get; private set; }

    /// <summary>How fast it plays.</summary>
    public double Speed { get; private set; } = 1;

    /// <summary>Begins to record. From a press. False: it did not begin, and that was said.</summary>
    public async Task<bool> StartVoiceAsync(ContactId to)
    {
        if (Recording is not null || _starting) return false;
        _starting = true;
        _app.Browser.Player.Pause();
        try
        {
            if (!await Platform.StartVoiceAsync())
            {
                _app.Toasts.Fail(_app.T.File.NoMicrophone);
                return false;
            }
        }
        finally
        {
            _starting = false;
        }

        _levels.Clear();
        _recordedFrom = _app.Browser.Clock.GetTimestamp();
        Recording = to;
        Moved?.Invoke();
        return true;
    }

    /// <summary>Ends the recording: sends it, or throws it away.</summary>
    public async Task EndVoiceAsync(bool keep)
    {
        if (Recording is not { } to) return;
        Recording = null;
        Moved?.Invoke();
        var picked = await Platform.StopVoiceAsync(keep);
        if (picked is not { Files.Count: > 0 })
        {
            _app.Announce(_app.T.File.ThrownAway);
            return;
        }

        await OfferAsync(to, picked, null, Policy.Unspecified, MessageId.Random(_app.Random), null);
        Platform.Release(picked);
    }

    /// <summary>Plays a voice note, or pauses it. From a click. False: it is not here, or this browser cannot.</summary>
    public async Task<bool> PlayAsync(FileRecord record)
    {
        if (Played.Equals(record.TransferId) && IsPlaying)
        {
            _app.Browser.Player.Pause();
            return true;
        }

        if (!Played.Equals(record.TransferId) || _playedUrl is null)
        {
            if (!TransferId.TryRead(record.TransferId, out var id) || await Platform.UrlAsync(id, 1, FileLook.SafeType(record.Files[0])) is not { } url)
            {
                _app.Toasts.Fail(_app.T.File.GoneHere);
                return false;
            }

            if (_playedUrl is { } former) Platform.Release(former);
            (_playedUrl, Played, PlayedAt) = (url, record.TransferId, 0);
        }

        if (await _app.Browser.Player.PlayAsync(_playedUrl, PlayedAt, Speed)) return true;
        _app.Toasts.Fail(_app.T.File.CannotPlay);
        return false;
    }

    /// <summary>Goes to a second of what is in the player.</summary>
    public void Seek(ByteString transfer, double second)
    {
        if (!Played.Equals(transfer)) return;
        PlayedAt = second;
        _app.Browser.Player.Seek(second);
    }

    /// <summary>The next of the speeds.</summary>
    public void TurnSpeed()
    {
        Speed = _speeds[(Array.IndexOf(_speeds, Speed) + 1) % _speeds.Length];
        _app.Browser.Player.SetSpeed(Speed);
        Moved?.Invoke();
    }

    private void OnLevel(double level)
    {
        _levels.Add(Math.Clamp(level, 0, 1));
        if (_levels.Count > FileLook.Bars) _levels.RemoveAt(0);
        Moved?.Invoke();
    }

    private void OnPlayed(double at, double length, bool playing)
    {
        var ended = !playing && length > 0 && at >= length - 0.05;
        (PlayedAt, IsPlaying) = (ended ? 0 : at, playing);
        Moved?.Invoke();
    }
}
