using System.Buffers.Binary;
using Dapari.Node.Files.Channels;
using static Dapari.Fuzz.Target;

namespace Dapari.Fuzz;

/// <summary>What a lane of files makes of a stream that somebody on the way has their hands on, or that the other end fills with anything.</summary>
/// <remarks>
/// Two keys of sixteen zeros and ones; an input is a script. First byte of a step modulo 6, then its operand:
/// <code>
/// 0 n n    a record of so many bytes (2 bytes, big endian, drawn out to what may be), as the other end sends it next
/// 1 n      the record that it sent as the n-th, once more
/// 2 n …    n bytes of anything
/// 3 n      the bit n of the last 32 bytes that are on the way is turned
/// 4 n      n bytes that are on the way are lost, from the end
/// 5 n      n bytes more arrive, or a part of a page of them
/// </code>
/// </remarks>
internal static class LaneTargets
{
    private const int MostSteps = 64;
    private static readonly byte[] Secret = new byte[LaneSeal.SecretBytes];
    private static readonly byte[] OtherSecret = [.. Enumerable.Repeat((byte)1, LaneSeal.SecretBytes)];

    public static IEnumerable<Target> All => [new("lane", Scripts, Script)];

    private static IEnumerable<byte[]> Scripts() =>
    [
        [0, 0, 1, 0, 0, 9, 5, 255],
        [0, 255, 255, 5, 3, 5, 1, 0, 0, 1, 5, 255],
        [0, 0, 5, 1, 0, 5, 255],
        [0, 0, 5, 0, 0, 6, 1, 1, 5, 255],
        [0, 0, 5, 3, 9, 0, 0, 5],
        [0, 0, 5, 4, 3, 0, 0, 5],
        [2, 4, 0, 4, 0, 28, 5, 255],
        [2, 4, 0x7f, 0xff, 0xff, 0xff],
        [2, 4, 0, 0, 0, 0, 0, 0, 1],
        [2, 8, 0, 0, 0, 1, 7, 7, 7, 7, 2, 13, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
    ];

    private static string Script(byte[] input)
    {
        var (sending, back) = LaneSeal.Pair(Secret, OtherSecret, 1, connects: true);
        var (unused, receiving) = LaneSeal.Pair(Secret, OtherSecret, 1, connects: false);
        using (sending)
        using (back)
        using (unused)
        using (receiving)
            return new Run(sending, receiving).Play(input);
    }

    private sealed class Run(LaneSeal sending, LaneSeal receiving)
    {
        private readonly LaneReader _reader = new(receiving);
        private readonly List<byte[]> _records = [];
        private readonly List<byte[]> _messages = [];
        private readonly List<byte> _way = [];
        private readonly List<byte[]> _taken = [];
        private int _arrived;

        public string Play(byte[] input)
        {
            var at = 0;
            for (var step = 0; step < MostSteps && at + 1 < input.Length; step++)
            {
                var (kind, number) = (input[at] % 6, input[at + 1]);
                at += 2;
                switch (kind)
                {
                    case 0:
                        Send(((number << 8) | (at < input.Length ? input[at] : 0)) * 4);
                        at++;
                        break;
                    case 1 when _records.Count > 0:
                        _way.AddRange(_records[number % _records.Count]);
                        break;
                    case 2:
                        _way.AddRange(input.AsSpan(at, Math.Min(number, input.Length - at)));
                        at = Math.Min(at + number, input.Length);
                        break;
                    case 3 when _way.Count - _arrived > number / 8:
                        _way[_way.Count - 1 - (number / 8)] ^= (byte)(1 << (number % 8));
                        break;
                    case 4:
                        _way.RemoveRange(Math.Max(_arrived, _way.Count - number), Math.Min(number, _way.Count - _arrived));
                        break;
                    case 5:
                        Arrive(number == byte.MaxValue ? 5000 : number);
                        break;
                    default:
                        break;
                }
            }

            Arrive(_way.Count - _arrived);
            Judge();
            return (_reader.IsOver ? "over " : "open ") + Math.Min(_taken.Count, 3);
        }

        private void Send(int length)
        {
            var message = new byte[Math.Clamp(length, 1, LaneReader.MostMessage)];
            message.AsSpan().Fill((byte)(7 + _messages.Count));
            var record = new byte[message.Length + LaneSeal.Overhead];
            sending.Seal(message, record);
            _messages.Add(message);
            _records.Add(record);
            _way.AddRange(record);
        }

        private void Arrive(int bytes)
        {
            for (var left = Math.Min(bytes, _way.Count - _arrived); left > 0 && !_reader.IsOver;)
            {
                Require(_reader.Missing >= 1 && _reader.Missing <= LaneReader.MostMessage + LaneSeal.Overhead, "what lacks is a record at most");
                var room = _reader.Room();
                Require(room.Length >= _reader.Missing, "there is room for what lacks");
                var part = Math.Min(room.Length, left);
                _way.GetRange(_arrived, part).ToArray().CopyTo(room);
                _reader.Add(part);
                _arrived += part;
                left -= part;
                Take();
            }
        }

        private void Take()
        {
            while (_reader.Next() is { } length)
            {
                Require(length is >= 1 and <= LaneReader.MostMessage, "a length within its limits");
                var message = new byte[length];
                if (_reader.TryOpen(message))
                    _taken.Add(message);
                else
                    Require(message.All(one => one == 0) && _reader.IsOver, "what is refused is not shown, and ends the lane");
            }
        }

        // What is read is what was sent, up to where the stream is another: nothing else, nothing twice, nothing left out.
        private void Judge()
        {
            var (same, whole) = (0, 0);
            while (whole < _records.Count && same + _records[whole].Length <= _arrived && Same(same, _records[whole]))
                same += _records[whole++].Length;
            Require(_taken.Count == whole, "all that came unchanged is read, and no more");
            for (var i = 0; i < whole; i++)
                Require(_taken[i].AsSpan().SequenceEqual(_messages[i]), "as it was sent");
            if (_reader.IsOver)
                return;
            // Still open: what is behind is the beginning of something that may yet be whole.
            var length = new byte[4];
            if (_arrived - same < length.Length)
                return;
            _way.CopyTo(same, length, 0, length.Length);
            var waits = BinaryPrimitives.ReadInt32BigEndian(length);
            Require(waits is >= 1 and <= LaneReader.MostMessage && _arrived - same < waits + LaneSeal.Overhead, "nothing whole is left unread");
        }

        private bool Same(int from, byte[] record)
        {
            for (var i = 0; i < record.Length; i++)
            {
                if (_way[from + i] != record[i])
                    return false;
            }

            return true;
        }
    }
}
