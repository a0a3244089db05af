using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Demo;

/// <summary>People and messages made up, so that screens can be looked at without a peer.</summary>
internal sealed class DemoPeerClient : IPeerClient
{
    private const ulong Minute = 60_000;
    private readonly Dictionary<ByteString, List<MessageRecord>> _messages = [];
    private readonly TimeProvider _time;
    private readonly ulong _now;
    private ulong _clock = 1_000_000;

    public DemoPeerClient(TimeProvider time, bool empty, bool away, bool request)
    {
        _time = time;
        _now = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds();
        Snapshot = new Snapshot { Revision = 1 };
        if (empty) return;
        Snapshot.Self = new SelfView { IdentityKey = Key("me"), Name = "Alice", HomeServer = "https://dapari.example", DefaultPolicy = Policy.Automatic, SendReadReceipts = true, SendTyping = true };
        Snapshot.Servers.Add(new ServerView { Origin = "https://dapari.example", Home = true, State = away ? ServerState.Offline : ServerState.Online, RetentionDays = 30, StoredBytes = 1_240_000, QuotaBytes = 64_000_000, RetryAtMs = _now + 8000 });
        Snapshot.Servers.Add(new ServerView { Origin = "https://posta.esempio.it", State = ServerState.Online, RetentionDays = 14 });
        Bob();
        Person("Giulia Ferrando", "Perfetto, ci vediamo alle otto 🍝", 34, unread: 2, route: Route.Mailbox, outgoing: false);
        Person("Многолет Иванов", "Завтра позвоню", 190, route: Route.Mailbox, outgoing: false);
        Person("Nonna Teresa", "Ho imparato a mandare i messaggi!", 1500, route: Route.Direct, outgoing: false, path: PathState.Open, verified: true);
        Person("ليلى حداد", "شكرا جزيلا على كل شيء", 2900, route: Route.Mailbox, outgoing: true);
        Person("Coro del martedì", "Chi porta le partiture?", 4400, route: Route.Relay, outgoing: false);
        var asked = Person("Marco Devoto", "Ciao Marco, sono Alice della biblioteca", 12, route: Route.Waiting, outgoing: true);
        asked.State = ContactState.Asked;
        asked.Path = new PathView { NextRoute = Route.Waiting, NextReason = Reason.NotAcceptedYet };
        Long();
        if (request)
        {
            Snapshot.Contacts.Insert(0, new ContactView { Id = Key("Sofia").Span[..16].ToArray() is var b ? ByteString.CopyFrom(b) : null, IdentityKey = Key("Sofia"), Name = "Sofia Parodi", TheirName = "Sofia Parodi", State = ContactState.Asking });
        }

        Snapshot.Invites.Add(new InviteView { Id = Key("i1"), Link = "https://dapari.example/i#Qm9iIGlzIG5vdCBoZXJl", CreatedAtMs = _now, ExpiresAtMs = _now + (7 * 24 * 60 * Minute), Published = true });
        Snapshot.Invites.Add(new InviteView { Id = Key("i2"), Link = "https://dapari.example/i#Q2hlc3MgY2x1YiByb2Nrcw", Reusable = true, Uses = 4, Label = "Circolo scacchi", CreatedAtMs = _now, ExpiresAtMs = _now + (30 * 24 * 60 * Minute), Published = true });
    }

    public Snapshot Snapshot { get; }

    public event Action<Notice>? Changed;

