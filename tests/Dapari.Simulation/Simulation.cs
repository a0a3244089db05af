using Dapari.Simulation.Checks;
using Dapari.Simulation.Scenarios;

namespace Dapari.Simulation;

/// <summary>Plays a whole world from one seed and judges it. Worlds share nothing: many may run at once.</summary>
public static class Simulation
{
    /// <summary>Plays the world of this seed: builds it, lets the storm pass, heals everything, waits for quiet, checks every promise.</summary>
    public static SimulationResult Run(ulong seed, SimulationOptions? options = null)
    {
        options ??= new SimulationOptions();
        var world = new World(seed, options);
        if (options.Scenario == Scenario.CoreWalk)
            CoreWalk.Play(world);
        else if (options.Scenario == Scenario.FileWalk)
            FileWalk.Play(world);
        else
            Storm.Play(world);
        if (!world.Over)
            Healing.Heal(world);
        if (!world.Over)
            new FinalChecks(world).Check();
        world.Figures.Events = world.Trace.Events;
        world.Figures.Keys = world.Checks.Keys.Count;
        world.Figures.VirtualMs = world.Now;
        return new SimulationResult(seed, [.. world.Violations], world.Trace.Hash, world.Trace.Words(), world.Figures);
    }
}
