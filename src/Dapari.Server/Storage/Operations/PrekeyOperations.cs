using Dapari.Wire;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Server.Storage.Operations;

/// <summary>How many one-time keys a store has left.</summary>
internal readonly record struct PrekeyOutcome(Refusal Refusal, int OneTime, int OneTimeKem, PrekeyBundle? Bundle = null);

/// <summary>Keeps a device's prekeys. A key whose id is kept or was given away already is passed over: no repeat revives it.</summary>
internal sealed class PutPrekeysOperation(PrekeyStoreId id, PutPrekeys upload, bool mayCreate) : WriteOperation<PrekeyOutcome>
{
    public override void Apply(WriteSession session)
    {
        var key = id.ToArray();
        var row = new PrekeyStoreRow(0, upload.OwnerKey.ToByteArray(), upload.Device.ToByteArray(), upload.SignedPrekey.ToByteArray(),
            upload.LastResort.ToByteArray());
        if (session.TryFindPrekeyStore(key, out var present))
        {
            if (!present.OwnerKey.AsSpan().SequenceEqual(row.OwnerKey))
            {
                Result = new PrekeyOutcome(Refusal.Taken, 0, 0);
                return;
            }

            row = row with { Number = present.Number };
        }
        else if (!mayCreate)
        {
            Result = new PrekeyOutcome(Refusal.RegistrationClosed, 0, 0);
            return;
        }

        var kept = upload.Replace || row.Number == 0 ? (OneTime: 0, Kem: 0) : Count(session, row.Number);
        if (kept.OneTime + upload.OneTime.Count > WireLimits.PrekeysKept || kept.Kem + upload.OneTimeKem.Count > WireLimits.PrekeysKept)
        {
            Result = new PrekeyOutcome(Refusal.TooMany, kept.OneTime, kept.Kem);
            return;
        }

        if (row.Number == 0)
            row = row with { Number = session.InsertPrekeyStore(key, row) };
        else
            session.UpdatePrekeyStore(row);
        if (upload.Replace)
            session.DeletePrekeys(row.Number);
        foreach (var prekey in upload.OneTime)
            session.AddPrekey(row.Number, PrekeyKind.Agreement, prekey.Id, prekey.ToByteArray());
        foreach (var prekey in upload.OneTimeKem)
            session.AddPrekey(row.Number, PrekeyKind.Kem, prekey.Id, prekey.ToByteArray());
        kept = Count(session, row.Number);
        Result = new PrekeyOutcome(Refusal.Unspecified, kept.OneTime, kept.Kem);
    }

    internal static (int OneTime, int Kem) Count(WriteSession session, long store) =>
        (session.CountPrekeys(store, PrekeyKind.Agreement), session.CountPrekeys(store, PrekeyKind.Kem));
}

/// <summary>Takes one key of each kind out for good. It is given only after the commit, so no crash gives it twice.</summary>
internal sealed class TakePrekeysOperation(PrekeyStoreId id) : WriteOperation<PrekeyOutcome>
{
    public override void Apply(WriteSession session)
    {
        if (!session.TryFindPrekeyStore(id.ToArray(), out var row))
        {
            Result = new PrekeyOutcome(Refusal.UnknownPrekeys, 0, 0);
            return;
        }

        var bundle = new PrekeyBundle
        {
            Device = DeviceCertificate.Parser.ParseFrom(row.Device),
            SignedPrekey = SignedPrekey.Parser.ParseFrom(row.SignedPrekey),
        };
        if (session.TakePrekey(row.Number, PrekeyKind.Agreement) is { } oneTime)
            bundle.OneTimePrekey = OneTimePrekey.Parser.ParseFrom(oneTime);
        bundle.KemPrekey = KemPrekey.Parser.ParseFrom(session.TakePrekey(row.Number, PrekeyKind.Kem) ?? row.LastResort);
        var (left, leftKem) = PutPrekeysOperation.Count(session, row.Number);
        Result = new PrekeyOutcome(Refusal.Unspecified, left, leftKem, bundle);
    }
}
