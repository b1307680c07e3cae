using VmdkFast.Format;
using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Fuzz;

/// <summary>What decides whether a file is an image: probe, header, footer, embedded descriptor. No tables.</summary>
/// <remarks>The input lies between guard pages, and no file is written: thousands of inputs a second.</remarks>
sealed class HeaderTarget : IFuzzTarget
{
    internal const string TargetName = "header";

    // AFL++ makes no longer inputs unless it is told to.
    const int MaxInputBytes = 1 << 20;
    const long MaxAllocatedBytes = 4L << 20;

    readonly GuardedMemory _memory = new(MaxInputBytes);

    public string Name => TargetName;

    internal static void DescribeStructures(FuzzDictionary dictionary)
    {
        dictionary.Add("SparseHeader_Magic", SparseHeader.MagicValue, sizeof(uint));
        dictionary.Add("SparseHeader_NewlineTest", SparseHeader.NewlineTestValue, sizeof(uint));
        dictionary.Add("CowdHeader_Magic", CowdHeader.MagicValue, sizeof(uint));
        dictionary.Add("SeSparseHeader_Magic", SeSparseHeader.MagicValue, sizeof(ulong));
        dictionary.Add("SeSparseHeader_Version", SeSparseHeader.VersionValue, sizeof(ulong));
        dictionary.Add("SeSparseVolatileHeader_Magic", SeSparseVolatileHeader.MagicValue, sizeof(ulong));
        dictionary.AddFields(nameof(SparseHeader), SparseHeader.Fields);
        dictionary.AddFields(nameof(MetadataMarker), MetadataMarker.Fields);
        dictionary.AddFields(nameof(GrainMarker), GrainMarker.Fields);
        dictionary.AddFields(nameof(CowdHeader), CowdHeader.Fields);
        dictionary.AddFields(nameof(SeSparseHeader), SeSparseHeader.Fields);
        dictionary.AddFields(nameof(SeSparseVolatileHeader), SeSparseVolatileHeader.Fields);
    }

    public void Describe(FuzzDictionary dictionary) => DescribeStructures(dictionary);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length > MaxInputBytes)
        {
            return;
        }

        var budget = InputBudget.Start(MaxAllocatedBytes);
        _memory.AtEnd(input);
        using var file = new GuardedFile(_memory, input.Length);
        try
        {
            Read(file);
        }
        catch (VmdkException)
        {
            // Refused.
        }

        ReadFields(input);
        budget.Check();
    }

    public void Dispose() => _memory.Dispose();

    static void Read(ImageFile file)
    {
        VmdkLimits limits = ImageReading.Options.Limits;
        switch (Probe.Look(file))
        {
            case ImageSignature.HostedSparse:
                var hosted = HostedSparseFile.Read(file, limits);
                if (!hosted.IsDescriptorOnly)
                {
                    RequireDirectory(file, hosted.CapacityBytes, hosted.DirectoryOffsetBytes, hosted.DirectoryEntries);
                }

                break;
            case ImageSignature.Cowd:
                var cowd = CowdFile.Read(file, limits);
                RequireDirectory(file, cowd.CapacityBytes, cowd.DirectoryOffsetBytes, cowd.DirectoryEntries);
                break;
            case ImageSignature.SeSparse:
                var seSparse = SeSparseFile.Read(file, ImageReading.Options);
                DisagreementException.ThrowUnless(
                    seSparse.CapacityBytes > 0 && seSparse.Layout.DirectoryEntries > 0
                    && seSparse.Layout.DirectoryOffsetBytes < file.LengthBytes,
                    $"{seSparse.Layout} was accepted in {file.LengthBytes} bytes");
                break;
            default:
                break;
        }
    }

    // What every later calculation relies on.
    static void RequireDirectory(ImageFile file, long capacityBytes, long directoryOffsetBytes, int entries) =>
        DisagreementException.ThrowUnless(
            capacityBytes > 0 && entries > 0 && directoryOffsetBytes >= 0
            && directoryOffsetBytes + (entries * (long)sizeof(uint)) <= file.LengthBytes,
            $"{entries} entries at {directoryOffsetBytes} of {file.LengthBytes} bytes were accepted");

    // The generated readers, at the very end of readable memory.
    void ReadFields(ReadOnlySpan<byte> input)
    {
        ReadOnlySpan<byte> guarded = _memory.AtEnd(input[..Math.Min(input.Length, SparseHeader.SizeBytes)]);
        if (SparseHeader.TryRead(guarded, out SparseHeader header))
        {
            foreach (Layout.LayoutField field in SparseHeader.Fields)
            {
                field.FormatValue(guarded);
            }

            DisagreementException.ThrowUnless(
                header.CapacitySectors == BitConverter.ToUInt64(guarded[12..]), "the capacity is read differently");
        }

        guarded = _memory.AtEnd(input[..Math.Min(input.Length, GrainMarker.SizeBytes)]);
        if (GrainMarker.TryRead(guarded, out GrainMarker marker))
        {
            DisagreementException.ThrowUnless(
                marker.DataBytes == BitConverter.ToUInt32(guarded[8..]), "a marker's size is read differently");
        }
    }
}
