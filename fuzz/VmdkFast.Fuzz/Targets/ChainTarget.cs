using VmdkFast.Format;

namespace VmdkFast.Fuzz;

/// <summary>Up to three files in one folder that may name each other: a child, an extent, a parent.</summary>
/// <remarks>
/// Input: the lengths of the first two files, two bytes each, then all three one behind the other. Nothing outside of
/// the folder may be opened whatever they name.
/// </remarks>
sealed class ChainTarget : IFuzzTarget
{
    internal const string TargetName = "chain";
    internal const string ExtentName = "extent.vmdk";
    internal const string ParentName = "parent.vmdk";

    readonly FuzzFolder _folder = new();

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary)
    {
        HeaderTarget.DescribeStructures(dictionary);
        string[] names =
        [
            ImageReading.FileName, ExtentName, ParentName, FuzzFolder.ExtentName, "../", "/dev/zero", "/proc/self/mem",
        ];
        for (int i = 0; i < names.Length; i++)
        {
            dictionary.Add($"name_{i}", names[i]);
        }

        string[] words = ["RW ", "RDONLY ", "NOACCESS ", " FLAT ", " SPARSE ", " ZERO\n", " VMFS ", " VMFSSPARSE "];
        for (int i = 0; i < words.Length; i++)
        {
            dictionary.Add($"word_{i}", words[i]);
        }

        dictionary.Add("parent", DescriptorKeys.ParentFileNameHint + "=\"");
        dictionary.Add("parent_id", DescriptorKeys.ParentContentId + "=");
    }

    /// <summary>The input that stands for three files.</summary>
    internal static byte[] Join(ReadOnlySpan<byte> image, ReadOnlySpan<byte> extent, ReadOnlySpan<byte> parent) =>
        [
            (byte)image.Length, (byte)(image.Length >> 8), (byte)extent.Length, (byte)(extent.Length >> 8),
            .. image, .. extent, .. parent,
        ];

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        int imageBytes = choices.TakeUInt16();
        int extentBytes = choices.TakeUInt16();
        ReadOnlySpan<byte> image = choices.TakeBytes(imageBytes);
        File.WriteAllBytes(_folder[ExtentName], choices.TakeBytes(extentBytes));
        File.WriteAllBytes(_folder[ParentName], choices.Rest);
        new ImageReading(_folder).Run(image);
    }

    public void Dispose() => _folder.Dispose();
}
