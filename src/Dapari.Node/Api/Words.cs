using System.Text;
using Dapari.Peer.Store;

namespace Dapari.Node.Api;

/// <summary>Kinds as words of the local API: <c>DirectPathOpen</c> is "direct-path-open".</summary>
internal static class Words
{
    /// <summary>The word for a kind.</summary>
    public static string Of<T>(T kind)
        where T : struct, Enum
    {
        var name = kind.ToString();
        var word = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetterUpper(letter) && word.Length > 0)
                word.Append('-');
            word.Append(char.ToLowerInvariant(letter));
        }

        return word.ToString();
    }

    /// <summary>The word for a kind, or null where nothing is said.</summary>
    public static string? OrNull<T>(T kind)
        where T : struct, Enum => EqualityComparer<T>.Default.Equals(kind, default) ? null : Of(kind);

    /// <summary>The policy that a word names; "default" is none of one's own.</summary>
    public static bool TryReadPolicy(string word, out Policy policy)
    {
        (policy, var known) = word switch
        {
            "default" => (Policy.Unspecified, true),
            "automatic" => (Policy.Automatic, true),
            "direct-only" => (Policy.DirectOnly, true),
            "server-only" => (Policy.ServerOnly, true),
            _ => (Policy.Unspecified, false),
        };
        return known;
    }

    /// <summary>The word for a policy as it was chosen.</summary>
    public static string Of(Policy policy) => policy == Policy.Unspecified ? "default" : Of<Policy>(policy);
}
