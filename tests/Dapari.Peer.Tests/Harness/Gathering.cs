using Dapari.Peer.Local;
using Dapari.Wire.V1;
using Google.Protobuf;

namespace Dapari.Peer.Tests.Harness;

/// <summary>Several people, of whom the first knows all, and others know each other or do not. The server lends a relay.</summary>
internal sealed class Gathering
{
    private readonly List<Person> _people = [];

    public Gathering(int count, Func<int, int, bool>? acquainted = null, bool relay = true)
    {
        if (relay)
            World.Server.RelayAccess = new RelayAccess { Urls = { "turn:home.example:3478" }, Username = "one", Password = "secret", LifetimeSeconds = 86_400 };
        for (var i = 0; i < count; i++)
            _people.Add(World.Join((char)('A' + i) + "nna"));
        for (var one = 1; one < count; one++)
        {
            for (var other = 0; other < one; other++)
            {
                if (other == 0 || acquainted?.Invoke(other, one) == true)
                    Acquaint(_people[other], _people[one]);
            }
        }
    }

    public World World { get; } = new();

    public Person this[int index] => _people[index];

    public IReadOnlyList<Person> People => _people;

    public static void Acquaint(Person one, Person other)
    {
        World.Acquaint(one, other);
        one.Verify(other);
        other.Verify(one);
    }

    /// <summary>The first calls some of the others.</summary>
    public ByteString Call(params Person[] invited)
    {
        var result = _people[0].Do(new Command { StartCall = new StartCall { ContactIds = { invited.Select(person => person.Id.ToByteString()) } } });
        Assert.Equal(CommandRefusal.Unspecified, result.Refusal);
        return result.CallId;
    }

    /// <summary>The first calls all of the others, and all answer.</summary>
    public ByteString CallAll(long pass = 3_000)
    {
        var id = Call([.. _people.Skip(1)]);
        foreach (var person in _people.Skip(1))
            Assert.Equal(CommandRefusal.Unspecified, person.Answer(id));
        World.Pass(pass);
        return id;
    }

    public static CommandRefusal Add(Person by, ByteString call, Person who) =>
        by.Do(new Command { AddToCall = new AddToCall { CallId = call, ContactId = who.Id.ToByteString() } }).Refusal;

    /// <summary>How one sees another in the only call there is.</summary>
    public static LegView Leg(Person person, Person other) =>
        person.OnlyCall().Legs.Single(leg => leg.IdentityKey == other.Snapshot.Self.IdentityKey);

    public static bool Sees(Person person, Person other) =>
        person.Snapshot.Calls.Any(call => call.Legs.Any(leg => leg.IdentityKey == other.Snapshot.Self.IdentityKey && leg.Stage != LegStage.Gone));
}
