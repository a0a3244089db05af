using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapari.Node.Api.Bodies;
using Dapari.Node.Hosting;
using Dapari.Node.Shares;
using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;

namespace Dapari.Node.Api;

/// <summary>
/// The local API: what a request means, whether it came over a socket or from a command in the same process. docs/node.md lists the requests. Safe for threads.
/// </summary>
/// <param name="peer">Whose.</param>
/// <param name="shares">Serves files for anybody who has a link; null: nobody does here.</param>
internal sealed partial class NodeApi(NodePeer peer, ShareDesk? shares = null)
{
    private const int MostMessages = 500;

    private delegate Task<ApiAnswer> Handler(ApiRequest request, CancellationToken cancellation);

    /// <summary>Carries out a request. Malformed and refused ones are answered; nothing is thrown but what a bug throws.</summary>
    public async Task<ApiAnswer> HandleAsync(ApiRequest request, CancellationToken cancellation)
    {
        try
        {
            return Find(request) is { } handler ? await handler(request, cancellation) : Error(404, "unknown-request", "There is no such request.");
        }
        catch (JsonException)
        {
            return Error(400, "malformed", "The body is not what the request wants.");
        }
        catch (ObjectDisposedException)
        {
            return Error(503, "ended", "The peer has ended.");
        }
    }

    private Handler? Find(ApiRequest request) => (request.Method, request.Path) switch
    {
        ("GET", ["status"]) => Sync(_ => Ok(Views.Status(Snapshot, peer.Waiting()), ApiJson.Default.StatusBody)),
        ("POST", ["identity"]) => CreateIdentityAsync,
        ("DELETE", ["identity"]) => ForgetAsync,
        ("PATCH", ["settings"]) => SetAsync,
        ("GET", ["contacts"]) => Sync(_ => Ok([.. Snapshot.Contacts.Select(Views.Contact)], ApiJson.Default.IReadOnlyListContactBody)),
        ("GET", ["contacts", _]) => Sync(one => With(one, contact => Ok(Views.Contact(contact), ApiJson.Default.ContactBody))),
        ("PATCH", ["contacts", _]) => ChangeContactAsync,
        ("DELETE", ["contacts", _]) => (one, cancellation) => WithAsync(one, contact => DoAsync(
            new Command { RemoveContact = new RemoveContact { ContactId = contact.Id } }, cancellation)),
        ("GET", ["contacts", _, "route"]) => (one, cancellation) => WithAsync(one, contact => RouteAsync(contact, cancellation)),
        ("GET", ["contacts", _, "safety"]) => SafetyAsync,
        ("GET", ["contacts", _, "messages"]) => ReadAsync,
        ("POST", ["contacts", _, "messages"]) => SayAsync,
        ("POST", ["contacts", _, "read"]) => (one, cancellation) => WithAsync(one, contact => DoAsync(
            new Command { MarkRead = new MarkRead { ContactId = contact.Id, ThroughClock = contact.LastMessage?.Clock ?? 0 } }, cancellation)),
        ("POST", ["contacts", _, "active"]) => (one, cancellation) => WithAsync(one, contact => DoAsync(
            new Command { SetActiveConversation = new SetActiveConversation { ContactId = contact.Id } }, cancellation)),
        ("POST", ["contacts", _, "typing"]) => (one, cancellation) => WithAsync(one, contact => DoAsync(
            new Command { SetTyping = new SetTyping { ContactId = contact.Id, Active = Read(one, ApiJson.Default.TypingBody).Active } }, cancellation)),
        ("GET", ["invites"]) => Sync(_ => Ok([.. Snapshot.Invites.Select(Views.Invite)], ApiJson.Default.IReadOnlyListInviteBody)),
        ("POST", ["invites"]) => InviteAsync,
        ("DELETE", ["invites", _]) => RevokeAsync,
        ("POST", ["accept"]) => AcceptAsync,
        ("GET", ["messages", _]) => FindMessageAsync,
        ("GET", ["search"]) => SearchAsync,
        ("POST", ["retry"]) => (_, cancellation) => DoAsync(new Command { RetryNow = new RetryNow() }, cancellation),
        ("GET", ["transfers"]) => Sync(_ => Ok([.. Snapshot.Transfers.Select(Views.Transfer)], ApiJson.Default.IReadOnlyListTransferBody)),
        ("GET", ["files"]) => ListFilesAsync,
        ("POST", ["contacts", _, "files"]) => SendFilesAsync,
        ("POST", ["transfers", _, "save"]) => SaveFilesAsync,
        ("POST", ["transfers", _, _]) => ChangeTransferAsync,
        ("GET", ["doctor"]) => ExamineAsync,
        ("POST", ["backup"]) => BackUpAsync,
        ("GET", ["shares"]) => Sync(_ => Ok(Shares(), ApiJson.Default.IReadOnlyListLinkShareBody)),
        ("POST", ["shares"]) => ShareAsync,
        ("DELETE", ["shares", _]) => StopShareAsync,
        ("GET", ["openapi"]) => Sync(_ => Document()),
        _ => null,
    };

