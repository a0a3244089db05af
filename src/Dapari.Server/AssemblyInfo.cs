using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Server.Tests")]
[assembly: InternalsVisibleTo("Dapari.Server.Cluster.Tests")]
[assembly: InternalsVisibleTo("Dapari.Bench")]
[assembly: InternalsVisibleTo("Dapari.Node.Tests")]
