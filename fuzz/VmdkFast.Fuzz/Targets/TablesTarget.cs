namespace VmdkFast.Fuzz;

/// <summary>Directories and tables, both copies, with single entries and header fields changed.</summary>
/// <remarks>Input: sample, nudges, length.</remarks>
sealed class TablesTarget : IFuzzTarget
{
    internal const string TargetName = "tables";

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _samples = [.. Samples.Sparse(), .. Samples.Streams(), .. Samples.SeSparse()];

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary)
    {
        foreach (ulong value in FuzzDictionary.InterestingValues(Layout.FieldUnit.Sectors))
        {
            dictionary.Add($"sector_{value}", value, sizeof(uint));
        }
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        SampleImage sample = _samples[choices.TakeBelow(_samples.Length)];
        new ImageReading(_folder).Run(Nudges.Apply(sample, PlaceGroup.Header | PlaceGroup.Tables, ref choices));
    }

    public void Dispose() => _folder.Dispose();
}
