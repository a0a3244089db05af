using Dapari.Node.Shares;
using Dapari.Wire;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Dapari.Node.Tests.Shares;

/// <summary>How often a link may be used, and when it is over.</summary>
public sealed class ShareLedgerTests
{
    private const long Size = 1000;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly object _first = new(), _second = new(), _third = new();
    private int _saved;

    [Fact]
    public void A_link_for_one_is_one_persons_who_may_come_again_and_then_over()
    {
        var ledger = Open(times: 1);
        Assert.True(ledger.TryTake("a", _first));
        Assert.False(ledger.TryTake("b", _second));
        ledger.Leave("a", _first);
        Assert.False(ledger.TryTake("b", _second)); // The place is kept for a while.
        Assert.True(ledger.TryTake("a", _third));
        Assert.True(ledger.TryGive("a", (int)Size));
        ledger.Finish("a");
        Assert.Equal(ShareEnd.UsedUp, ledger.Judge());
        Assert.False(ledger.TryTake("b", _second));
        Assert.True(_saved > 0);
    }

    [Fact]
    public void Who_went_away_before_the_end_gives_the_place_free_after_ten_minutes()
    {
        var ledger = Open(times: 1);
        Assert.True(ledger.TryTake("a", _first));
        ledger.Leave("a", _first);
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.False(ledger.TryTake("b", _second));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ShareEnd.None, ledger.Judge());
        Assert.True(ledger.TryTake("b", _second));
        Assert.False(ledger.TryTake("a", _first)); // Now that one waits.
    }

    [Fact]
    public void Who_was_given_everything_has_had_a_use_whatever_they_say()
    {
        var ledger = Open(times: 1);
        Assert.True(ledger.TryTake("a", _first));
        Assert.True(ledger.TryGive("a", (int)Size));
        ledger.Leave("a", _first);
        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(ShareEnd.UsedUp, ledger.Judge());
        Assert.False(ledger.TryTake("b", _second));
    }

    [Fact]
    public void Nobody_is_given_without_end()
    {
        var ledger = Open(times: 1);
        Assert.True(ledger.TryTake("a", _first));
        long given = 0;
        while (ledger.TryGive("a", 1 << 20))
            Assert.True((given += 1 << 20) < 100 << 20);
        Assert.InRange(given, 60 << 20, 65 << 20);
    }

    [Fact]
    public void Its_time_ends_it_for_who_is_there_too()
    {
        var ledger = Open(times: 5);
        Assert.True(ledger.TryTake("a", _first));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(ShareEnd.Time, ledger.Judge());
        Assert.False(ledger.TryGive("a", 1));
        Assert.False(ledger.TryTake("b", _second));
    }

    [Fact]
    public void Made_up_receipts_do_not_grow_it()
    {
        var ledger = Open(times: 2);
        var taken = 0;
        for (var i = 0; i < 100; i++)
        {
            if (ledger.TryTake($"r{i}", _first))
                taken++;
            ledger.Leave($"r{i}", _first);
            _time.Advance(TimeSpan.FromSeconds(1));
            if (i % 2 == 1)
                _time.Advance(TimeSpan.FromMinutes(0.2));
        }

        Assert.InRange(taken, 2, (3 * 2) + 8);
    }

    private ShareLedger Open(int times) => new(
        new ShareRecord("https://post.example", [], [], [], times, _time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(), []), Size, _ => _saved++, _time);
}
