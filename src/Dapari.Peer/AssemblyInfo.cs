using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Peer.Tests")]
[assembly: InternalsVisibleTo("Dapari.Simulation")]
[assembly: InternalsVisibleTo("Dapari.Fuzz")]
