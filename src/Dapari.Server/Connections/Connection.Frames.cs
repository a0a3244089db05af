using System.Net.WebSockets;
using Dapari.Server.Limits;
using Dapari.Server.Push;
using Dapari.Server.Storage;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;
using static Dapari.Wire.V1.ClientFrame;

namespace Dapari.Server.Connections;

/// <summary>What each frame does. Called one after the other by the receive loop.</summary>
internal sealed partial class Connection
{
    /// <summary>Below this the owner is told that few one-time prekeys are left.</summary>
    private const int FewPrekeys = 20;

    private readonly string _host;
    private readonly AddressKey _address;
    private readonly bool _hasTls;
    private readonly byte[] _challenge;
    private readonly Deliveries _deliveries;
    private readonly Lock _slotsGate = new();
    private readonly Dictionary<MailboxId, OwnerSlot> _owned = [];
    private readonly Dictionary<MailboxId, SenderSlot> _senders = [];
    private readonly HashSet<PrekeyStoreId> _prekeyStores = [];
    private volatile bool _welcomed;

    private string _code = "";

    private bool MayCreate => _hub.Options.Registration == Registration.Open || _owned.Count > 0 || _prekeyStores.Count > 0;

    private async Task HandleAsync(ClientFrame frame)
    {
        _hub.Meters.Received.Add(frame.KindCase);
        if (!_welcomed && frame.KindCase != KindOneofCase.Hello)
        {
            RefuseAndClose(frame.Request, Refusal.Malformed, WebSocketCloseStatus.ProtocolError);
            return;
        }

        try
        {
            switch (frame.KindCase)
            {
                case KindOneofCase.Hello: Welcome(frame.Request, frame.Hello); break;
                case KindOneofCase.CreateMailbox: await CreateMailboxAsync(frame.Request, frame.CreateMailbox); break;
                case KindOneofCase.OpenMailbox: await OpenMailboxAsync(frame.Request, frame.OpenMailbox); break;
                case KindOneofCase.OpenSender: await OpenSenderAsync(frame.Request, frame.OpenSender); break;
                case KindOneofCase.Post: await PostAsync(frame.Request, frame.Post); break;
                case KindOneofCase.Live: await LiveAsync(frame.Request, frame.Live); break;
                case KindOneofCase.Acknowledge: await AcknowledgeAsync(frame.Request, frame.Acknowledge); break;
                case KindOneofCase.CloseMailbox: CloseMailbox(frame.Request, frame.CloseMailbox); break;
                case KindOneofCase.DeleteMailbox: await DeleteMailboxAsync(frame.Request, frame.DeleteMailbox); break;
                case KindOneofCase.GetUsage: await GetUsageAsync(frame.Request, frame.GetUsage); break;
                case KindOneofCase.PutInvite: await PutInviteAsync(frame.Request, frame.PutInvite); break;
                case KindOneofCase.GetInvite: await GetInviteAsync(frame.Request, frame.GetInvite); break;
                case KindOneofCase.DeleteInvite: await DeleteInviteAsync(frame.Request, frame.DeleteInvite); break;
                case KindOneofCase.PutPrekeys: await PutPrekeysAsync(frame.Request, frame.PutPrekeys); break;
                case KindOneofCase.TakePrekeys: await TakePrekeysAsync(frame.Request, frame.TakePrekeys); break;
                case KindOneofCase.TakeRelayAccess: TakeRelayAccess(frame.Request); break;
                case KindOneofCase.BeginBlob: await BeginBlobAsync(frame.Request, frame.BeginBlob); break;
                case KindOneofCase.GetBlobUsage: await GetBlobUsageAsync(frame.Request, frame.GetBlobUsage); break;
                case KindOneofCase.SetWake: await SetWakeAsync(frame.Request, frame.SetWake); break;
                case KindOneofCase.Ping: Send(new ServerFrame { Request = frame.Request, Pong = new Pong() }); break;
                default: Refuse(frame.Request, Refusal.Unspecified); break; // A later version's kind: nothing was done, and the connection stays.
            }
        }
        catch (StorageException)
        {
            Refuse(frame.Request, Refusal.Storage); // The writer logged why.
        }
    }

    private void Welcome(ulong request, Hello hello)
    {
        if (_welcomed)
        {
            RefuseAndClose(request, Refusal.Malformed, WebSocketCloseStatus.ProtocolError);
            return;
        }

        if (!ProtocolVersion.TryPick(hello.LowestVersion, hello.HighestVersion, out var version))
        {
            RefuseAndClose(request, Refusal.Version, WebSocketCloseStatus.ProtocolError);
            return;
        }

        _welcomed = true;
        _code = hello.RegistrationCode;
        var options = _hub.Options;
        var welcome = new Welcome
        {
            Version = version,
            Challenge = ByteString.CopyFrom(_challenge),
            ServerTimeMs = (ulong)_hub.Clock.Time.GetUtcNow().ToUnixTimeMilliseconds(),
            Limits = new Wire.V1.Limits
            {
                EnvelopeBytes = WireLimits.EnvelopeBytes,
                MailboxesPerConnection = (uint)options.MailboxesPerConnection,
                RetentionDays = (uint)options.RetentionDays,
                MailboxBytes = (ulong)options.Quota.Bytes,
                MailboxEnvelopes = (uint)options.Quota.Envelopes,
                IdleSeconds = (uint)options.IdleDeadline.TotalSeconds,
            },
        };
        welcome.Registration = options.Registration;
        welcome.IceServers.AddRange(options.IceServers);
        if (_hub.Pushes is { } pushes)
            welcome.PushKey = ByteString.CopyFrom(pushes.Key.PublicKey);
        Send(new ServerFrame { Request = request, Welcome = welcome });
    }

