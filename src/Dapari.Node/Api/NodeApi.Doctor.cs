using Dapari.Node.Api.Bodies;
using Dapari.Peer.Local;

namespace Dapari.Node.Api;

/// <content>The doctor of ways.</content>
internal sealed partial class NodeApi
{
    private async Task<ApiAnswer> RouteAsync(ContactView contact, CancellationToken cancellation)
    {
        var way = contact.Path is { DriverId: not 0 and var path, SinceMs: var since } ? await peer.WayAsync(path, since, cancellation) : null;
        return Ok(new LiveRouteBody(Views.Contact(contact), way, Dapari.Wire.ContactId.TryRead(contact.Id, out var id) && peer.Files.GoesByHttps(id)), ApiJson.Default.LiveRouteBody);
    }

    private async Task<ApiAnswer> ExamineAsync(ApiRequest request, CancellationToken cancellation) =>
        Ok(await peer.ExamineAsync(() => Views.Status(Snapshot, 0).Servers.Any(server => server is { Home: true, State: "online" }), cancellation), ApiJson.Default.DoctorBody);
}
