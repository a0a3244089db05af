using System.Buffers.Text;
using System.Collections.Frozen;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Dapari.Server.Options;
using Dapari.Wire;

namespace Dapari.Server.Admin;

/// <summary>The operator's decisions in force: who is let in, and settings that were changed while the server runs. Any thread.</summary>
internal sealed class ServerRules
{
    /// <summary>Settings that can be changed without a new start.</summary>
    public static IReadOnlyList<string> Changeable { get; } =
        ["registration", "mailbox-bytes", "mailbox-envelopes", "retention-days", "invite-days", "blob-bytes", "blob-count", "blob-days", "blob-total"];

    /// <summary>Codes that may be open at a time.</summary>
    private const int MostTokens = 10_000;

    /// <summary>A code's random bits are 8 times this.</summary>
    private const int CodeBytes = 15;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _reserved = [];
    private readonly RulesFile _file;
    private readonly TimeProvider _time;
    private readonly RandomSource _random;
    private State _state;

    private sealed record State(RulesData Data, FrozenSet<MailboxId> Mailboxes, IPNetwork[] Addresses);

    private ServerRules(RulesFile file, TimeProvider time, RandomSource random, RulesData data)
    {
        _file = file;
        _time = time;
        _random = random;
        _state = Read(data);
    }

    /// <summary>Told after each change, on the thread that made it.</summary>
    public event Action? Changed;

    public RulesData Data => Volatile.Read(ref _state).Data;

    /// <exception cref="Hosting.StartException">The file is damaged.</exception>
    public static ServerRules Open(string dataFolder, TimeProvider time, RandomSource random)
    {
        var file = new RulesFile(dataFolder);
        return new ServerRules(file, time, random, file.Read());
    }

    /// <summary>The settings that the server was started with, changed by what was decided since. What cannot be read any more is passed over.</summary>
    public ServerOptions Apply(ServerOptions options)
    {
        foreach (var (name, value) in Data.Settings)
        {
            if (Changeable.Contains(name) && Settings.All.First(s => s.Name == name).Apply(options, [value]) is { Error: null } applied)
                options = applied.Options;
        }

        return options;
    }

    public bool IsBlocked(MailboxId id)
    {
        var mailboxes = Volatile.Read(ref _state).Mailboxes;
        return mailboxes.Count > 0 && mailboxes.Contains(id);
    }

    public bool IsBlocked(IPAddress? address)
    {
        var addresses = Volatile.Read(ref _state).Addresses;
        if (addresses.Length == 0 || address is null)
            return false;
        if (address.IsIPv4MappedToIPv6) // ::ffff:a.b.c.d is the same host as a.b.c.d.
            address = address.MapToIPv4();
        return Array.Exists(addresses, network => network.Contains(address));
    }

    /// <summary>A place for one newcomer; null: the code is wrong, used up (or about to be), or over.</summary>
    public Admission? Admit(string code)
    {
        if (code.Length == 0)
            return null;
        var hash = HashOf(code);
        lock (_gate)
        {
            if (Valid(hash) is not { } token || token.Uses <= _reserved.GetValueOrDefault(token.Id))
                return null;
            _reserved[token.Id] = _reserved.GetValueOrDefault(token.Id) + 1;
            return new Admission(this, token.Id);
        }
    }

    /// <summary>A new code; it is told once, here. Null: there are too many open ones.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public (TokenData Token, string Code)? NewToken(int uses, TimeSpan lives)
    {
        var code = Base64Url.EncodeToString(_random.Bytes(CodeBytes));
        var token = new TokenData(Convert.ToHexStringLower(_random.Bytes(4)), HashOf(code), uses, (_time.GetUtcNow() + lives).ToUnixTimeMilliseconds());
        lock (_gate)
        {
            var open = Tokens();
            if (open.Count >= MostTokens)
                return null;
            Keep(Data with { Tokens = [.. open, token] });
        }

        return (token, code);
    }

    /// <summary>Codes that may still be used.</summary>
    public IReadOnlyList<TokenData> Tokens()
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return [.. Data.Tokens.Where(t => t.Uses > 0 && t.ExpiresMs > now)];
    }

    /// <summary>Changes something. What it throws, nothing was changed by.</summary>
    /// <exception cref="IOException">It could not be kept.</exception>
    public void Change(Func<RulesData, RulesData> change)
    {
        lock (_gate)
            Keep(change(Data));
        Changed?.Invoke();
    }

    public static bool TryReadMailbox(string? text, out MailboxId id)
    {
        id = default;
        Span<byte> bytes = stackalloc byte[MailboxId.Length];
        return text is { Length: 2 * MailboxId.Length } && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done && MailboxId.TryRead(bytes, out id);
    }

    private TokenData? Valid(string hash)
    {
        // The comparison of hashes tells an attacker nothing: to come near one takes a preimage.
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        return Data.Tokens.FirstOrDefault(t => t.Hash == hash && t.Uses > 0 && t.ExpiresMs > now);
    }

    private void Use(string id)
    {
        lock (_gate)
            Keep(Data with { Tokens = [.. Tokens().Select(t => t.Id == id ? t with { Uses = t.Uses - 1 } : t).Where(t => t.Uses > 0)] });
    }

    private void Release(string id)
    {
        lock (_gate)
        {
            if (--_reserved[id] == 0)
                _reserved.Remove(id);
        }
    }

    private void Keep(RulesData data)
    {
        _file.Write(data);
        Volatile.Write(ref _state, Read(data));
    }

    private static State Read(RulesData data) => new(
        data,
        data.Mailboxes.Select(m => TryReadMailbox(m, out var id) ? id : throw new InvalidOperationException("an unreadable mailbox was kept")).ToFrozenSet(),
        [.. data.Addresses.Select(a => IPNetwork.Parse(a))]);

    private static string HashOf(string code) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(code)));

    /// <summary>A place that one newcomer holds until it is used or given back.</summary>
    public sealed class Admission(ServerRules rules, string token) : IDisposable
    {
        /// <summary>Something was made with it. A disk that does not keep this costs a use too few, never a newcomer's mailbox.</summary>
        public void Use()
        {
            try
            {
                rules.Use(token);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The mailbox is there and stays.
            }
        }

        public void Dispose() => rules.Release(token);
    }
}
