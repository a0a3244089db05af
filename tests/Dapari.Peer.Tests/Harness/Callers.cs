using Dapari.Peer.Local;
using Dapari.Peer.Store;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Harness;

/// <summary>What people do with calls.</summary>
internal static class Callers
{
    /// <summary>Two contacts who compared their numbers.</summary>
    public static (Person Alice, Person Bob) Verified(this World world, bool paths = false)
    {
        var (alice, bob) = world.Acquainted(paths);
        alice.Verify(bob);
        bob.Verify(alice);
        return (alice, bob);
    }

    public static void Verify(this Person person, Person other) =>
        person.Do(new Command { SetVerified = new SetVerified { ContactId = other.Id.ToByteString(), Verified = true } });

    public static ByteString Call(this Person person, Person other, bool video = false, Policy way = Policy.Unspecified)
    {
        var result = person.TryCall(other, video, way);
        Assert.Equal(CommandRefusal.Unspecified, result.Refusal);
        return result.CallId;
    }

    public static CommandResult TryCall(this Person person, Person other, bool video = false, Policy way = Policy.Unspecified) =>
        person.Do(new Command { StartCall = new StartCall { ContactIds = { other.Id.ToByteString() }, Video = video, Way = way } });

    public static CommandRefusal Answer(this Person person, ByteString call, bool video = false, Policy way = Policy.Unspecified) =>
        person.Do(new Command { AnswerCall = new AnswerCall { CallId = call, Video = video, Way = way } }).Refusal;

    public static CommandRefusal HangUp(this Person person, ByteString call) =>
        person.Do(new Command { EndCall = new EndCall { CallId = call } }).Refusal;

    public static CallView OnlyCall(this Person person) => person.Snapshot.Calls.Single();

    public static IReadOnlyList<MessageRecord> Entries(this Person person, Person other) =>
        [.. person.Store.Messages(other.Id).Where(message => message.Kind == MessageKind.Call)];

    public static MessageRecord Entry(this Person person, Person other) => person.Entries(other).Single();
}