    private Snapshot Snapshot => peer.Host.Snapshot;

    private Task<ApiAnswer> CreateIdentityAsync(ApiRequest request, CancellationToken cancellation)
    {
        var body = Read(request, ApiJson.Default.NewIdentityBody);
        return Origin.TryParse(body.Server, out var origin)
            ? DoAsync(new Command { CreateIdentity = new CreateIdentity { Name = body.Name, HomeServer = origin.Value, RegistrationCode = body.Code ?? "" } }, cancellation)
            : Task.FromResult(Error(400, "bad-server", "The server is named as https://host[:port], or http:// on this machine and in private networks."));
    }

    private async Task<ApiAnswer> SetAsync(ApiRequest request, CancellationToken cancellation)
    {
        var body = Read(request, ApiJson.Default.SettingsBody);
        if (Snapshot.Self is not { } self)
            return Refused(CommandRefusal.NoIdentity);
        if (body.Policy is { } word)
        {
            if (!Words.TryReadPolicy(word, out var policy) || policy == Policy.Unspecified)
                return Error(400, "bad-policy", "A policy is automatic, direct-only or server-only.");
            if (await DoAsync(new Command { SetPolicy = new SetPolicy { Policy = policy } }, cancellation) is { IsDone: false } refused)
                return refused;
        }

        if (body.ReceiveUnaskedBytes is { } unasked
            && await DoAsync(new Command { SetFileRules = new SetFileRules { ReceiveUnaskedBytes = unasked } }, cancellation) is { IsDone: false } failed)
            return failed;
        return body.Name is null && body.ReadReceipts is null
            ? Ok()
            : await DoAsync(new Command
            {
                SetProfile = new SetProfile
                {
                    Name = body.Name ?? self.Name, SendReadReceipts = body.ReadReceipts ?? self.SendReadReceipts, SendTyping = self.SendTyping,
                },
            }, cancellation);
    }

    private Task<ApiAnswer> ChangeContactAsync(ApiRequest request, CancellationToken cancellation) => WithAsync(request, async contact =>
    {
        var body = Read(request, ApiJson.Default.ContactChangeBody);
        var commands = new List<Command>();
        if (body.Answer is { } word)
        {
            RequestAnswer? answer = word switch
            {
                "accept" => RequestAnswer.Accept, "refuse" => RequestAnswer.Refuse, "block" => RequestAnswer.Block, _ => null,
            };
            if (answer is null)
                return Error(400, "bad-answer", "An answer is accept, refuse or block.");
            commands.Add(new Command { AnswerRequest = new AnswerRequest { ContactId = contact.Id, Answer = answer.Value } });
        }

        if (body.Policy is { } named)
        {
            if (!Words.TryReadPolicy(named, out var policy))
                return Error(400, "bad-policy", "A policy is default, automatic, direct-only or server-only.");
            commands.Add(new Command { SetPolicy = new SetPolicy { ContactId = contact.Id, Policy = policy } });
        }

        if (body.Blocked is { } blocked)
            commands.Add(new Command { SetBlocked = new SetBlocked { ContactId = contact.Id, Blocked = blocked } });
        if (body.Verified is { } verified)
            commands.Add(new Command { SetVerified = new SetVerified { ContactId = contact.Id, Verified = verified } });
        if (body.Name is { } name)
            commands.Add(new Command { SetGivenName = new SetGivenName { ContactId = contact.Id, Name = name } });
        foreach (var command in commands)
        {
            if (await DoAsync(command, cancellation) is { IsDone: false } refused)
                return refused;
        }

        return Views.Find(Snapshot, contact.Id) is { } changed ? Ok(Views.Contact(changed), ApiJson.Default.ContactBody) : Ok();
    });

