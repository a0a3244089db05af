using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Web.Platform;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Web.Demo;

/// <summary>Calls to look at, by the address: ?call=ringing, incoming, voice, relay, video, screen, group, lost, declined, held.</summary>
internal static class DemoCalls
{
    public static void Play(DemoPeerClient peer, DemoBrowser browser)
    {
        var at = browser.Query.IndexOf("call=", StringComparison.Ordinal);
        if (at < 0) return;
        var kind = browser.Query[(at + 5)..].Split('&')[0];
        var media = (DemoMedia)browser.Media;
        if (kind == "held") media.Refusal = MediaRefusal.Denied;
        var bob = peer.Snapshot.Contacts.First(c => c.Name.StartsWith("Bob", StringComparison.Ordinal));
        var giulia = peer.Snapshot.Contacts.First(c => c.Name.StartsWith("Giulia", StringComparison.Ordinal));
        giulia.CallReason = Reason.ContactNotVerified;
        var now = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var call = Make(bob, kind is "video" or "screen" or "incoming");
        call.StartedAtMs = now;
        switch (kind)
        {
            case "held":
                return;
            case "incoming":
                (call.Outgoing, call.Stage) = (false, CallStage.Ringing);
                break;
            case "unverified":
                call = Make(giulia, false);
                (call.Outgoing, call.Stage) = (false, CallStage.Ringing);
                break;
            case "ringing":
                (call.Stage, call.Legs[0].Stage, call.ConnectedAtMs) = (CallStage.Ringing, LegStage.Ringing, 0);
                break;
            case "relay":
                Relay(call.Legs[0]);
                break;
            case "lost":
                call.Legs[0].Stage = LegStage.Lost;
                break;
            case "video":
                call.Media.Camera = call.Legs[0].Media.Camera = true;
                break;
            case "screen":
                call.Legs[0].Media = new CallMedia { Microphone = true, Camera = true, Screen = true };
                break;
            case "group":
                call.Group = true;
                var number = 2ul;
                var others = browser.Query.Split("people=") is [_, var many] && int.TryParse(many.Split('&')[0], out var wanted) ? wanted - 1 : 3;
                foreach (var c in peer.Snapshot.Contacts.Where(c => c != bob).Take(others))
                {
                    var leg = Leg(c, number++);
                    leg.Media.Camera = number % 2 == 0;
                    if (number == 4) Relay(leg);
                    call.Legs.Add(leg);
                }

                call.Legs[0].Media.Camera = true;
                if (call.Legs.Count > 2)
                {
                    (call.Legs[2].ContactId, call.Legs[2].BroughtInBy) = (ByteString.Empty, bob.Name);
                    call.Legs[1].Media.Microphone = false;
                }

                call.Legs[0].Speaking = true;
                call.CanAdd = true;
                break;
        }

        peer.Snapshot.Calls.Add(call);
        if (kind is "incoming" or "unverified" or "ringing") return;
        call.ConnectedAtMs = now - 252_000;
        _ = MeasureAsync(media, call);
    }

    public static CallView Calling(DemoPeerClient peer, StartCall start)
    {
        var call = Make(peer.Snapshot.Contacts.First(c => c.Id.Equals(start.ContactIds[0])), start.Video);
        (call.Stage, call.Legs[0].Stage) = (CallStage.Ringing, LegStage.Ringing);
        return call;
    }

    public static void Turn(CallView call)
    {
        if (call.Way == Policy.ServerOnly) Relay(call.Legs[0]);
        else (call.Legs[0].Route, call.Legs[0].Reason, call.Legs[0].Network) = (Route.Direct, Reason.DirectPathOpen, Network.Same);
    }

    private static CallView Make(ContactView contact, bool video) => new()
    {
        CallId = ByteString.CopyFrom(new byte[16]), Outgoing = true, Video = video, Stage = CallStage.Connected, Way = Policy.Automatic,
        Media = new CallMedia { Microphone = true }, ContactId = contact.Id, Legs = { Leg(contact, 1) },
    };

    private static LegView Leg(ContactView contact, ulong number) => new()
    {
        Leg = number, ContactId = contact.Id, IdentityKey = contact.IdentityKey, Name = contact.Name, Stage = LegStage.Connected,
        Media = new CallMedia { Microphone = true }, Route = Route.Direct, Reason = Reason.DirectPathOpen, Network = Network.Same, RoundTripMs = 3,
    };

    private static void Relay(LegView leg) =>
        (leg.Route, leg.Reason, leg.Network, leg.RoundTripMs) = (Route.Relay, Reason.NoDirectWay, Network.Relayed, 41);

    private static async Task MeasureAsync(DemoMedia media, CallView call)
    {
        for (var i = 0; i < 100_000; i++)
        {
            foreach (var leg in call.Legs)
            {
                var wave = (int)(180 * Math.Sin(i / 6.0)) + (i * 37 % 90);
                media.Tell(leg.Leg, new LegQuality(i % 17 == 5 ? 3.2 : 0, 4, 3, call.Video ? 1300 + wave : 41 + (i % 9), 44, call.Video ? 1280 : 0, call.Video ? 720 : 0, 30, 0, "opus", call.Video ? "VP8" : ""));
            }

            if (i > 45) await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }
    }
}
