using System.Runtime.CompilerServices;
using Microsoft.Playwright;

namespace Dapari.EndToEnd.Tests;

/// <summary>How long what is expected may take to show: long enough for a machine of two cores with other work. What comes sooner is seen at once.</summary>
internal static class Patience
{
    [ModuleInitializer]
    internal static void Set() => Assertions.SetDefaultExpectTimeout((float)Waiting.Patience.TotalMilliseconds);
}
