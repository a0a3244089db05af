namespace Dapari.Simulation.Tests;

/// <summary>Seeds that found a fault in the engine, by what it was. A change of the simulation changes what they play; they stay as worlds of their own.</summary>
public sealed class FoundSeedsTests
{
    // These were found before people sent files.
    private static readonly SimulationOptions s_asFound = new() { Files = false };

    [Theory]
    [InlineData(51)]
    [InlineData(59)]
    [InlineData(62)]
    public void A_receipt_that_went_on_a_dead_path_is_given_again(int commit) =>
        Seeds.AllClean([(2, new SimulationOptions { Scenario = Scenario.CoreWalk, Crash = new CrashPoint(commit, CrashMoment.AfterCommit) })]);

    [Fact]
    public void An_invite_being_opened_goes_on_after_a_restart() => Seeds.AllClean(48, 1, s_asFound);

    [Fact]
    public void An_acknowledgement_that_a_full_disk_refused_is_said_again() => Seeds.AllClean(85, 1, s_asFound);

    [Fact]
    public void What_waited_for_the_acceptance_does_not_overtake_it() => Seeds.AllClean(9, 1, s_asFound);

    [Theory]
    [InlineData(164)]
    [InlineData(89)]
    [InlineData(114)]
    public void What_a_restored_device_cannot_open_is_asked_for_also_after_a_second_restore(ulong seed) => Seeds.AllClean(seed, 1, s_asFound);

    [Fact]
    public void A_fresh_session_after_a_restore_is_heard_of_also_when_nothing_is_to_be_said() => Seeds.AllClean(621, 1, s_asFound);

    [Fact]
    public void A_prekey_that_was_taken_is_not_offered_again() => Seeds.AllClean(1562, 1, s_asFound);

    [Fact]
    public void A_text_said_again_after_it_was_delivered_stays_where_it_is() => Seeds.AllClean(1526, 1, s_asFound);

    [Fact]
    public void One_envelope_delivered_under_many_numbers_leaves_none_behind() => Seeds.AllClean(551, 1, s_asFound);

    [Fact]
    public void A_parked_message_is_acknowledged_only_with_its_receipt() => Seeds.AllClean(495, 1, s_asFound);

    [Fact]
    public void An_invite_that_a_full_disk_refused_is_published_later() => Seeds.AllClean(1307, 1, s_asFound);

    [Theory]
    [InlineData(4955)]
    [InlineData(5997)]
    [InlineData(6339)]
    public void Who_was_told_of_a_hidden_address_by_a_lost_life_is_told_better(ulong seed) => Seeds.AllClean(seed, 1, s_asFound);

    [Fact]
    public void Two_who_were_restored_at_once_find_a_session_that_both_open() => Seeds.AllClean(2370, 1, s_asFound);
}
