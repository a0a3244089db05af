using System.Reflection;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Dapari.EndToEnd.Tests.LargestFirst))]

namespace Dapari.EndToEnd.Tests;

/// <summary>Classes with many tests begin first, so that at the end no single long one is left alone while the other lanes are empty.</summary>
public sealed class LargestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Classes = [.. typeof(LargestFirst).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(Scene)))];

    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(Tests).ThenBy(one => one.TestCollectionDisplayName, StringComparer.Ordinal)];

    // A collection of its own bears its class's name.
    private static int Tests<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var words = collection.TestCollectionDisplayName.Split(' ');
        var type = Array.Find(Classes, one => words.Contains(one.FullName, StringComparer.Ordinal));
        return type?.GetMethods().Sum(method => method.IsDefined(typeof(FactAttribute)) ? Math.Max(1, method.GetCustomAttributes<InlineDataAttribute>().Count()) : 0) ?? 0;
    }
}
