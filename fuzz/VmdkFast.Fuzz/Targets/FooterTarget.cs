namespace VmdkFast.Fuzz;

/// <summary>Header and footer of a stream that was exported, with single fields changed.</summary>
/// <remarks>Input: sample, nudges, length; what is left overwrites the file's end.</remarks>
sealed class FooterTarget : IFuzzTarget
{
    internal const string TargetName = "footer";

    // Footer marker, footer, end of stream, and the directory before them.
    const int EndBytes = 8 * Sector.Bytes;

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _samples = Samples.Exports();

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary) => HeaderTarget.DescribeStructures(dictionary);

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        SampleImage sample = _samples[choices.TakeBelow(_samples.Length)];
        byte[] image = Nudges.Apply(sample, PlaceGroup.Header | PlaceGroup.Footer, ref choices);
        ReadOnlySpan<byte> end = choices.TakeBytes(Math.Min(EndBytes, image.Length));
        end.CopyTo(image.AsSpan(image.Length - end.Length));
        new ImageReading(_folder).Run(image);
    }

    public void Dispose() => _folder.Dispose();
}
