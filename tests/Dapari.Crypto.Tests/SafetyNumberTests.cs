using System.Security.Cryptography;
using Xunit;

namespace Dapari.Crypto.Tests;

public sealed class SafetyNumberTests
{
    private static readonly IdentityPublicKey Alice = Key(1);
    private static readonly IdentityPublicKey Bob = Key(2);
    private static readonly IdentityPublicKey Mallory = Key(3);

    [Fact]
    public void Sixty_digits_the_same_on_both_sides()
    {
        var digits = SafetyNumber.Digits(Alice, Bob);
        Assert.Equal(SafetyNumber.DigitCount, digits.Length);
        Assert.All(digits, digit => Assert.True(char.IsAsciiDigit(digit)));
        Assert.Equal(digits, SafetyNumber.Digits(Bob, Alice));
        Assert.NotEqual(digits, SafetyNumber.Digits(Alice, Mallory));
        Assert.True(string.CompareOrdinal(digits[..30], digits[30..]) < 0);
    }

    [Fact]
    public void Digits_are_the_iterated_hash_written_out_plainly()
    {
        static string Half(IdentityPublicKey key)
        {
            var hash = SHA512.HashData([0, 0, .. key.ToArray(), .. key.ToArray()]);
            foreach (var _ in Enumerable.Range(0, 5199))
                hash = SHA512.HashData([.. hash, .. key.ToArray()]);
            return string.Concat(hash.Take(30).Chunk(5).Select(chunk =>
                ((((((((((ulong)chunk[0] << 8) | chunk[1]) << 8) | chunk[2]) << 8) | chunk[3]) << 8) | chunk[4]) % 100000).ToString("D5")));
        }

        string[] halves = [Half(Alice), Half(Bob)];
        Array.Sort(halves, StringComparer.Ordinal);
        Assert.Equal(halves[0] + halves[1], SafetyNumber.Digits(Alice, Bob));
    }

    [Fact]
    public void Codes_are_judged()
    {
        var bobs = SafetyNumber.Code(Bob, Alice);
        Assert.Equal(SafetyNumber.CodeLength, bobs.Length);
        Assert.Equal(SafetyCodeResult.Match, SafetyNumber.Compare(bobs, Alice, Bob));
        Assert.Equal(SafetyCodeResult.OwnCode, SafetyNumber.Compare(SafetyNumber.Code(Alice, Bob), Alice, Bob));
        Assert.Equal(SafetyCodeResult.Mismatch, SafetyNumber.Compare(SafetyNumber.Code(Mallory, Alice), Alice, Bob));
        Assert.Equal(SafetyCodeResult.Mismatch, SafetyNumber.Compare(SafetyNumber.Code(Bob, Mallory), Alice, Bob));
        Assert.Equal(SafetyCodeResult.NotACode, SafetyNumber.Compare([], Alice, Bob));
        Assert.Equal(SafetyCodeResult.NotACode, SafetyNumber.Compare("dsn"u8, Alice, Bob));
        Assert.Equal(SafetyCodeResult.NotACode, SafetyNumber.Compare("https://example.org/i#AAAAAAAAAAAAAAAAAAAAAA"u8, Alice, Bob));
        Assert.Equal(SafetyCodeResult.NotACode, SafetyNumber.Compare(bobs.AsSpan(0, 67), Alice, Bob));
        Assert.Equal(SafetyCodeResult.NotACode, SafetyNumber.Compare([.. bobs, 0], Alice, Bob));
        bobs[3] = 2;
        Assert.Equal(SafetyCodeResult.UnknownVersion, SafetyNumber.Compare(bobs, Alice, Bob));
    }

    private static IdentityPublicKey Key(byte seed) =>
        IdentityPublicKey.TryRead(Signer.PublicOf(Enumerable.Repeat(seed, 32).ToArray()), out var key) ? key : throw new InvalidOperationException();
}
