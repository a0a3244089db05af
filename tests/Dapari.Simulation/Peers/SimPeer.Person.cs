using Dapari.Peer.Engine;
using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Dapari.Simulation.Scenarios;
using Dapari.Wire;
using Google.Protobuf;

namespace Dapari.Simulation.Peers;

/// <summary>The person at the device: wants contacts, answers requests, says again what the app never confirmed.</summary>
internal sealed partial class SimPeer
{
    private readonly Dictionary<long, Command> _said = [];
    private readonly List<SendText> _unconfirmed = [];
    private long _token;

    /// <summary>What the person still wants to have said, after the app died over it.</summary>
    public int Unconfirmed => _unconfirmed.Count + _unconfirmedFiles.Count;

    /// <summary>The invites that this person means to make or use.</summary>
    public List<Acquaintance> Acquaintances { get; } = [];

    public void Say(Command command)
    {
        if (!Running)
            return;
        var token = ++_token;
        _said[token] = command;
        if (command.KindCase == Command.KindOneofCase.SendText)
            _unconfirmed.Add(command.SendText);
        else if (command.KindCase == Command.KindOneofCase.SendFiles)
            _unconfirmedFiles.Add(command.SendFiles);
        _world.Note(Name, $"says {Describe(command)}");
        Give(new PeerInput.Said(token, command));
    }

    /// <summary>Composes a new message.</summary>
    public void Write(ContactRecord contact)
    {
        var to = _world.PeerOf(contact.IdentityKey);
        if (to is null)
            return;
        var id = MessageId.Random(new Core.SeededRandomSource(_random));
        var text = _world.Ledger.NewText(this, to, id, _random.Chance(0.02) ? _random.Below(9_000) : _random.Below(60));
        Say(new Command { SendText = new SendText { ContactId = contact.Id, MessageId = id.ToByteString(), Text = text } });
    }

    private bool IsSaying(Command.KindOneofCase kind) => _said.Values.Any(command => command.KindCase == kind);

    private void Completed(long token, CommandResult result)
    {
        if (!_said.Remove(token, out var command))
        {
            _world.Broken($"{Name}: a command was completed that was not open");
            return;
        }

        if (result.Refusal != CommandRefusal.Unspecified)
            _world.Note(Name, $"{command.KindCase} refused: {result.Refusal}");
        switch (command.KindCase)
        {
            case Command.KindOneofCase.SendText:
                _unconfirmed.Remove(command.SendText);
                _world.Checks.Said(this, command.SendText, result.Refusal);
                break;
            case Command.KindOneofCase.SendFiles:
                _unconfirmedFiles.Remove(command.SendFiles);
                _world.Checks.Said(this, command.SendFiles, result.Refusal);
                break;
            case Command.KindOneofCase.MakeInvite when result.Refusal == CommandRefusal.Unspecified:
                if (result.Invite is null || !InviteLink.TryParse(result.Invite.Link, out _, out _, out _))
                    _world.Broken($"{Name}: the invite's link is no link: {result.Invite?.Link}");
                else
                    Invited(result.Invite);
                break;
            case Command.KindOneofCase.CreateIdentity or Command.KindOneofCase.AnswerRequest
                or Command.KindOneofCase.MarkRead or Command.KindOneofCase.SetProfile or Command.KindOneofCase.SetTyping:
                if (result.Refusal is CommandRefusal.Malformed or CommandRefusal.TooLong or CommandRefusal.Empty)
                    _world.Broken($"{Name}: {command.KindCase} refused: {result.Refusal}");
                break;
            default:
                break;
        }
    }

    private void Invited(InviteView invite)
    {
        var waiting = Acquaintances.Where(one => one.Maker == this && one.Link is null && one.Reusable == invite.Reusable);
        foreach (var one in invite.Reusable ? waiting.ToArray() : [.. waiting.Take(1)])
            (one.Link, one.InviteId) = (invite.Link, invite.Id);
    }

    private void ForgetPerson() => _said.Clear();

    private void WakePerson()
    {
        var run = Run;
        _world.After(_random.Between(50, 1_500), () =>
        {
            if (run != Run)
                return;
            Live();
            WakePerson();
        });
    }

