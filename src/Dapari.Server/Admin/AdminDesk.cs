using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Dapari.Server.Options;
using Dapari.Server.Storage;

namespace Dapari.Server.Admin;

/// <summary>What the operator's commands do: in the running server, or on the data folder while none runs. One at a time.</summary>
/// <param name="given">The settings before the operator's changes.</param>
/// <param name="rules">His decisions.</param>
/// <param name="time">The clock.</param>
/// <param name="store">The store, opened when a command needs it.</param>
/// <param name="connections">How many there are now; null: no server runs.</param>
/// <param name="isFailing">Whether the last write failed; null: no server runs.</param>
internal sealed partial class AdminDesk(ServerOptions given, ServerRules rules, TimeProvider time, Func<ValueTask<StoreAccess>> store, Func<int>? connections, Func<bool>? isFailing)
{
    private ServerOptions Now => rules.Apply(given);

    /// <summary>Never throws but for the cancellation.</summary>
    public async Task<AdminReply> RunAsync(string[] words, CancellationToken cancellation)
    {
        try
        {
            return words switch
            {
                ["health"] => Health(),
                ["usage"] => await UsageAsync(cancellation),
                ["quota"] or ["quota", "show"] => Show(name => name is not "registration"),
                ["retention"] or ["retention", "show"] => Show(name => name.EndsWith("-days", StringComparison.Ordinal)),
                ["quota" or "retention", "set", var name, var value] => Set(name, value),
                ["quota" or "retention", "reset", var name] => Reset(name),
                ["registration"] => Show(name => name == "registration"),
                ["registration", "open" or "invited" or "closed"] => Set("registration", words[1]),
                ["registration", "token", "new", .. var options] => NewToken(options),
                ["registration", "token", "list"] => Tokens(),
                ["registration", "token", "revoke", var id] => Revoke(id),
                ["block", var target] => Block(target, true),
                ["unblock", var target] => Block(target, false),
                ["blocked"] => Blocked(),
                ["backup", var file] => await BackUpAsync(file, cancellation),
                ["check"] => await CheckAsync(false, cancellation),
                ["check", "--repair"] => await CheckAsync(true, cancellation),
                _ => AdminReply.NotUnderstood("There is no such command; see dapari-server admin --help."),
            };
        }
        catch (StorageException e)
        {
            return AdminReply.Failed($"The store: {e.Message}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return AdminReply.Failed(e.Message);
        }
    }

    private static AdminReply Failed(string text) => AdminReply.Failed(text);

    private AdminReply Health() => isFailing is null ? Failed("No server runs on this data folder.") : isFailing() ? Failed("The storage fails.") : AdminReply.Done("It runs, and keeps what it is given.");

    private AdminReply Show(Func<string, bool> which)
    {
        var options = Now;
        var json = new JsonObject();
        var lines = new List<string>();
        foreach (var name in ServerRules.Changeable.Where(which))
        {
            var value = ValueOf(options, name);
            var changed = rules.Data.Settings.ContainsKey(name);
            json[name] = new JsonObject { ["value"] = value, ["changed"] = changed };
            lines.Add($"{name,-18} {value}{(changed ? "   (changed; was " + ValueOf(given, name) + ")" : "")}");
        }

        return AdminReply.Done(string.Join('\n', lines), json);
    }

    private static string ValueOf(ServerOptions options, string name) => name switch
    {
        "registration" => options.Registration switch { Wire.V1.Registration.Closed => "closed", Wire.V1.Registration.Invited => "invited", _ => "open" },
        "mailbox-bytes" => Number(options.Quota.Bytes),
        "mailbox-envelopes" => Number(options.Quota.Envelopes),
        "retention-days" => Number(options.RetentionDays),
        "invite-days" => Number(options.InviteDays),
        "blob-bytes" => Number(options.Blobs.Quota.Bytes),
        "blob-count" => Number(options.Blobs.Quota.Blobs),
        "blob-days" => Number(options.Blobs.Days),
        "blob-total" => Number(options.Blobs.TotalBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such setting"),
    };

    private AdminReply Set(string name, string value)
    {
        if (!ServerRules.Changeable.Contains(name))
            return AdminReply.NotUnderstood($"\"{name}\" cannot be changed here. What can: {string.Join(", ", ServerRules.Changeable)}.");
        var (changed, error) = Settings.All.First(s => s.Name == name).Apply(given, [value]);
        if (error is not null)
            return AdminReply.NotUnderstood($"{name} {error}.");
        if (changed.Quota.Bytes < Wire.WireLimits.EnvelopeBytes)
            return AdminReply.NotUnderstood($"mailbox-bytes is less than one envelope ({Wire.WireLimits.EnvelopeBytes}).");
        rules.Change(data => data with { Settings = new SortedDictionary<string, string>(data.Settings.ToDictionary()) { [name] = value } });
        return AdminReply.Done($"{name} is {ValueOf(Now, name)}.", new JsonObject { [name] = ValueOf(Now, name) });
    }

    private AdminReply Reset(string name)
    {
        if (!ServerRules.Changeable.Contains(name))
            return AdminReply.NotUnderstood($"There is no \"{name}\" to reset.");
        rules.Change(data => data with { Settings = data.Settings.Where(s => s.Key != name).ToDictionary() });
        return AdminReply.Done($"{name} is {ValueOf(Now, name)} again.", new JsonObject { [name] = ValueOf(Now, name) });
    }

    private AdminReply NewToken(ReadOnlySpan<string> options)
    {
        var (uses, days) = (1, 7);
        for (var i = 0; i < options.Length; i += 2)
        {
            var value = 0;
            var good = i + 1 < options.Length && int.TryParse(options[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out value);
            if (good && options[i] == "--uses" && value is >= 1 and <= 100_000)
                uses = value;
            else if (good && options[i] == "--days" && value is >= 1 and <= 3650)
                days = value;
            else
                return AdminReply.NotUnderstood("registration token new [--uses 1..100000] [--days 1..3650]");
        }

        if (rules.NewToken(uses, TimeSpan.FromDays(days)) is not var (token, code))
            return Failed("There are too many open codes: revoke some.");
        var link = given.PublicUrl is { } url ? url.GetLeftPart(UriPartial.Authority) + "/j#" + code : null;
        var text = $"Code: {code}\n{(link is null ? "" : $"Link: {link}\n")}It lets {uses} in within {days} days, and is shown only now; \"registration token revoke {token.Id}\" takes it back.";
        if (Now.Registration != Wire.V1.Registration.Invited)
            text += "\nRegistration is " + ValueOf(Now, "registration") + ": codes count when it is \"invited\".";
        return AdminReply.Done(text, new JsonObject { ["id"] = token.Id, ["code"] = code, ["link"] = link, ["uses"] = uses, ["expires"] = token.ExpiresMs });
    }

    private AdminReply Tokens()
    {
        var tokens = rules.Tokens();
        return AdminReply.Done(
            tokens.Count == 0 ? "No codes are open." : string.Join('\n', tokens.Select(t => $"{t.Id}  {t.Uses} left, until {DateTimeOffset.FromUnixTimeMilliseconds(t.ExpiresMs):yyyy-MM-dd HH:mm} UTC")),
            new JsonObject { ["tokens"] = new JsonArray([.. tokens.Select(t => new JsonObject { ["id"] = t.Id, ["uses"] = t.Uses, ["expires"] = t.ExpiresMs })]) });
    }

    private AdminReply Revoke(string id)
    {
        if (rules.Tokens().All(t => t.Id != id))
            return Failed($"No code {id} is open.");
        rules.Change(data => data with { Tokens = [.. data.Tokens.Where(t => t.Id != id)] });
        return AdminReply.Done($"{id} is revoked.");
    }

    private AdminReply Block(string target, bool block)
    {
        if (ServerRules.TryReadMailbox(target, out var id))
        {
            var name = id.ToString();
            rules.Change(data => data with { Mailboxes = [.. data.Mailboxes.Where(m => m != name), .. block ? [name] : Array.Empty<string>()] });
            return AdminReply.Done(block ? $"Nobody opens or writes to {name}." : $"{name} is open again.");
        }

        if (!TryReadNetwork(target, out var network))
            return AdminReply.NotUnderstood($"\"{target}\" is neither a mailbox (32 hexadecimal digits) nor an address or network (192.0.2.1, 192.0.2.0/24).");
        if (network.PrefixLength == 0)
            return AdminReply.NotUnderstood("That is everybody.");
        var text = network.ToString();
        rules.Change(data => data with { Addresses = [.. data.Addresses.Where(a => a != text), .. block ? [text] : Array.Empty<string>()] });
        return AdminReply.Done(block ? $"{text} is not served." : $"{text} is served.");
    }

    private AdminReply Blocked()
    {
        var data = rules.Data;
        return AdminReply.Done(
            data.Addresses.Count + data.Mailboxes.Count == 0 ? "Nothing is blocked." : string.Join('\n', [.. data.Addresses, .. data.Mailboxes]),
            new JsonObject
            {
                ["addresses"] = new JsonArray([.. data.Addresses.Select(a => JsonValue.Create(a))]),
                ["mailboxes"] = new JsonArray([.. data.Mailboxes.Select(m => JsonValue.Create(m))]),
            });
    }

    private static bool TryReadNetwork(string text, out IPNetwork network)
    {
        network = default;
        if (!IPAddress.TryParse(text, out var address))
            return IPNetwork.TryParse(text, out network) && !network.BaseAddress.IsIPv4MappedToIPv6;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
