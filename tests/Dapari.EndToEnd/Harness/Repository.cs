using System.Reflection;

namespace Dapari.EndToEnd;

/// <summary>Where things lie.</summary>
public static class Repository
{
    /// <summary>The folder that holds everything.</summary>
    public static string Root { get; } = typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The published web app.</summary>
    public static string App => Path.Combine(Root, "artifacts", "app");

    /// <summary>The built server.</summary>
    public static string Server => Path.Combine(Root, "artifacts", "bin", "Dapari.Server", "release", "dapari-server.dll");

    /// <summary>The built native peer.</summary>
    public static string Node => Path.Combine(Root, "artifacts", "bin", "Dapari.Node", "release", "dapari.dll");

    /// <summary>Screens, logs and traces of tests that failed.</summary>
    public static string Results => Path.Combine(Root, "artifacts", "test-results", "end-to-end");

    /// <summary>Pictures of every screen.</summary>
    public static string Screenshots => Path.Combine(Root, "artifacts", "screenshots");
}
