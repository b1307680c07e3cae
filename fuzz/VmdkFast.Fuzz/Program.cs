using SharpFuzz;

namespace VmdkFast.Fuzz;

/// <summary>Runs the fuzz targets: from a campaign of AFL++, or over files that are there.</summary>
static class Program
{
    const string Usage = """
        VmdkFast.Fuzz list                        names of the targets
        VmdkFast.Fuzz replay TARGET PATH...       runs files, or all files of folders; the first finding ends it
        VmdkFast.Fuzz afl TARGET                  serves afl-fuzz (see fuzz/run.sh); runs standard input without it
        VmdkFast.Fuzz libfuzzer TARGET            serves fuzz/libfuzzer/driver.c
        VmdkFast.Fuzz dictionary TARGET           prints the dictionary of fuzz/dictionaries
        VmdkFast.Fuzz seeds FOLDER                writes the first inputs of fuzz/corpus
        """;

    static int Main(string[] args)
    {
        InputBudget.CountsAllThreads = true;
        switch (args)
        {
            case ["list"]:
                Console.Out.Write(string.Concat(FuzzTargets.Names.Select(name => name + '\n')));
                return 0;
            case ["replay", string name, _, ..]:
                return With(name, target => Replay(target, args.AsSpan(2)));
            case ["afl", string name]:
                return Serve(name, ServeAfl);
            case ["libfuzzer", string name]:
                return Serve(name, ServeLibFuzzer);
            case ["dictionary", string name]:
                return With(name, PrintDictionary);
            case ["seeds", string folder]:
                Seeds.WriteTo(folder);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }

    static int With(string name, Action<IFuzzTarget> action)
    {
        using IFuzzTarget? target = FuzzTargets.Create(name);
        if (target is null)
        {
            Console.Error.WriteLine($"No target '{name}'; there are {string.Join(", ", FuzzTargets.Names)}.");
            return 2;
        }

        action(target);
        return 0;
    }

    static void Replay(IFuzzTarget target, ReadOnlySpan<string> paths)
    {
        foreach (string path in paths)
        {
            IEnumerable<string> files = Directory.Exists(path)
                ? Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)
                : [path];
            foreach (string file in files)
            {
                Console.Out.WriteLine(file);
                target.Run(File.ReadAllBytes(file));
            }
        }
    }

    static int Serve(string name, Action<Func<IFuzzTarget>> serve)
    {
        if (!FuzzTargets.Names.Contains(name))
        {
            return With(name, _ => { });
        }

        // Instrumented code runs only between the engine's calls, and a target calls some when it is made.
        var target = new Lazy<IFuzzTarget>(() => FuzzTargets.Create(name)!, isThreadSafe: false);
        serve(() => target.Value);
        if (target.IsValueCreated)
        {
            target.Value.Dispose();
        }

        return 0;
    }

    // Out of process: an endless loop or a stack overflow in one input is a finding and not the campaign's end.
    static void ServeAfl(Func<IFuzzTarget> target) => Fuzzer.OutOfProcess.Run((Stream stream) =>
    {
        using var input = new MemoryStream();
        stream.CopyTo(input);
        target().Run(input.GetBuffer().AsSpan(0, (int)input.Length));
    });

    static void ServeLibFuzzer(Func<IFuzzTarget> target) => Fuzzer.LibFuzzer.Run(input => target().Run(input));

    static void PrintDictionary(IFuzzTarget target)
    {
        var dictionary = new FuzzDictionary();
        target.Describe(dictionary);
        Console.Out.Write(dictionary);
    }
}
