using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Fuzz")]
[assembly: InternalsVisibleTo("Dapari.Rtc.Tests")]
