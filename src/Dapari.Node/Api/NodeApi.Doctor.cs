using Dapari.Node.Api.Bodies;

namespace Dapari.Node.Api;

/// <content>The doctor of ways.</content>
internal sealed partial class NodeApi
{
    private async Task<ApiAnswer> ExamineAsync(ApiRequest request, CancellationToken cancellation) =>
        Ok(await peer.ExamineAsync(() => Views.Status(Snapshot, 0).Servers.Any(server => server is { Home: true, State: "online" }), cancellation), ApiJson.Default.DoctorBody);
}
