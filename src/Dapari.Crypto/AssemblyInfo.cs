using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Crypto.Tests")]