    public async Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation)
    {
        switch (command.KindCase)
        {
            case Command.KindOneofCase.CreateIdentity:
                Snapshot.Self = new SelfView { IdentityKey = Key("me"), Name = command.CreateIdentity.Name, SendReadReceipts = true, SendTyping = true };
                Snapshot.Servers.Add(new ServerView { Origin = "https://dapari.example", Home = true, State = ServerState.Online });
                break;
            case Command.KindOneofCase.MakeInvite:
                var invite = new InviteView { Id = Key("i" + _clock++), Link = "https://dapari.example/i#c29tZXRoaW5nIHJhbmRvbQ", Reusable = command.MakeInvite.Reusable, Label = command.MakeInvite.Label, ExpiresAtMs = _now + command.MakeInvite.ExpiresInMs, Published = true };
                Snapshot.Invites.Add(invite);
                Tell();
                return new CommandResult { Invite = invite };
            case Command.KindOneofCase.RevokeInvite:
                Snapshot.Invites.First(i => i.Id.Equals(command.RevokeInvite.InviteId)).Revoked = true;
                break;
            case Command.KindOneofCase.GetSafetyNumber:
                return new CommandResult { SafetyNumber = "123456789012345678901234567890123456789012345678901234567890"[..60], SafetyCode = Key("safe") };
            case Command.KindOneofCase.SetPolicy:
                if (command.SetPolicy.ContactId.IsEmpty) Snapshot.Self.DefaultPolicy = command.SetPolicy.Policy;
                else Contact(command.SetPolicy.ContactId).Policy = Contact(command.SetPolicy.ContactId).EffectivePolicy = command.SetPolicy.Policy;
                break;
            case Command.KindOneofCase.SetVerified:
                Contact(command.SetVerified.ContactId).Verified = command.SetVerified.Verified;
                break;
            case Command.KindOneofCase.SetBlocked:
                Contact(command.SetBlocked.ContactId).State = command.SetBlocked.Blocked ? ContactState.Blocked : ContactState.Accepted;
                break;
            case Command.KindOneofCase.AnswerRequest:
                Contact(command.AnswerRequest.ContactId).State = ContactState.Accepted;
                break;
            case Command.KindOneofCase.RemoveContact:
                Snapshot.Contacts.Remove(Contact(command.RemoveContact.ContactId));
                break;
            case Command.KindOneofCase.MarkRead:
                Contact(command.MarkRead.ContactId).Unread = 0;
                Contact(command.MarkRead.ContactId).ReadThrough = command.MarkRead.ThroughClock;
                break;
            case Command.KindOneofCase.SetProfile:
                Snapshot.Self.Name = command.SetProfile.Name;
                Snapshot.Self.SendReadReceipts = command.SetProfile.SendReadReceipts;
                Snapshot.Self.SendTyping = command.SetProfile.SendTyping;
                break;
            case Command.KindOneofCase.SendText:
                await SendAsync(command.SendText);
                return new CommandResult();
            case Command.KindOneofCase.StartCall:
                Show(DemoCalls.Calling(this, command.StartCall));
                return new CommandResult { CallId = Snapshot.Calls[0].CallId };
            case Command.KindOneofCase.AnswerCall:
                Snapshot.Calls[0].Stage = CallStage.Connected;
                Snapshot.Calls[0].ConnectedAtMs = _now;
                break;
            case Command.KindOneofCase.EndCall:
                var ended = Snapshot.Calls[0].Clone();
                ended.Stage = CallStage.Ended;
                ended.Outcome = CallOutcome.Answered;
                Show(ended);
                Show();
                break;
            case Command.KindOneofCase.SetCallMedia:
                if (Snapshot.Calls.Count != 0) Snapshot.Calls[0].Media = command.SetCallMedia.Media;
                break;
            case Command.KindOneofCase.SetCallWay:
                Snapshot.Calls[0].Way = command.SetCallWay.Way;
                DemoCalls.Turn(Snapshot.Calls[0]);
                break;
            case Command.KindOneofCase.SetCallPolicy:
                Contact(command.SetCallPolicy.ContactId).CallPolicy = command.SetCallPolicy.Policy;
                break;
            case Command.KindOneofCase.AskDropOffRoom:
                return new CommandResult { Room = new DropOffRoom { UsedBytes = 340_000_000, QuotaBytes = 2_147_483_648, RoomBytes = 1_800_000_000, KeepDays = 14 } };
            case Command.KindOneofCase.SetFileRules:
                Snapshot.Self.ReceiveUnaskedBytes = command.SetFileRules.ReceiveUnaskedBytes;
                break;
            case Command.KindOneofCase.PauseFiles:
                var paused = Snapshot.Transfers.First(view => view.TransferId.Equals(command.PauseFiles.TransferId));
                paused.Paused = command.PauseFiles.Paused;
                paused.Trouble = paused.Paused ? TransferTrouble.Paused : TransferTrouble.Unspecified;
                break;
            case Command.KindOneofCase.OpenInvite:
                return new CommandResult { Refusal = CommandRefusal.BadLink };
        }

        Tell();
        return new CommandResult();
    }

    public ValueTask<MessagePage> ReadMessagesAsync(ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation)
    {
        var all = _messages.GetValueOrDefault(contact.ToByteString()) ?? [];
        if (direction == PageDirection.Older)
        {
            var end = anchor.IsEmpty ? all.Count : Lower(all, anchor.Span, 0);
            var start = Math.Max(0, end - count);
            return ValueTask.FromResult(new MessagePage(all.GetRange(start, end - start), start > 0));
        }

        var from = Lower(all, anchor.Span, 1);
        var length = Math.Min(count, all.Count - from);
        return ValueTask.FromResult(new MessagePage(all.GetRange(from, length), from + length < all.Count));
    }

    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation)
    {
        var id = message.ToByteString();
        return ValueTask.FromResult(_messages.Values.SelectMany(m => m).FirstOrDefault(m => m.Id.Equals(id)));
    }

    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<MessageRecord>>([.. _messages.Values.SelectMany(m => m).Where(m => m.Text.Contains(query, StringComparison.OrdinalIgnoreCase)).Take(count)]);

    private static int Lower(List<MessageRecord> all, ReadOnlySpan<byte> key, int equalGoes)
    {
        var (low, high) = (0, all.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (all[middle].OrderKey.Span.SequenceCompareTo(key) < equalGoes) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    internal static ByteString Key(string name) => ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    internal void Show(params CallView[] calls)
    {
        Snapshot.Calls.Clear();
        Snapshot.Calls.AddRange(calls);
        Tell();
    }

    private ContactView Contact(ByteString id) => Snapshot.Contacts.First(c => c.Id.Equals(id));

    internal void Tell(params MessageChange[] changes)
    {
        var notice = new Notice { Snapshot = Snapshot };
        notice.Messages.AddRange(changes);
        Changed?.Invoke(notice);
    }

    private ContactView Person(string name, string last, int minutesAgo, uint unread = 0, Route route = Route.Direct, bool outgoing = true, PathState path = PathState.Closed, bool verified = false)
    {
        var key = Key(name);
        var contact = new ContactView
        {
            Id = ByteString.CopyFrom(key.Span[..16]),
            IdentityKey = key,
            Name = name,
            TheirName = name,
            State = ContactState.Accepted,
            Unread = unread,
            Verified = verified,
            AddedAtMs = _now - (20_000 * Minute),
            Server = "https://posta.esempio.it",
            EffectivePolicy = Policy.Automatic,
            Path = new PathView { State = path, NextRoute = path == PathState.Open ? Route.Direct : Route.Mailbox, NextReason = path == PathState.Open ? Reason.DirectPathOpen : Reason.PeerOffline, Network = Network.Internet, RoundTripMs = 38, SinceMs = _now - (12 * Minute) },
        };
        Snapshot.Contacts.Add(contact);
        Say(contact, outgoing, last, _now - ((ulong)minutesAgo * Minute), route, Reason.PeerOffline);
        return contact;
    }

    internal MessageRecord Say(ContactView c, bool outgoing, string text, ulong at, Route route, Reason reason, MessageState state = MessageState.Delivered, ulong lay = 0)
    {
        var list = _messages.TryGetValue(c.Id, out var l) ? l : _messages[c.Id] = [];
        var clock = _clock++;
        var id = Key(c.Name + clock).Span[..16].ToArray();
        var order = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(order, clock);
        id.AsSpan(0, 7).CopyTo(order.AsSpan(9));
        var record = new MessageRecord
        {
            Id = ByteString.CopyFrom(id), ContactId = c.Id, Outgoing = outgoing, Clock = clock, Kind = MessageKind.Text, Text = text, State = outgoing ? state : MessageState.Received,
            ShownAtMs = at, ComposedAtMs = at, OnServerAtMs = route == Route.Mailbox ? at + 40 : 0, DeliveredAtMs = at + 90 + lay, OrderKey = ByteString.CopyFrom(order),
            Route = new RouteRecord { Route = route, Reason = reason, LayMs = lay, Network = route == Route.Direct ? Network.Same : Network.Unspecified, RoundTripMs = route == Route.Direct ? 4u : 0 },
        };
        list.Add(record);
        c.LastMessage = record;
        if (outgoing && state == MessageState.Delivered) c.TheyReadThrough = clock;
        return record;
    }

    private void Entry(ContactView c, bool outgoing, ulong at, CallRecord call)
    {
        var record = Say(c, outgoing, "", at, Route.Unspecified, Reason.Unspecified);
        record.Kind = MessageKind.Call;
        record.Call = call;
    }

    private void Bob()
    {
        var bob = Person("Bob Canepa", "Allora, com’è andata la prova?", 3200, route: Route.Mailbox, outgoing: false, path: PathState.Open, verified: true);
        var t = _now - (1500 * Minute);
        Say(bob, true, "Benissimo! Il programma per la festa è pronto: https://esempio.it/festa?anno=2026", t, Route.Mailbox, Reason.PeerOffline, lay: 2 * 60 * Minute);
        Say(bob, true, "Guardalo quando torni a casa, non c’è fretta.", t + 20_000, Route.Mailbox, Reason.PeerOffline, lay: 2 * 60 * Minute);
        t = _now - (40 * Minute);
        Say(bob, false, "Eccomi, sono tornato", t, Route.Mailbox, Reason.DirectPathNotYet);
        Say(bob, false, "L’ho letto tutto d’un fiato. Mi piace soprattutto la parte in piazza, con le sedie prese in prestito dal circolo: fa subito casa.", t + 15_000, Route.Direct, Reason.DirectPathOpen);
        Say(bob, false, "🎉", t + 30_000, Route.Direct, Reason.DirectPathOpen);
        Say(bob, true, "Che bello 😊 allora prenoto", t + (2 * Minute), Route.Direct, Reason.DirectPathOpen);
        Say(bob, true, "Ah, una cosa: " + string.Join(" ", Enumerable.Repeat("bisogna chiedere il permesso al comune, e poi c’è la questione delle luci che l’anno scorso sono rimaste accese tutta la notte.", 9)), t + (3 * Minute), Route.Direct, Reason.DirectPathOpen);
        Say(bob, false, "مرحبا! questo è per Leila", t + (6 * Minute), Route.Relay, Reason.RelayPathOpen);
        Say(bob, true, "Le scrivo io", t + (7 * Minute), Route.Direct, Reason.DirectPathOpened);
        Entry(bob, true, t + (9 * Minute), new CallRecord { Outcome = CallOutcome.Answered, TalkedMs = 252_000, Way = new RouteRecord { Route = Route.Direct, Reason = Reason.DirectPathOpen, Network = Network.Same, RoundTripMs = 3 }, People = 1 });
        Entry(bob, false, t + (20 * Minute), new CallRecord { Video = true, Outcome = CallOutcome.Missed, People = 1 });
        Entry(bob, true, t + (30 * Minute), new CallRecord { Outcome = CallOutcome.Declined, People = 1 });
        Entry(bob, false, t + (33 * Minute), new CallRecord { Video = true, Outcome = CallOutcome.Answered, TalkedMs = 4_012_000, Way = new RouteRecord { Route = Route.Relay, Reason = Reason.NoDirectWay, RoundTripMs = 41, Network = Network.Relayed }, People = 1, Shares = { new CallWayShare { Route = Route.Direct, TalkedMs = 3_000_000 }, new CallWayShare { Route = Route.Relay, TalkedMs = 1_012_000 } } });
        Say(bob, true, "A stasera!", t + (38 * Minute), Route.Mailbox, Reason.DirectPathLost, MessageState.OnServer);
        var last = Say(bob, true, "(se la rete tiene)", t + (38 * Minute) + 9000, Route.Waiting, Reason.ServerUnreachable, MessageState.Queued);
        bob.TheyReadThrough = last.Clock - 3;
    }

    private void Long()
    {
        var c = Person("Diario lungo", "Il primo", 900_000, route: Route.Mailbox, outgoing: false);
        string[] bits = ["Va bene.", "Ci penso io e ti faccio sapere domani mattina.", "Hai visto che tempo?", "Sì, però bisogna portare anche le sedie, altrimenti chi arriva dopo resta in piedi tutta la sera.", "👍"];
        for (var i = 0; i < 100_000; i++)
            Say(c, i % 3 == 0, $"{i}: {bits[i % bits.Length]}", _now - ((ulong)(100_000 - i) * 5 * Minute), i % 7 == 0 ? Route.Mailbox : Route.Direct, Reason.DirectPathOpen);
    }

    private async Task SendAsync(SendText send)
    {
        var c = Contact(send.ContactId);
        await Task.Delay(TimeSpan.FromMilliseconds(30), _time);
        var record = Say(c, true, send.Text, (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds(), Route.Waiting, Reason.Unspecified, MessageState.Queued);
        record.Id = send.MessageId;
        Tell(new MessageChange { Record = record });
        await Task.Delay(TimeSpan.FromMilliseconds(400), _time);
        record = record.Clone();
        record.State = MessageState.Delivered;
        record.Route = new RouteRecord { Route = c.Path.NextRoute, Reason = Reason.DirectPathOpen };
        var list = _messages[c.Id];
        list[^1] = record;
        c.LastMessage = record;
        Tell(new MessageChange { Record = record });
        await Task.Delay(TimeSpan.FromSeconds(2), _time);
        var answer = Say(c, false, "Ricevuto: " + send.Text, (ulong)_time.GetUtcNow().ToUnixTimeMilliseconds(), Route.Direct, Reason.DirectPathOpen);
        Tell(new MessageChange { Record = answer, Arrived = true });
    }
}