    private async Task CreateMailboxAsync(ulong request, CreateMailbox create)
    {
        MailboxId.TryRead(create.MailboxId, out var id);
        if (!IsAllowed(request, _hub.Limits.Creations) || !IsAllowed(request, _hub.Limits.Proofs) || !HasRoom(request, _owned.Count, id, _owned))
            return;
        var turn = _hub.NextTurn();
        var ownerKey = create.OwnerKey.ToByteArray();
        if (!Proofs.Verify(ProofMessage.MailboxOwner(_host, _challenge, id), ownerKey, create.Signature))
        {
            Refuse(request, Refusal.UnknownMailbox);
            return;
        }

        if (IsBlocked(request, id))
            return;
        var outcome = await CreateAsync(mayCreate => _hub.Office.CreateMailboxAsync(id, ownerKey, create.SenderKey.ToByteArray(), mayCreate, _left), o => o.Refusal);
        if (outcome.Refusal != Refusal.Unspecified)
        {
            Refuse(request, outcome.Refusal);
            return;
        }

        Done(request);
        Own(id, outcome.Number, turn);
    }

    /// <summary>Creates as far as this connection may; a code is used up only by what is made with it, not by a repeat, nor by a failure.</summary>
    private async Task<TOutcome> CreateAsync<TOutcome>(Func<bool, Task<TOutcome>> create, Func<TOutcome, Refusal> refusal)
    {
        var outcome = await create(MayCreate);
        if (refusal(outcome) != Refusal.RegistrationClosed || _hub.Options.Registration != Registration.Invited)
            return outcome;
        using var admission = _hub.Rules.Admit(_code);
        if (admission is null)
            return outcome;
        outcome = await create(true);
        if (refusal(outcome) == Refusal.Unspecified)
            admission.Use();
        return outcome;
    }

    private bool IsBlocked(ulong request, MailboxId id)
    {
        if (!_hub.Rules.IsBlocked(id))
            return false;
        Refuse(request, Refusal.UnknownMailbox);
        return true;
    }

    private async Task OpenMailboxAsync(ulong request, OpenMailbox open)
    {
        MailboxId.TryRead(open.MailboxId, out var id);
        if (!IsAllowed(request, _hub.Limits.Proofs) || !HasRoom(request, _owned.Count, id, _owned))
            return;
        if (IsBlocked(request, id))
            return;
        var turn = _hub.NextTurn();
        var row = await _hub.Office.FindMailboxAsync(id, _left);
        if (!Proofs.Verify(ProofMessage.MailboxOwner(_host, _challenge, id), row?.OwnerKey, open.Signature))
        {
            Refuse(request, Refusal.UnknownMailbox);
            return;
        }

        var usage = await _hub.Office.OpenMailboxAsync(id, row!.Value.Number, _left);
        if (usage.Refusal != Refusal.Unspecified)
        {
            Refuse(request, usage.Refusal); // It was deleted meanwhile.
            return;
        }

        Send(new ServerFrame
        {
            Request = request,
            MailboxOpened = new MailboxOpened { WaitingEnvelopes = (ulong)usage.Envelopes, HighestAcknowledged = (ulong)usage.HighestAcknowledged, Wake = ByteString.CopyFrom(row.Value.Wake) },
        });
        Own(id, row.Value.Number, turn);
    }

    /// <summary>From here on deliveries of the mailbox go to this connection. The answer is queued before, so it comes first.</summary>
    private void Own(MailboxId id, long number, long turn)
    {
        OwnerSlot? slot;
        lock (_slotsGate)
        {
            if (_owned.TryGetValue(id, out slot) && slot.Number == number && !slot.Closed)
                return;
            slot = _deliveries.Open(id, number, this, turn);
            _owned[id] = slot;
        }

        _hub.Take(slot);
        _deliveries.Pump();
    }

    private async Task OpenSenderAsync(ulong request, OpenSender open)
    {
        MailboxId.TryRead(open.MailboxId, out var id);
        if (!IsAllowed(request, _hub.Limits.Proofs) || !HasRoom(request, _senders.Count, id, _senders))
            return;
        if (IsBlocked(request, id))
            return;
        var row = await _hub.Office.FindMailboxAsync(id, _gone.Token);
        if (!Proofs.Verify(ProofMessage.MailboxSender(_host, _challenge, id), row?.SenderKey, open.Signature))
        {
            Refuse(request, Refusal.UnknownMailbox);
            return;
        }

        _senders[id] = new SenderSlot(id, row!.Value.Number);
        Done(request);
    }

