using VmdkFast.Tests.Support;

namespace VmdkFast.Fuzz;

/// <summary>Writes into an image with damaged metadata, and opens it again.</summary>
/// <remarks>
/// Input: sample, nudges, length, then operations. Where everything in the file has a place of its own, each read must
/// give what a plain array gives, also after closing, and the file must still be so. Elsewhere the image may lose what
/// it holds; the process may not.
/// </remarks>
sealed class WritingTarget : IFuzzTarget
{
    internal const string TargetName = "writing";

    /// <summary>Samples between the sparse ones and the streams.</summary>
    internal const int ChildCount = 2;

    const long MaxAllocatedBytes = 64L << 20;
    const int MaxLengthBytes = 1 << 20;

    // A damaged entry can lead to any of 2^32 sectors, but a writer only goes on where the file ends.
    const long MaxFileGrowthBytes = 16L << 20;

    static readonly VmdkOpenOptions s_options = ImageReading.Options with
    {
        Access = VmdkOpenAccess.ReadWrite,
        DetachChangeTracking = true,
        ConvertFooterLayout = true,
    };

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _samples;

    internal WritingTarget()
    {
        GuestContent parent = new GuestContent(Samples.LengthBytes)
            .Fill(2 * Samples.GrainBytes, 6 * Samples.GrainBytes, ContentPattern.Text);
        string path = SparseImage.Write(
            _folder.Path, "parent", parent, new SparseOptions { GrainSectors = Samples.GrainSectors });
        var link = ParentLink.To(path, parent, _folder.Path);
        _samples = [.. Samples.Sparse(), .. Samples.Children(link), .. Samples.Streams()];
    }

    public string Name => TargetName;

    public void Describe(FuzzDictionary dictionary)
    {
        for (byte operation = 0; operation < OperationList.Kinds; operation++)
        {
            dictionary.Add($"operation_{operation}", operation, sizeof(byte));
        }

        dictionary.Add("grain", Samples.GrainBytes / OperationList.OffsetUnitBytes, sizeof(ushort));
        dictionary.Add("end", Samples.LengthBytes / OperationList.OffsetUnitBytes, sizeof(ushort));
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        var choices = new FuzzInput(input);
        SampleImage sample = _samples[choices.TakeBelow(_samples.Length)];
        byte[] image = Nudges.Apply(sample, PlaceGroup.Header | PlaceGroup.Footer | PlaceGroup.Tables, ref choices);
        string path = _folder[ImageReading.FileName];
        File.WriteAllBytes(path, image);
        var budget = InputBudget.Start(MaxAllocatedBytes);
        try
        {
            Write(path, ImageSoundness.Complaint(image, withCopies: true) is null, ref choices);
        }
        catch (VmdkException)
        {
            // The image cannot be opened for writing, or closing it failed.
        }

        long length = new FileInfo(path).Length;
        DisagreementException.ThrowUnless(
            length <= image.Length + MaxFileGrowthBytes, $"the file of {image.Length} bytes has grown to {length}");
        budget.Check();
    }

    public void Dispose() => _folder.Dispose();

    static void Write(string path, bool sound, scoped ref FuzzInput choices)
    {
        OperationList operations;
        using (VmdkDisk disk = VmdkDisk.Open(path, s_options))
        {
            if (disk.Length > MaxLengthBytes)
            {
                Touch(disk, ref choices);
                return;
            }

            operations = new OperationList(disk, sound);
            while (!choices.IsEmpty && operations.RunNext(ref choices))
            {
            }
        }

        if (sound)
        {
            using VmdkDisk again = VmdkDisk.Open(path, ImageReading.Options);
            operations.RequireContent(again);

            // An entry of the redundant directory that led nowhere may lead somewhere now that the file is longer.
            string? complaint = ImageSoundness.Complaint(File.ReadAllBytes(path), withCopies: false);
            DisagreementException.ThrowUnless(complaint is null, $"after writing, {complaint}");
        }
    }

    // A capacity that was changed: the ends of the disk are as good as any place.
    static void Touch(VmdkDisk disk, scoped ref FuzzInput choices)
    {
        byte[] sector = new byte[Sector.Bytes];
        sector.AsSpan().Fill(choices.TakeByte());
        foreach (long offset in (ReadOnlySpan<long>)[0, disk.Length / 2, disk.Length - Sector.Bytes])
        {
            try
            {
                disk.Write(sector, offset);
                disk.Flush();
            }
            catch (VmdkException)
            {
                // Refused.
            }
        }
    }
}
