using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

[assembly: InternalsVisibleTo("Dapari.Node.Tests")]
[assembly: InternalsVisibleTo("Dapari.Bench")]
[assembly: InternalsVisibleTo("Dapari.Fuzz")]

// File permissions and Unix sockets are what keeps a node's keys to their owner.
[assembly: UnsupportedOSPlatform("windows")]
