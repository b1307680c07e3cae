namespace VmdkFast.Fuzz;

/// <summary>Checks and repairs an image with damaged metadata: never worse than before.</summary>
/// <remarks>
/// Input: sample, nudges, length. A check that finds nothing must be right; a plan changes nothing; a repair makes no
/// corruption more, and what the disk reads afterwards is what it read before, or what the sample holds (of a grain
/// that is cut off: what is left of that), or an error where it was wrong; undoing it gives every byte back. Three
/// wrong numbers and more can agree on something that no sample holds: an entry that is empty in one copy, and in the
/// other names a grain whose own entries are both lost, is as well one that lost one copy. In a stream two can: a
/// marker that names another place, and the lost entry of the right one. There only what read as zeros may change.
/// </remarks>
sealed class RepairTarget : IFuzzTarget
{
    internal const string TargetName = "repair";

    // Of all checks together: a plan may be tried 48 times, each time with the buffers of a check.
    const long MaxAllocatedBytes = 256L << 20;
    const int MaxLengthBytes = 1 << 20;
    const string JournalName = "journal";

    internal static VmdkCheckOptions CheckOptions { get; } =
        new() { Deep = true, Limits = ImageReading.Options.Limits, Threads = 1 };

    readonly FuzzFolder _folder = new();
    readonly SampleImage[] _sparse = [.. Samples.Sparse()];
    readonly SampleImage[] _streams = [.. Samples.Streams()];

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
        int number = choices.TakeBelow(_sparse.Length + _streams.Length);
        bool isStream = number >= _sparse.Length;
        SampleImage sample = isStream ? _streams[number - _sparse.Length] : _sparse[number];
        const PlaceGroup Everything = PlaceGroup.Header | PlaceGroup.Footer | PlaceGroup.Tables | PlaceGroup.Markers;
        byte[] image = Nudges.Apply(sample, Everything, ref choices);
        string path = _folder[ImageReading.FileName];
        File.WriteAllBytes(path, image);
        File.Delete(_folder[JournalName]);
        bool mayAgree = CountWrong(image, sample.Bytes) > (isStream ? 1 : 2);
        var budget = InputBudget.Start(MaxAllocatedBytes);
        try
        {
            Compare(path, image, mayAgree);
        }
        catch (VmdkException)
        {
            // Nothing of a VMDK in it, or nothing that can be checked.
        }

        budget.Check();
    }

    public void Dispose() => _folder.Dispose();

    static int CountWrong(ReadOnlySpan<byte> image, ReadOnlySpan<byte> sample)
    {
        int wrong = image.Length == sample.Length ? 0 : 1;
        for (int at = 0; at + sizeof(uint) <= Math.Min(image.Length, sample.Length); at += sizeof(uint))
        {
            wrong += image.Slice(at, sizeof(uint)).SequenceEqual(sample.Slice(at, sizeof(uint))) ? 0 : 1;
        }

        return wrong;
    }

    void Compare(string path, byte[] image, bool mayAgree)
    {
        VmdkCheckResult check = VmdkImage.CheckAsync(path, CheckOptions).GetAwaiter().GetResult();
        Dictionary<long, byte[]>? before = Readable(path, out bool whole);
        if (check.IsSound)
        {
            DisagreementException.ThrowUnless(whole, "a check finds nothing, but the disk cannot be read");
        }

        if (check is { Corruptions: 0, CheckErrors: 0 } && before is not null)
        {
            string? complaint = ImageSoundness.Complaint(image, withCopies: true);
            DisagreementException.ThrowUnless(
                complaint is null or "a directory at the end" or ImageSoundness.CutGrain,
                $"a check finds nothing, but {complaint}");
        }

        VmdkRepairOptions plan = new() { Check = CheckOptions };
        VmdkImage.RepairAsync(path, plan).GetAwaiter().GetResult();
        RequireBytes(path, image, "a plan of a repair");
        VmdkRepairOptions repair = plan with { Apply = true, JournalPath = _folder[JournalName] };
        VmdkRepairResult result = VmdkImage.RepairAsync(path, repair).GetAwaiter().GetResult();
        DisagreementException.ThrowUnless(
            result.After is null || result.After.Corruptions <= check.Corruptions,
            $"a repair makes {result.After?.Corruptions} corruptions of {check.Corruptions}");
        bool isCut = result.After?.Findings.Any(finding => finding.Kind == VmdkFindingKind.GrainCutOff) == true;
        RequireContent(path, before, mayChange: check.Corruptions > 0, isCut, mayAgree);
        if (result.JournalPath is { } journal)
        {
            VmdkImage.UndoRepairAsync(journal).GetAwaiter().GetResult();
        }

        RequireBytes(path, image, "undoing a repair");
    }

    // Null when the image does not open, or is too long to be read here.
    static Dictionary<long, byte[]>? Readable(string path, out bool whole)
    {
        whole = true;
        try
        {
            using VmdkDisk disk = VmdkDisk.Open(path, ImageReading.Options);
            if (disk.Length > MaxLengthBytes)
            {
                return null;
            }

            var sectors = new Dictionary<long, byte[]>();
            for (long offset = 0; offset < disk.Length; offset += Sector.Bytes)
            {
                byte[] sector = new byte[Sector.Bytes];
                if (TryRead(disk, sector, offset))
                {
                    sectors.Add(offset, sector);
                }
                else
                {
                    whole = false;
                }
            }

            return sectors;
        }
        catch (VmdkException)
        {
            whole = false;
            return null;
        }
    }

    static bool TryRead(VmdkDisk disk, byte[] sector, long offset)
    {
        try
        {
            return disk.Read(sector, offset) == sector.Length;
        }
        catch (VmdkException)
        {
            return false;
        }
    }

    static void RequireContent(
        string path, Dictionary<long, byte[]>? before, bool mayChange, bool isCut, bool mayAgree)
    {
        if (before is null)
        {
            return;
        }

        Dictionary<long, byte[]>? after = Readable(path, out _);
        DisagreementException.ThrowUnless(after is not null, "a repaired image does not open any more");
        byte[] content = Samples.Content.Read(0, Samples.LengthBytes);
        foreach ((long offset, byte[] old) in before)
        {
            bool wasNothing = mayAgree && !old.AsSpan().ContainsAnyExcept((byte)0);
            if (!after!.TryGetValue(offset, out byte[]? now))
            {
                // Wrong bytes may become an error, and a disk that was too long its own length again.
                bool wasRight = offset < content.Length
                    && old.AsSpan().SequenceEqual(content.AsSpan((int)offset, Sector.Bytes));
                DisagreementException.ThrowUnless(
                    mayChange && (wasNothing || !wasRight), $"byte {offset} of the disk does not read after a repair");
                continue;
            }

            bool isOriginal = offset < content.Length
                && IsOriginal(now, content.AsSpan((int)offset, Sector.Bytes), isCut);
            DisagreementException.ThrowUnless(
                now.AsSpan().SequenceEqual(old) || (mayChange && (isOriginal || wasNothing)),
                $"a repair changes byte {offset}");
        }
    }

    // Of a grain that the file's end cuts off the rest reads as zeros.
    static bool IsOriginal(ReadOnlySpan<byte> sector, ReadOnlySpan<byte> content, bool isCut)
    {
        int same = sector.CommonPrefixLength(content);
        return same == sector.Length || (isCut && !sector[same..].ContainsAnyExcept((byte)0));
    }

    static void RequireBytes(string path, byte[] wanted, string what) =>
        DisagreementException.ThrowUnless(
            File.ReadAllBytes(path).AsSpan().SequenceEqual(wanted), $"{what} leaves the file changed");
}
