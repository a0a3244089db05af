using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Server.Tests")]
[assembly: InternalsVisibleTo("Dapari.Bench")]
