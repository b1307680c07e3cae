namespace VmdkFast.Fuzz;

/// <summary>A whole image in one file: opened, mapped, read in several ways that must agree, inspected.</summary>
sealed class ImageTarget : IFuzzTarget
{
    internal const string TargetName = "image";

    readonly FuzzFolder _folder = new();

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary) => HeaderTarget.DescribeStructures(dictionary);

    public void Run(ReadOnlySpan<byte> input)
    {
        new ImageReading(_folder).Run(input);
        string path = _folder[ImageReading.FileName];
        try
        {
            // A plan: checks first, and changes nothing.
            VmdkRepairOptions plan = new() { Check = RepairTarget.CheckOptions };
            VmdkImage.RepairAsync(path, plan).GetAwaiter().GetResult();
        }
        catch (VmdkException)
        {
            // Nothing that can be checked.
        }

        DisagreementException.ThrowUnless(
            input.SequenceEqual(File.ReadAllBytes(path)), "a plan of a repair leaves the file changed");
    }

    public void Dispose() => _folder.Dispose();
}
