using System.Diagnostics;
using System.Net;
using Dapari.Node.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Server.Hosting;
using Dapari.Server.Limits;
using Dapari.Server.Options;
using Dapari.Server.Relays;
using Dapari.Wire;
using Dapari.Wire.V1;

namespace Dapari.Bench.Native;

/// <summary>Two native peers who are contacts with a direct path, and their server: all in this process, so that one clock measures, over loopback and with stores on disk.</summary>
internal sealed class NodePair : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly ServerHost _server;
    private readonly NodePeer _one;
    private readonly NodePeer _other;
    private ContactView _contact = new();

    private NodePair(ServerHost server, NodePeer one, NodePeer other) => (_server, _one, _other) = (server, one, other);

    /// <summary>What a message took.</summary>
    /// <param name="WholeMs">From the command to the commit there.</param>
    /// <param name="StoreToStoreMs">From the commit here to the commit there.</param>
    public readonly record struct Way(double WholeMs, double StoreToStoreMs);

    public static async Task<NodePair> StartAsync(string folder)
    {
        var server = await ServerHost.StartAsync(
            new ServerOptions
            {
                Data = Path.Combine(folder, "server"), Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Rates = RateOptions.Unlimited, Relay = new RelayServing { On = false },
            },
            TimeProvider.System);
        var home = server.Addresses[0].GetLeftPart(UriPartial.Authority);
        var pair = new NodePair(server, await BornAsync(Path.Combine(folder, "one"), "One", home), await BornAsync(Path.Combine(folder, "other"), "Other", home));
        await pair.MeetAsync();
        return pair;
    }

    /// <summary>Sends a text and waits until the sender knows that it has arrived.</summary>
    public async Task<Way> SendAsync(string text)
    {
        var id = MessageId.Random(RandomSource.System).ToByteString();
        var (kept, there) = (Moment(_one, change => change.Record.Id == id), Moment(_other, change => change.Arrived && change.Record.Id == id));
        var delivered = Moment(_one, change => change.Record.Id == id && change.Record.State is MessageState.Delivered or MessageState.Read);
        var began = Stopwatch.GetTimestamp();
        await DoAsync(_one, new Command { SendText = new SendText { ContactId = _contact.Id, MessageId = id, Text = text } });
        var (sent, arrived) = (await kept.WaitAsync(Patience), await there.WaitAsync(Patience));
        await delivered.WaitAsync(Patience);
        if ((await _other.Host.FindMessageAsync(MessageId.TryRead(id, out var read) ? read : default, default))?.Route.Route is not Route.Direct)
            throw new InvalidOperationException("It did not go directly.");
        return new Way(Stopwatch.GetElapsedTime(began, arrived).TotalMilliseconds, Stopwatch.GetElapsedTime(sent, arrived).TotalMilliseconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
        await _server.DisposeAsync();
    }

    private static async Task<NodePeer> BornAsync(string folder, string name, string server)
    {
        var (peer, fault) = await NodePeer.TryStartAsync(new NodeOptions { Home = folder, Addresses = [IPAddress.Loopback] }, TimeProvider.System, default);
        if (peer is null)
            throw new InvalidOperationException($"A peer does not start: {fault}.");
        await DoAsync(peer, new Command { CreateIdentity = new CreateIdentity { Name = name, HomeServer = server } });
        return peer;
    }

    private static async Task<CommandResult> DoAsync(NodePeer peer, Command command)
    {
        var result = await peer.Host.ExecuteAsync(command, default).WaitAsync(Patience);
        return result.Refusal == CommandRefusal.Unspecified ? result : throw new InvalidOperationException($"{command.KindCase}: {result.Refusal}.");
    }

    private async Task MeetAsync()
    {
        var invite = (await DoAsync(_one, new Command { MakeInvite = new MakeInvite() })).Invite.Link;
        await UntilAsync(_one, seen => seen.Invites.Any(known => known.Published));
        await DoAsync(_other, new Command { OpenInvite = new OpenInvite { Link = invite } });
        await UntilAsync(_one, seen => seen.Contacts.Any(known => known.State == ContactState.Asking));
        await DoAsync(_one, new Command { AnswerRequest = new AnswerRequest { ContactId = _one.Host.Snapshot.Contacts[0].Id, Answer = RequestAnswer.Accept } });
        await UntilAsync(_other, seen => seen.Contacts.Any(known => known.State == ContactState.Accepted));
        foreach (var peer in (NodePeer[])[_one, _other])
        {
            await DoAsync(peer, new Command { SetActiveConversation = new SetActiveConversation { ContactId = peer.Host.Snapshot.Contacts[0].Id } });
            await UntilAsync(peer, seen => seen.Contacts[0].Path.State == PathState.Open);
        }

        _contact = _one.Host.Snapshot.Contacts[0];
    }

    private static Task<long> Moment(NodePeer peer, Func<MessageChange, bool> isIt)
    {
        var seen = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        peer.Host.Changed += Look;
        return seen.Task;

        void Look(Notice notice)
        {
            var now = Stopwatch.GetTimestamp();
            if (!notice.Messages.Any(isIt))
                return;
            peer.Host.Changed -= Look;
            seen.TrySetResult(now);
        }
    }

    private static async Task UntilAsync(NodePeer peer, Func<Snapshot, bool> holds)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        peer.Host.Changed += Look;
        if (holds(peer.Host.Snapshot))
            seen.TrySetResult();
        await seen.Task.WaitAsync(Patience);
        peer.Host.Changed -= Look;

        void Look(Notice notice)
        {
            if (holds(peer.Host.Snapshot))
                seen.TrySetResult();
        }
    }
}
