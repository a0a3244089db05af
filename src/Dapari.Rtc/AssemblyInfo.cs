using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Dapari.Rtc.Tests")]