    private Task<ApiAnswer> SafetyAsync(ApiRequest request, CancellationToken cancellation) => WithAsync(request, async contact =>
    {
        var result = await peer.Host.ExecuteAsync(new Command { GetSafetyNumber = new GetSafetyNumber { ContactId = contact.Id } }, cancellation);
        return result.Refusal == CommandRefusal.Unspecified
            ? Ok(new SafetyBody(result.SafetyNumber, Views.Hex(result.SafetyCode), contact.Verified), ApiJson.Default.SafetyBody)
            : Refused(result.Refusal);
    });

    private Task<ApiAnswer> ReadAsync(ApiRequest request, CancellationToken cancellation) => WithAsync(request, async contact =>
    {
        var count = 50;
        if (request.Query.TryGetValue("count", out var wanted)
            && (!int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out count) || count is < 1 or > MostMessages))
            return Error(400, "bad-count", $"A count is 1 to {MostMessages}.");
        if (!ContactId.TryRead(contact.Id, out var id) || !TryReadAnchor(request, out var anchor, out var direction))
            return Error(400, "bad-anchor", "Before and after want an order key.");
        var page = await peer.Host.ReadMessagesAsync(id, anchor, direction, count, cancellation);
        return Ok(new MessagesBody([.. page.Messages.Select(message => Views.Message(message, contact))], page.More), ApiJson.Default.MessagesBody);
    });

    private static bool TryReadAnchor(ApiRequest request, out byte[] anchor, out PageDirection direction)
    {
        direction = request.Query.ContainsKey("after") ? PageDirection.Newer : PageDirection.Older;
        var text = request.Query.GetValueOrDefault(direction == PageDirection.Newer ? "after" : "before", "");
        anchor = new byte[text.Length / 2];
        return text.Length is 0 or 32 && Convert.FromHexString(text, anchor, out _, out _) == System.Buffers.OperationStatus.Done;
    }

    private Task<ApiAnswer> SayAsync(ApiRequest request, CancellationToken cancellation) => WithAsync(request, async contact =>
    {
        var body = Read(request, ApiJson.Default.NewMessageBody);
        var id = MessageId.Random(RandomSource.System);
        if (body.Id is not null && !TryReadId(body.Id, out id))
            return Error(400, "bad-id", "An id has 32 hexadecimal digits.");
        var result = await peer.Host.ExecuteAsync(
            new Command { SendText = new SendText { ContactId = contact.Id, MessageId = id.ToByteString(), Text = body.Text, Again = body.Id is not null } }, cancellation);
        if (result.Refusal != CommandRefusal.Unspecified)
            return Refused(result.Refusal);
        var record = await peer.Host.FindMessageAsync(id, cancellation);
        return record is null ? Ok() : Ok(Views.Message(record, Views.Find(Snapshot, contact.Id)), ApiJson.Default.MessageBody);
    });

    private async Task<ApiAnswer> InviteAsync(ApiRequest request, CancellationToken cancellation)
    {
        var body = request.Body.IsEmpty ? new NewInviteBody() : Read(request, ApiJson.Default.NewInviteBody);
        const ulong MostSeconds = 10UL * 366 * 86_400;
        if (body.ExpiresInSeconds > MostSeconds)
            return Error(400, "bad-time", "An invite lasts ten years at most, or for good.");
        var result = await peer.Host.ExecuteAsync(new Command
        {
            MakeInvite = new MakeInvite { Reusable = body.Reusable, ExpiresInMs = (body.ExpiresInSeconds ?? 0) * 1000, Label = body.Label ?? "" },
        }, cancellation);
        return result.Refusal == CommandRefusal.Unspecified ? Ok(Views.Invite(result.Invite), ApiJson.Default.InviteBody) : Refused(result.Refusal);
    }

    private Task<ApiAnswer> RevokeAsync(ApiRequest request, CancellationToken cancellation) =>
        Snapshot.Invites.FirstOrDefault(invite => Views.Hex(invite.Id) == request.Path[1]) is { } invite
            ? DoAsync(new Command { RevokeInvite = new RevokeInvite { InviteId = invite.Id } }, cancellation)
            : Task.FromResult(Refused(CommandRefusal.UnknownInvite));

    private async Task<ApiAnswer> AcceptAsync(ApiRequest request, CancellationToken cancellation)
    {
        var body = Read(request, ApiJson.Default.LinkBody);
        var result = await peer.Host.ExecuteAsync(new Command { OpenInvite = new OpenInvite { Link = body.Link } }, cancellation);
        if (result.Refusal != CommandRefusal.Unspecified)
            return Refused(result.Refusal);
        return Views.Find(Snapshot, result.ContactId) is { } contact ? Ok(Views.Contact(contact), ApiJson.Default.ContactBody) : Ok();
    }

    private async Task<ApiAnswer> FindMessageAsync(ApiRequest request, CancellationToken cancellation) =>
        TryReadId(request.Path[1], out var id) && await peer.Host.FindMessageAsync(id, cancellation) is { } record
            ? Ok(Views.Message(record, Views.Find(Snapshot, record.ContactId)), ApiJson.Default.MessageBody)
            : Error(404, "unknown-message", "There is no such message.");

    private async Task<ApiAnswer> SearchAsync(ApiRequest request, CancellationToken cancellation)
    {
        var found = await peer.Host.SearchAsync(request.Query.GetValueOrDefault("q", ""), null, MostMessages, cancellation);
        return Ok(new MessagesBody([.. found.Select(one => Views.Message(one, Views.Find(Snapshot, one.ContactId)))], false), ApiJson.Default.MessagesBody);
    }

    private async Task<ApiAnswer> DoAsync(Command command, CancellationToken cancellation)
    {
        var result = await peer.Host.ExecuteAsync(command, cancellation);
        return result.Refusal == CommandRefusal.Unspecified ? Ok() : Refused(result.Refusal);
    }

    private ApiAnswer With(ApiRequest request, Func<ContactView, ApiAnswer> work) =>
        Views.Find(Snapshot, request.Path[1], out var several) is { } contact ? work(contact) : Nobody(several);

    private Task<ApiAnswer> WithAsync(ApiRequest request, Func<ContactView, Task<ApiAnswer>> work) =>
        Views.Find(Snapshot, request.Path[1], out var several) is { } contact ? work(contact) : Task.FromResult(Nobody(several));

    private ApiAnswer Nobody(bool several) => Snapshot.Self is null ? Refused(CommandRefusal.NoIdentity)
        : several ? Error(409, "several-contacts", "Several contacts have this name: say the beginning of an id.")
        : Error(404, "unknown-contact", "There is no such contact.");

    private static ApiAnswer Document()
    {
        using var stream = typeof(NodeApi).Assembly.GetManifestResourceStream("openapi.json")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new ApiAnswer(200, bytes);
    }

    private static Handler Sync(Func<ApiRequest, ApiAnswer> work) => (request, _) => Task.FromResult(work(request));

    private static bool TryReadId(string text, out MessageId id)
    {
        var bytes = new byte[16];
        id = default;
        return text.Length == 32 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done && MessageId.TryRead(bytes, out id);
    }

    private static T Read<T>(ApiRequest request, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(request.Body.Span, type) ?? throw new JsonException("No body.");

    private static ApiAnswer Ok() => new(200, "{}"u8.ToArray());

    private static ApiAnswer Ok<T>(T body, JsonTypeInfo<T> type) => new(200, JsonSerializer.SerializeToUtf8Bytes(body, type));

    private static ApiAnswer Refused(CommandRefusal refusal) => Error(Refusals.Status(refusal), Words.Of(refusal), Refusals.Text(refusal).English);

    private static ApiAnswer Error(int status, string error, string detail) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(error, detail), ApiJson.Default.ErrorBody));
}
