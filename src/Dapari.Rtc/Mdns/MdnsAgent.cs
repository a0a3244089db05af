using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Dapari.Rtc.Mdns;

/// <summary>
/// Finds the addresses of candidates' names and tells those of this end's own (RFC 6762): messages and time in; messages, addresses and the next deadline
/// out. One owner; not thread-safe. Times are monotonic microseconds. Its owner sends to <see cref="Group4"/> (or to <see cref="Group6"/>), and gives it what comes there.
/// </summary>
/// <remarks>
/// A name of a candidate is 36 random letters and <c>.local</c> (draft-ietf-mmusic-mdns-ice-candidates §3.1): whoever does not know it cannot ask, and nobody
/// probes for it (RFC 6762 §8.1 has no purpose for such names). Only link-local reach: messages from other networks do not come to the group.
/// </remarks>
public sealed class MdnsAgent
{
    /// <summary>Names that are looked for at a time.</summary>
    public const int MaxQuestions = 32;

    /// <summary>Names of this end at a time.</summary>
    public const int MaxNames = 32;

    // RFC 6762 §5.2: again after a second, then rarer; a candidate that is not there after so long is none.
    private const long FirstWait = 250_000;
    private const int MostSent = 5;

    // RFC 6762 §6: a record is multicast at most once a second.
    private const long AnswerEvery = 1_000_000;

    private readonly List<Question> _questions = [];
    private readonly Dictionary<string, Own> _own = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<byte[]> _outgoing = [];
    private readonly Queue<(string Name, Endpoint Address)> _found = [];

    /// <summary>Where messages go: 224.0.0.251, port 5353.</summary>
    public static Endpoint Group4 { get; } = Endpoint.V4(0xE000_00FB, 5353);

    /// <summary>Where messages go: ff02::fb, port 5353.</summary>
    public static Endpoint Group6 { get; } = Endpoint.V6(0xFF02_0000_0000_0000, 0xFB, 5353);

    /// <summary>When <see cref="Advance"/> is wanted; <see cref="long.MaxValue"/>: never.</summary>
    public long NextDeadlineUs
    {
        get
        {
            var next = long.MaxValue;
            foreach (var question in _questions)
                next = Math.Min(next, question.NextAt);
            return next;
        }
    }

    /// <summary>A fresh name for an address of this end.</summary>
    public static string NewName(Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        Span<byte> bytes = stackalloc byte[16];
        entropy.Fill(bytes);
        // RFC 9562 §5.4.
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString("D") + ".local";
    }

    /// <summary>Asks for a name's address; false: it is none of <c>….local</c>, or there are too many.</summary>
    public bool Resolve(string name, long nowUs)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!IsLocal(name) || _questions.Count >= MaxQuestions)
            return false;
        if (_questions.Exists(question => question.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            return true;
        var asked = new Question(name) { Sent = 1, Wait = FirstWait, NextAt = nowUs + FirstWait };
        _questions.Add(asked);
        Ask(asked);
        return true;
    }

    /// <summary>Whether it still waits for a name's address.</summary>
    public bool IsAsking(string name) => _questions.Exists(question => question.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>This end's address has this name from now on; false: there are too many, or it is no such name.</summary>
    public bool Publish(string name, Endpoint address)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsLocal(name) && !address.IsNone && _own.Count < MaxNames && _own.TryAdd(name, new Own(address));
    }

    /// <summary>It does not any more.</summary>
    public void Withdraw(string name) => _own.Remove(name);

    /// <summary>Takes a message that came to the group.</summary>
    public void Receive(ReadOnlySpan<byte> message, long nowUs)
    {
        foreach (var (name, own) in _own)
        {
            if (own.AnsweredAt > nowUs - AnswerEvery || !MdnsMessage.Asks(message, name))
                continue;
            own.AnsweredAt = nowUs;
            Answer(name, own.Address);
        }

        Span<Endpoint> addresses = stackalloc Endpoint[4];
        for (var i = _questions.Count - 1; i >= 0; i--)
        {
            var count = MdnsMessage.ReadAddresses(message, _questions[i].Name, addresses);
            if (count == 0)
                continue;
            foreach (var address in addresses[..count])
                _found.Enqueue((_questions[i].Name, address));
            _questions.RemoveAt(i);
        }
    }

    /// <summary>Does what is due.</summary>
    public void Advance(long nowUs)
    {
        for (var i = _questions.Count - 1; i >= 0; i--)
        {
            var question = _questions[i];
            if (question.NextAt > nowUs)
                continue;
            if (question.Sent >= MostSent)
            {
                _questions.RemoveAt(i);
                continue;
            }

            question.Sent++;
            question.Wait *= 2;
            question.NextAt = nowUs + question.Wait;
            Ask(question);
        }
    }

    /// <summary>The next message for the group.</summary>
    public bool TryTake([NotNullWhen(true)] out byte[]? message) => _outgoing.TryDequeue(out message);

    /// <summary>The next address that was found, with port 0: for <see cref="Ice.IceCandidate.Resolved"/>.</summary>
    public bool TryTakeFound([NotNullWhen(true)] out string? name, out Endpoint address)
    {
        var any = _found.TryDequeue(out var found);
        (name, address) = found;
        return any && name is not null;
    }

    /// <summary>Whether a name is one label and <c>.local</c>: others are neither asked for nor answered.</summary>
    public static bool IsLocal(string name) =>
        name is { Length: > 6 and <= 6 + 63 } && name.EndsWith(".local", StringComparison.OrdinalIgnoreCase) && name.IndexOf('.', StringComparison.Ordinal) == name.Length - 6 && Ascii.IsValid(name);

    private void Answer(string name, Endpoint address)
    {
        Span<byte> bytes = stackalloc byte[320];
        _outgoing.Enqueue(bytes[..MdnsMessage.WriteAnswer(bytes, name, [address])].ToArray());
    }

    private void Ask(Question question)
    {
        Span<byte> bytes = stackalloc byte[320];
        _outgoing.Enqueue(bytes[..MdnsMessage.WriteQuery(bytes, question.Name)].ToArray());
    }

    private sealed class Question(string name)
    {
        public string Name { get; } = name;

        public int Sent { get; set; }

        public long Wait { get; set; }

        public long NextAt { get; set; }
    }

    private sealed class Own(Endpoint address)
    {
        public Endpoint Address { get; } = address;

        public long AnsweredAt { get; set; } = long.MinValue / 2;
    }
}
