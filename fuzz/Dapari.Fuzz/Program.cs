using System.Diagnostics;
using System.Globalization;
using Dapari.Fuzz;
using SharpFuzz;

return args switch
{
    ["--replay"] => Replay(),
    ["--list"] => List(),
    ["--seeds"] => WriteSeeds(),
    ["--afl", var name] when Find(name) is { } target => Afl(target),
    [var name, .. var options] when Find(name) is { } target && TryRead(options, out var seconds, out var seed) => Mutate(target, seconds, seed),
    _ => Usage(),
};

static Target? Find(string name) => Target.All.FirstOrDefault(target => target.Name == name);

static bool TryRead(string[] options, out int seconds, out ulong seed)
{
    seconds = 0;
    seed = (ulong)Stopwatch.GetTimestamp();
    for (var i = 0; i + 1 < options.Length; i += 2)
    {
        var good = options[i] switch
        {
            "--seconds" => int.TryParse(options[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out seconds),
            "--seed" => ulong.TryParse(options[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out seed),
            _ => false,
        };
        if (!good)
            return false;
    }

    return seconds > 0 && options.Length % 2 == 0;
}

static int Usage()
{
    Console.Error.WriteLine("Dapari.Fuzz TARGET --seconds N [--seed S] | --replay | --afl TARGET | --list | --seeds");
    return 2;
}

static int List()
{
    foreach (var target in Target.All)
        Console.WriteLine(target.Name);
    return 0;
}

static int WriteSeeds()
{
    foreach (var target in Target.All)
    {
        foreach (var seed in target.Seeds())
            Folders.SaveInput(target, seed);
    }

    return 0;
}

static int Replay()
{
    var passed = 0;
    var failed = 0;
    foreach (var target in Target.All)
    {
        var inputs = Folders.Read(target);
        if (inputs.Count == 0)
        {
            Console.Error.WriteLine(target.Name + ": no corpus");
            failed++;
        }

        foreach (var (name, bytes) in inputs)
        {
            if (Fails(target, bytes, out _) is not { } fault)
            {
                passed++;
                continue;
            }

            failed++;
            Console.Error.WriteLine($"{target.Name}/{name}: {fault}");
        }
    }

    Console.WriteLine($"{passed} passed, {failed} failed");
    return failed == 0 ? 0 : 1;
}

static int Afl(Target target)
{
    Fuzzer.OutOfProcess.Run(stream =>
    {
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        target.Run(bytes.ToArray());
    });
    return 0;
}

static int Mutate(Target target, int seconds, ulong seed)
{
    var random = new SeededRandom(seed);
    var mutator = new Mutator(random);
    var pool = Folders.Read(target).Select(input => input.Bytes).Concat(target.Seeds()).ToList();
    var outcomes = new HashSet<string>(StringComparer.Ordinal);
    foreach (var input in pool)
    {
        if (Fails(target, input, out var outcome) is { } fault)
            return Report(target, input, seed, 0, fault);
        outcomes.Add(outcome);
    }

    var clock = Stopwatch.StartNew();
    long runs = 0;
    while (clock.Elapsed.TotalSeconds < seconds)
    {
        runs++;
        var input = mutator.Mutate(pool[random.Next(pool.Count)], pool);
        if (Fails(target, input, out var outcome) is { } fault)
            return Report(target, input, seed, runs, fault);
        if (outcomes.Add(outcome))
            pool.Add(input);
    }

    Console.WriteLine($"{target.Name}: {runs} inputs in {seconds} s, seed {seed}, outcomes: {string.Join(", ", outcomes.Order(StringComparer.Ordinal))}");
    return 0;
}

static Exception? Fails(Target target, byte[] input, out string outcome)
{
    outcome = "";
    try
    {
        outcome = target.Run(input);
        return null;
    }
#pragma warning disable CA1031 // Any exception that escapes a parser is what is looked for here.
    catch (Exception fault)
#pragma warning restore CA1031
    {
        return fault;
    }
}

static int Report(Target target, byte[] input, ulong seed, long run, Exception fault)
{
    Console.Error.WriteLine($"{target.Name}: input {run} of seed {seed} fails; saved as {Folders.SaveCrasher(target, input)}");
    Console.Error.WriteLine(fault);
    return 1;
}
