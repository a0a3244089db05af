using Dapari.Server.Storage.Operations;
using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Connections;

/// <summary>Invites and prekeys.</summary>
internal sealed partial class Connection
{
    private async Task PutInviteAsync(ulong request, PutInvite put)
    {
        InviteBlobId.TryRead(put.BlobId, out var id);
        if (!IsAllowed(request, _hub.Limits.Creations) || !IsAllowed(request, _hub.Limits.Proofs))
            return;
        var ownerKey = put.OwnerKey.ToByteArray();
        if (!Proofs.Verify(ProofMessage.InviteOwner(_host, _challenge, id), ownerKey, put.Signature))
        {
            Refuse(request, Refusal.UnknownInvite);
            return;
        }

        var longest = (ulong)TimeSpan.FromDays(_hub.Options.InviteDays).TotalMilliseconds;
        var lives = put.ExpiresInMs == 0 ? longest : Math.Min(longest, put.ExpiresInMs);
        var outcome = await _hub.Office.PutInviteAsync(id, ownerKey, put.Blob.ToByteArray(), _hub.Clock.NowMs + (long)lives, _gone.Token);
        Answer(request, outcome.Refusal);
    }

    private async Task GetInviteAsync(ulong request, GetInvite get)
    {
        InviteBlobId.TryRead(get.BlobId, out var id);
        if (!IsAllowed(request, _hub.Limits.InviteLookups))
            return;
        var blob = await _hub.Office.InviteAsync(id, _gone.Token);
        if (blob is null)
            Refuse(request, Refusal.UnknownInvite);
        else
            Send(new ServerFrame { Request = request, Invite = new Invite { Blob = UnsafeByteOperations.UnsafeWrap(blob) } });
    }

    private async Task DeleteInviteAsync(ulong request, DeleteInvite delete)
    {
        InviteBlobId.TryRead(delete.BlobId, out var id);
        if (!IsAllowed(request, _hub.Limits.Proofs))
            return;
        var message = ProofMessage.InviteOwner(_host, _challenge, id);
        var outcome = await _hub.Office.DeleteInviteAsync(id, key => Proofs.Verify(message, key, delete.Signature), _gone.Token);
        Answer(request, outcome.Refusal);
    }

    private async Task PutPrekeysAsync(ulong request, PutPrekeys put)
    {
        PrekeyStoreId.TryRead(put.StoreId, out var id);
        if (!IsAllowed(request, _hub.Limits.Creations) || !IsAllowed(request, _hub.Limits.Proofs))
            return;
        if (!Proofs.Verify(ProofMessage.PrekeysOwner(_host, _challenge, id), put.OwnerKey.ToByteArray(), put.Signature))
        {
            Refuse(request, Refusal.UnknownPrekeys);
            return;
        }

        var outcome = await CreateAsync(mayCreate => _hub.Office.PutPrekeysAsync(id, put, mayCreate, _gone.Token), o => o.Refusal);
        if (outcome.Refusal != Refusal.Unspecified)
        {
            Refuse(request, outcome.Refusal);
            return;
        }

        if (_prekeyStores.Count < _hub.Options.MailboxesPerConnection && _prekeyStores.Add(id))
            _hub.TakePrekeyStore(id, this);
        Send(new ServerFrame { Request = request, PrekeyCount = Count(put.StoreId, outcome) });
    }

    private async Task TakePrekeysAsync(ulong request, TakePrekeys take)
    {
        PrekeyStoreId.TryRead(take.StoreId, out var id);
        if (!IsAllowed(request, _hub.Limits.PrekeyTakes))
            return;
        var outcome = await _hub.Office.TakePrekeysAsync(id, _gone.Token);
        if (outcome.Refusal != Refusal.Unspecified)
        {
            Refuse(request, outcome.Refusal);
            return;
        }

        Send(new ServerFrame { Request = request, Prekeys = new Prekeys { Bundle = outcome.Bundle } });
        if (outcome.OneTime < FewPrekeys || outcome.OneTimeKem < FewPrekeys)
            _hub.Office.TellPrekeyCount(id, outcome.OneTime, outcome.OneTimeKem);
    }

    private static PrekeyCount Count(ByteString store, PrekeyOutcome outcome) =>
        new() { StoreId = store, OneTime = (uint)outcome.OneTime, OneTimeKem = (uint)outcome.OneTimeKem };
}
