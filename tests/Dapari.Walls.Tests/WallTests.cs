using Mono.Cecil;
using Xunit;

namespace Dapari.Walls.Tests;

public sealed class WallTests
{
    public static TheoryData<string> BuiltRooms => [.. Room.All.Where(room => room.IsBuilt).Select(room => room.Name)];

    [Fact]
    public void Every_project_under_src_is_a_room_of_the_house()
    {
        var projects = Directory.GetFiles(Path.Combine(Room.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension);
        Assert.Empty(projects.Except(Room.All.Select(room => room.Name)));
    }

    [Theory, MemberData(nameof(BuiltRooms))]
    public void A_room_uses_only_the_rooms_it_may(string name)
    {
        var room = Find(name);
        using var assembly = room.Read();
        var known = Room.All.ToDictionary(other => other.Assembly, other => other.Name);
        var used = assembly.MainModule.AssemblyReferences.Where(reference => known.ContainsKey(reference.Name)).Select(reference => known[reference.Name]);
        Assert.Empty(used.Except(room.MayUse));
    }

    [Theory, MemberData(nameof(BuiltRooms))]
    public void A_room_never_reaches_what_is_behind_its_walls_even_indirectly(string name)
    {
        var room = Find(name);
        var offences = new List<string>();
        var references = Closure(room).SelectMany(TypesUsed);
        foreach (var (user, type) in references)
        {
            // What a lower room may do by itself is that room's affair; platform walls are judged on the room's own code.
            var behind = room.NeverReaches.FirstOrDefault(wall => user == room.Name && (type == wall || type.StartsWith(wall + ".", StringComparison.Ordinal)));
            if (behind is not null)
            {
                offences.Add($"{user} uses {type}");
            }
        }

        var forbiddenRooms = Closure(room).Select(other => other.Name).Where(other => other != room.Name).Except(room.MayUse);
        Assert.Empty(forbiddenRooms);
        Assert.Empty(offences.Distinct());
    }

    [Fact]
    public void The_walls_see_a_forbidden_use()
    {
        // The tests' own assembly opens files: the finder must say so.
        var own = AssemblyDefinition.ReadAssembly(typeof(WallTests).Assembly.Location);
        Assert.Contains(own.MainModule.GetTypeReferences(), type => type.FullName == "System.IO.File");
    }

    [Fact]
    public void The_server_is_built_without_any_room_of_the_study()
    {
        var server = Find("Dapari.Server");
        var project = File.ReadAllText(server.Project);
        Assert.DoesNotContain("Dapari.Peer", project, StringComparison.Ordinal);
        Assert.DoesNotContain("Dapari.Crypto", project, StringComparison.Ordinal);
        Assert.DoesNotContain("Dapari.Web", project, StringComparison.Ordinal);
    }

    [Fact]
    public void The_server_seals_wake_ups_for_browsers_and_can_open_nothing()
    {
        // RFC 8291 wants AES-GCM of whoever sends a push message. Only that one place has it, and only the half that seals.
        using var server = Find("Dapari.Server").Read();
        var calls = server.MainModule.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody)
            .SelectMany(method => method.Body.Instructions.Select(one => one.Operand).OfType<MethodReference>().Select(called => (By: method.DeclaringType.FullName, Called: called)))
            .Where(use => use.Called.DeclaringType.FullName.StartsWith("System.Security.Cryptography.Aes", StringComparison.Ordinal)).ToList();
        Assert.Equal(["Dapari.Server.Push.PushMessage"], calls.Select(use => use.By).Distinct());
        Assert.Equal([".ctor", "Encrypt"], calls.Select(use => use.Called.Name).Distinct().Order(StringComparer.Ordinal));
        Assert.All(calls, use => Assert.Equal("System.Security.Cryptography.AesGcm", use.Called.DeclaringType.FullName));
    }

    private static Room Find(string name) => Room.All.Single(room => room.Name == name);

    private static IEnumerable<Room> Closure(Room start)
    {
        var seen = new HashSet<string>();
        var waiting = new Queue<Room>([start]);
        while (waiting.TryDequeue(out var room))
        {
            if (!seen.Add(room.Name))
            {
                continue;
            }

            yield return room;
            using var assembly = room.Read();
            foreach (var reference in assembly.MainModule.AssemblyReferences)
            {
                if (Room.All.FirstOrDefault(other => other.Assembly == reference.Name) is { } next)
                {
                    waiting.Enqueue(next);
                }
            }
        }
    }

    private static IEnumerable<(string User, string Type)> TypesUsed(Room room)
    {
        using var assembly = room.Read();
        foreach (var type in assembly.MainModule.GetTypeReferences())
        {
            yield return (room.Name, type.FullName);
        }
    }
}