    private void Live()
    {
        if (View.Self is null)
        {
            if (!IsSaying(Command.KindOneofCase.CreateIdentity))
                Say(new Command { CreateIdentity = new CreateIdentity { Name = $"Person {Name}", HomeServer = Home } });
            return;
        }

        // A person looks whether the message is there, and says it again if the app never confirmed it.
        foreach (var text in _unconfirmed.ToArray())
        {
            if (_said.Values.Any(command => command.SendText == text))
                continue;
            _unconfirmed.Remove(text);
            if (_random.Chance(0.8))
            {
                text.Again = true;
                Say(new Command { SendText = text });
            }
        }

        SayFilesAgain();

        // The link was opened before its server had the invite: a person tries again.
        if (View.Contacts.Values.Any(contact => contact.State == ContactState.Inviting) && _random.Chance(0.1))
            Say(new Command { RetryNow = new RetryNow() });
        GiveUpInvites();
        foreach (var contact in View.Contacts.Values.Where(contact => contact.State == ContactState.Asking).ToArray())
            Answer(contact);
        foreach (var one in Acquaintances)
        {
            if (one.Maker == this && one.Link is null && !IsSaying(Command.KindOneofCase.MakeInvite))
                Say(new Command { MakeInvite = new MakeInvite { Reusable = one.Reusable, Label = "for you", ExpiresInMs = one.Reusable ? 0 : 90UL * 86_400_000 } });
            if (one.Opener == this && one.Link is not null && !one.Opened && !IsSaying(Command.KindOneofCase.OpenInvite))
                Use(one);
        }
    }

    /// <summary>A link that was taken back, or whose maker is no more, is not waited for: there are others to open.</summary>
    private void GiveUpInvites()
    {
        foreach (var contact in View.Contacts.Values.Where(contact => contact.State == ContactState.Inviting).ToArray())
        {
            if (_said.Values.Any(command => command.RemoveContact?.ContactId == contact.Id)
                || Acquaintances.FirstOrDefault(one => one.Opener == this && InviteLink.TryParse(one.Link, out _, out var secret, out _)
                    && contact.InviteSecret.Span.SequenceEqual(secret)) is not { } vain
                || !(vain.Revoked || vain.Maker.Deleted))
                continue;
            vain.Opened = true;
            Say(new Command { RemoveContact = new RemoveContact { ContactId = contact.Id } });
        }
    }

    private void Use(Acquaintance one)
    {
        if (one.Maker.Deleted || (one.Again && one.Attempts > 3))
        {
            one.Opened = true;
            return;
        }

        if (View.ContactOf(one.Maker.Identity) is { } known && (!one.Again || known.State != ContactState.Accepted))
        {
            one.Opened = true;
            return;
        }

        if (View.Contacts.Values.Any(contact => contact.State == ContactState.Inviting) || (one.Attempts++ > 4 && _random.Chance(0.8)))
            return;
        Say(new Command { OpenInvite = new OpenInvite { Link = one.Link } });
    }

    private void Answer(ContactRecord contact)
    {
        if (_said.Values.Any(command => command.AnswerRequest?.ContactId == contact.Id))
            return;
        var from = _world.PeerOf(contact.IdentityKey);
        var decision = Acquaintances.FirstOrDefault(one => one.Maker == this && one.Opener == from)?.Decision ?? RequestAnswer.Accept;
        Say(new Command { AnswerRequest = new AnswerRequest { ContactId = contact.Id, Answer = decision } });
    }

    private string Describe(Command command)
    {
        var contact = command.KindCase switch
        {
            Command.KindOneofCase.SendText => command.SendText.ContactId,
            Command.KindOneofCase.MarkRead => command.MarkRead.ContactId,
            Command.KindOneofCase.AnswerRequest => command.AnswerRequest.ContactId,
            Command.KindOneofCase.SetPolicy => command.SetPolicy.ContactId,
            Command.KindOneofCase.SetBlocked => command.SetBlocked.ContactId,
            _ => ByteString.Empty,
        };
        var other = View.Contacts.Values.FirstOrDefault(record => record.Id == contact) is { } there ? _world.PeerOf(there.IdentityKey)?.Name : null;
        var more = command.KindCase switch
        {
            Command.KindOneofCase.SendText => $" {Convert.ToHexStringLower(command.SendText.MessageId.Span[..4])}",
            Command.KindOneofCase.MarkRead => $" {command.MarkRead.ThroughClock}",
            Command.KindOneofCase.AnswerRequest => $" {command.AnswerRequest.Answer}",
            Command.KindOneofCase.SetPolicy => $" {command.SetPolicy.Policy}",
            Command.KindOneofCase.SetBlocked => $" {command.SetBlocked.Blocked}",
            _ => "",
        };
        return $"{command.KindCase}{(other is null ? "" : $" to {other}")}{more}";
    }
}
