using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Server.Storage.Operations;

/// <summary>Keeps an invite's sealed blob, or replaces the same owner's.</summary>
internal sealed class PutInviteOperation(InviteBlobId id, byte[] ownerKey, byte[] blob, long expiresMs) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        var key = id.ToArray();
        if (session.TryFindInvite(key, session.Clock.NowMs, out var owner) && !owner.AsSpan().SequenceEqual(ownerKey))
        {
            Result = new Outcome(Refusal.Taken);
            return;
        }

        session.PutInvite(key, ownerKey, expiresMs, blob);
        Result = new Outcome(Refusal.Unspecified);
    }
}

/// <summary>Revokes an invite; its proof is checked against the stored owner key here, where nothing can change in between.</summary>
internal sealed class DeleteInviteOperation(InviteBlobId id, Func<byte[], bool> proves) : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session)
    {
        var key = id.ToArray();
        if (!session.TryFindInvite(key, session.Clock.NowMs, out var owner) || !proves(owner))
        {
            Result = new Outcome(Refusal.UnknownInvite);
            return;
        }

        session.DeleteInvite(key);
        Result = new Outcome(Refusal.Unspecified);
    }
}

/// <summary>Removes all invites whose time is over.</summary>
internal sealed class ExpireInvitesOperation : WriteOperation<Outcome>
{
    public override void Apply(WriteSession session) => session.ExpireInvites(session.Clock.NowMs);
}
