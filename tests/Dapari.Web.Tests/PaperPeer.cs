using Dapari.Peer.Hosting;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Web.Tests;

/// <summary>A peer with a given state, that notes commands and answers as told.</summary>
internal sealed class PaperPeer : IPeerClient
{
    public PaperPeer() => Snapshot.Servers.Add(new ServerView { Origin = "https://home.example", Home = true, State = ServerState.Online });

    public event Action<Notice>? Changed;

    public Snapshot Snapshot { get; } = new() { Self = new SelfView { Name = "Alice", IdentityKey = ByteString.CopyFrom(1, 2, 3), SendTyping = true } };

    public List<MessageRecord> Messages { get; } = [];

    public List<Command> Commands { get; } = [];

    public CommandRefusal Refusal { get; set; }

    public DropOffRoom? Room { get; set; }

    public ByteString CallId { get; set; } = ByteString.Empty;

    public ContactView Add(string name, ContactState state = ContactState.Accepted)
    {
        var id = ContactId.Random(RandomSource.System);
        var contact = new ContactView
        {
            Id = id.ToByteString(), IdentityKey = id.ToByteString(), Name = name, TheirName = name, State = state, Path = new PathView(), EffectivePolicy = Policy.Automatic,
        };
        Snapshot.Contacts.Add(contact);
        return contact;
    }

    public void Tell(params MessageChange[] changes)
    {
        var notice = new Notice { Snapshot = Snapshot };
        notice.Messages.AddRange(changes);
        Changed?.Invoke(notice);
    }

    public Task<CommandResult> ExecuteAsync(Command command, CancellationToken cancellation)
    {
        Commands.Add(command);
        return Task.FromResult(new CommandResult { Refusal = Refusal, CallId = CallId, Room = command.KindCase == Command.KindOneofCase.AskDropOffRoom ? Room : null });
    }

    public ValueTask<MessagePage> ReadMessagesAsync(ContactId contact, ReadOnlyMemory<byte> anchor, PageDirection direction, int count, CancellationToken cancellation) =>
        Make.Reader(Messages.FindAll(m => m.ContactId.Equals(contact.ToByteString())))(anchor, direction, count, cancellation);

    public ValueTask<MessageRecord?> FindMessageAsync(MessageId message, CancellationToken cancellation) =>
        ValueTask.FromResult(Messages.Find(m => m.Id.Equals(message.ToByteString())));

    public ValueTask<IReadOnlyList<MessageRecord>> SearchAsync(string query, ContactId? contact, int count, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<MessageRecord>>(Messages.FindAll(m => m.Text.Contains(query, StringComparison.Ordinal)));
}
