namespace VmdkFast.Fuzz;

/// <summary>One way into the library that takes bytes from strangers. One instance serves one thread.</summary>
interface IFuzzTarget : IDisposable
{
    /// <summary>What the command line, the corpus' folder and the dictionary's file call it.</summary>
    string Name { get; }

    /// <summary>Adds the byte strings that the input consists of, for the mutator to try.</summary>
    void Describe(FuzzDictionary dictionary);

    /// <summary>
    /// Feeds one input. Returns when the library took or refused it; any exception that leaves is a finding.
    /// </summary>
    void Run(ReadOnlySpan<byte> input);
}
