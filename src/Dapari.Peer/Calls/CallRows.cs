using Dapari.Peer.Store;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Peer.Calls;

/// <summary>Calls as they are kept, so that a restarted device knows what was under way.</summary>
internal static class CallRows
{
    public static string Key(MessageId id) => "call/" + id;

    public static CallRow Save(Call call)
    {
        var row = new CallRow
        {
            Id = call.Id.ToByteString(),
            ContactId = call.With.ToByteString(),
            Outgoing = call.Outgoing,
            Video = call.Video,
            Clock = call.Clock,
            StartedAtMs = call.StartedWallMs,
            AliveAtMs = call.AliveWallMs,
            ConnectedAtMs = call.ConnectedWallMs,
            EndedAtMs = call.EndedWallMs,
            Way = call.Chosen,
            Media = call.Media,
            Phase = call.Phase,
            Joined = call.WasJoined,
            Revision = call.Exchange.Revision,
            Ours = call.Exchange.Ours,
            TheirRevision = call.Exchange.TheirRevision,
            Theirs = call.Exchange.Theirs,
            Group = call.Group?.ToByteString() ?? Google.Protobuf.ByteString.Empty,
            Fellow = call.Fellow,
            BroughtBy = call.BroughtBy?.ToByteString() ?? Google.Protobuf.ByteString.Empty,
            Stranger = call.Stranger,
            Via = call.Via,
            Face = call.Face?.ToByteString() ?? Google.Protobuf.ByteString.Empty,
            FellowsBegun = call.FellowsBegun,
            Called = (uint)call.Called,
            Epoch = call.Leg.Epoch,
            Leg = call.Leg.Id,
            LegOwn = call.Leg.Own,
            Ending = call.Ending,
            Measure = call.Measure,
            EndKnown = call.EndKnown,
            Entered = call.Entered,
            Counted = call.Counted,
            Hidden = call.Hidden,
            LastWay = call.LastWay,
        };
        foreach (var (route, talked) in call.Talked.OrderBy(share => share.Key))
            row.Shares.Add(new CallWayShare { Route = route, TalkedMs = (ulong)talked });
        foreach (var (with, count) in call.FellowsHeard.OrderBy(heard => heard.Key))
            row.FellowsHeard.Add(new CallFellowCount { ContactId = with.ToByteString(), Count = count });
        row.Met.Add(call.Met.Order().Select(with => with.ToByteString()));
        return row;
    }

    /// <summary>A call as it was kept; null: the row cannot be read.</summary>
    public static Call? Load(CallRow row)
    {
        if (!MessageId.TryRead(row.Id, out var id) || !ContactId.TryRead(row.ContactId, out var with) || !Enum.IsDefined(row.Phase)
            || row.Phase == CallPhase.Unspecified)
            return null;
        var call = new Call(id, with, row.Outgoing, row.Video, row.Clock)
        {
            StartedWallMs = row.StartedAtMs,
            AliveWallMs = row.AliveAtMs,
            ConnectedWallMs = row.ConnectedAtMs,
            EndedWallMs = row.EndedAtMs,
            Chosen = row.Way,
            Media = row.Media ?? new CallMedia(),
            Phase = row.Phase,
            WasJoined = row.Joined || row.Phase == CallPhase.Joined,
            Ending = row.Ending,
            Measure = row.Measure,
            EndKnown = row.EndKnown,
            Entered = row.Entered,
            Counted = row.Counted,
            Group = MessageId.TryRead(row.Group, out var group) ? group : null,
            Fellow = row.Fellow,
            BroughtBy = ContactId.TryRead(row.BroughtBy, out var by) ? by : null,
            Stranger = row.Stranger,
            Via = row.Via,
            Face = MessageId.TryRead(row.Face, out var face) ? face : null,
            FellowsBegun = row.FellowsBegun,
            Called = (int)Math.Min(row.Called, WireLimits.CallPeopleCounted),
            Hidden = row.Hidden,
            LastWay = row.LastWay,
        };
        call.Exchange.Revision = row.Revision;
        call.Exchange.Ours = row.Ours;
        call.Exchange.TheirRevision = row.TheirRevision;
        call.Exchange.Theirs = row.Theirs;
        // Gone with its driver; known still, so that nobody takes it for a new one.
        (call.Leg.Epoch, call.Leg.Id, call.Leg.Own) = (row.Epoch, row.Leg, row.LegOwn);
        foreach (var share in row.Shares)
            call.Talked[share.Route] = (long)Math.Min(share.TalkedMs, long.MaxValue / 16);
        foreach (var heard in row.FellowsHeard)
        {
            if (ContactId.TryRead(heard.ContactId, out var fellow))
                call.FellowsHeard[fellow] = heard.Count;
        }

        foreach (var met in row.Met)
        {
            if (ContactId.TryRead(met, out var other))
                call.Met.Add(other);
        }

        return call;
    }
}