    private async Task LiveAsync(ulong request, Live live)
    {
        MailboxId.TryRead(live.MailboxId, out var id);
        if (IsBlocked(request, id))
            return;
        if (!_senders.TryGetValue(id, out var sender))
        {
            Refuse(request, Refusal.NotOpen);
            return;
        }

        if (!_hub.Limits.Live.TryTake(sender.Number, out var retryAfterMs))
        {
            Refuse(request, Refusal.Rate, retryAfterMs);
            return;
        }

        var isThere = await _hub.Office.LiveAsync(sender, live);
        Send(new ServerFrame { Request = request, LiveResult = new LiveResult { RecipientConnected = isThere } });
    }

    /// <summary>A live frame may be lost: where much waits already it gives way, and never closes a connection.</summary>
    public void DeliverLive(ServerFrame frame)
    {
        if (_outbox.Bytes < _hub.Options.SendQueueBytes / 4)
            Send(frame);
    }

    private void CloseMailbox(ulong request, CloseMailbox close)
    {
        if (OwnedSlot(request, close.MailboxId) is not { } slot)
            return;
        lock (_slotsGate)
            _owned.Remove(slot.Id);
        _hub.Release(slot);
        Done(request);
    }

    private async Task DeleteMailboxAsync(ulong request, DeleteMailbox delete)
    {
        if (OwnedSlot(request, delete.MailboxId) is not { } slot)
            return;
        var outcome = await _hub.Office.DeleteMailboxAsync(slot.Number, _gone.Token);
        lock (_slotsGate)
            _owned.Remove(slot.Id);
        _hub.Forget(slot.Number);
        Answer(request, outcome.Refusal);
    }

    private async Task GetUsageAsync(ulong request, GetUsage get)
    {
        if (OwnedSlot(request, get.MailboxId) is not { } slot)
            return;
        var usage = await _hub.Office.UsageAsync(slot.Number, _gone.Token);
        if (usage.Refusal != Refusal.Unspecified)
        {
            Refuse(request, usage.Refusal);
            return;
        }

        Send(new ServerFrame
        {
            Request = request,
            Usage = new Usage
            {
                StoredBytes = (ulong)usage.Bytes,
                StoredEnvelopes = (ulong)usage.Envelopes,
                QuotaBytes = (ulong)_hub.Options.Quota.Bytes,
                QuotaEnvelopes = (ulong)_hub.Options.Quota.Envelopes,
                RetentionDays = (uint)_hub.Options.RetentionDays,
            },
        });
    }

    private async Task SetWakeAsync(ulong request, SetWake set)
    {
        if (OwnedSlot(request, set.MailboxId) is not { } slot)
            return;
        // Whoever wants no wake-ups may always say so.
        if (set.Subscription is not null && _hub.Pushes?.Check(set.Subscription) is not PushTargetFault.None)
        {
            Refuse(request, Refusal.NoPush);
            return;
        }

        var outcome = await _hub.Office.SetWakeAsync(slot.Id, slot.Number, set.Subscription, _gone.Token);
        _hub.Pushes?.Forget(slot.Number);
        Answer(request, outcome.Refusal);
    }

    private OwnerSlot? OwnedSlot(ulong request, ByteString mailbox)
    {
        MailboxId.TryRead(mailbox, out var id);
        if (IsBlocked(request, id))
            return null;
        lock (_slotsGate)
        {
            if (_owned.TryGetValue(id, out var slot) && !slot.Closed)
                return slot;
        }

        Refuse(request, Refusal.NotOpen);
        return null;
    }

    private bool IsAllowed(ulong request, RateTable<AddressKey> table)
    {
        if (table.TryTake(_address, out var retryAfterMs))
            return true;
        Refuse(request, Refusal.Rate, retryAfterMs);
        return false;
    }

    private bool HasRoom<TValue>(ulong request, int count, MailboxId id, Dictionary<MailboxId, TValue> open)
    {
        if (count < _hub.Options.MailboxesPerConnection || open.ContainsKey(id))
            return true;
        Refuse(request, Refusal.TooMany);
        return false;
    }

    private void ReleaseAll()
    {
        OwnerSlot[] slots;
        lock (_slotsGate)
        {
            slots = [.. _owned.Values];
            _owned.Clear();
        }

        foreach (var slot in slots)
            _hub.Release(slot);
        foreach (var store in _prekeyStores)
            _hub.ReleasePrekeyStore(store, this);
    }

    private void Done(ulong request) => Send(new ServerFrame { Request = request, Done = new Done() });

    private void Answer(ulong request, Refusal refusal)
    {
        if (refusal == Refusal.Unspecified)
            Done(request);
        else
            Refuse(request, refusal);
    }

    private void Refuse(ulong request, Refusal refusal, uint retryAfterMs = 0) =>
        Send(new ServerFrame { Request = request, Refused = new Refused { Refusal = refusal, RetryAfterMs = retryAfterMs } });
}
