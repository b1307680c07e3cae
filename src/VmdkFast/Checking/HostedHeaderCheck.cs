using System.Numerics;
using VmdkFast.Format;
using VmdkFast.Layout;
using VmdkFast.Opening;

namespace VmdkFast.Checking;

/// <summary>
/// Looks at every field of a hosted sparse header, where the reader stops at the first that it refuses.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="log">Where findings go.</param>
/// <param name="limits">How large numbers may be.</param>
/// <param name="lineSectors">The length in the line of a descriptor that is another file; null without one.</param>
sealed class HostedHeaderCheck(CheckedFile file, FindingLog log, VmdkLimits limits, long? lineSectors)
{
    const ulong MinGrainSectors = 8;
    const uint MaxTableEntries = 512;
    const uint HighFlags = 0xffff_0000;
    const uint KnownLowFlags =
        (uint)(SparseFlags.NewlineTest | SparseFlags.RedundantDirectory | SparseFlags.ZeroGrains);

    // Every product writes 512; VMware's disk library reads nothing else.
    const uint UsualTableEntries = 512;

    const int ReservedOffset = 79;

    readonly byte[] _sector = new byte[SparseHeader.SizeBytes];
    HeaderFault? _fault;

    /// <summary>
    /// The header, with what is right where one number is proved wrong; null when the file ends before its end.
    /// </summary>
    internal HostedFields? Header { get; private set; }

    /// <summary>The footer, when there is a valid one and the header leaves the directory to it.</summary>
    internal HostedFields? Footer { get; private set; }

    /// <summary>Where the footer that counts is; null when there is none.</summary>
    internal FooterCheck? End { get; private set; }

    /// <summary>Who is right where the footer that counts differs from the header; null where it does not.</summary>
    internal FooterVerdict? FooterSays { get; private set; }

    /// <summary>The embedded descriptor.</summary>
    internal EmbeddedDescriptorCheck Embedded { get; } = new(file, log, limits);

    /// <summary>Whether the header itself is damaged: then nothing that follows from it may be changed.</summary>
    internal bool IsInDoubt => HasLostSignature || IsDamaged;

    /// <summary>Whether the header does not begin with its signature.</summary>
    internal bool HasLostSignature { get; private set; }

    /// <summary>Whether another field is damaged.</summary>
    internal bool IsDamaged { get; private set; }

    /// <summary>Whether the header has a value that no product writes.</summary>
    internal bool IsOdd { get; private set; }

    /// <summary>What the tables can be looked for by; null when the header gives no sizes.</summary>
    internal SparseShape? Shape { get; private set; }

    /// <summary>Looks at header, footer and descriptor.</summary>
    internal void Run(CancellationToken cancellationToken)
    {
        long foundBefore = log[VmdkFindingSeverity.Corruption];
        int read = file.File.Read(_sector, 0);
        if (read < _sector.Length)
        {
            Find(VmdkFindingKind.Truncated, $"the file ends inside its header, after {read} bytes", read);
            return;
        }

        Header = HostedFields.Read(_sector);
        if (Header.Magic != SparseHeader.MagicValue)
        {
            HasLostSignature = true;
            Find(VmdkFindingKind.HeaderInvalid, "the file has lost its signature KDMV", 0);
        }

        file.TryAddMetadata(0, 1);
        JudgeIdentity(Header);
        if (Embedded.Run(Header) is { } nowhere)
        {
            Invalid(nameof(Header.DescriptorOffsetSectors), nowhere, "an area inside the file and the limit");
        }

        Correct(cancellationToken);
        if (Header.CapacitySectors != 0 || Embedded.Text is null)
        {
            bool hasSizes = JudgeSizes(Header);
            JudgeFooter(Header);
            if (hasSizes || (Footer is not null && HasSizes(Footer)))
            {
                bool goesByFooter = Footer is not null && FooterSays == FooterVerdict.Footer && HasSizes(Footer);
                Shape = MakeShape(hasSizes && !goesByFooter ? Header : Footer!);
            }
        }

        // Whatever the reader refuses and nobody has named yet.
        try
        {
            HostedSparseFile.Read(file.File, limits);
        }
        catch (VmdkException refusal)
        {
            if (log[VmdkFindingSeverity.Corruption] == foundBefore)
            {
                log.Add(VmdkFindingKind.HeaderInvalid, refusal);
            }
        }
    }

    // From here on the header is what it would be after a repair: what follows from a wrong number is no damage.
    void Correct(CancellationToken cancellationToken)
    {
        long? line = lineSectors
            ?? (Embedded.Text is { Extents: [{ Type: VmdkExtentType.Sparse } only] } ? only.LengthSectors : null);
        _fault = new HeaderWitness(file, Header!, line, limits).Find(cancellationToken);
        if (_fault is not null)
        {
            Invalid(_fault.Field, _fault.Found, _fault.Wanted);
            Header = _fault.Right;
        }
        else if (Header!.CompressAlgorithm == 1 && !Header.Flags.HasFlag(SparseFlags.Compressed))
        {
            Odd("a compression, and no flag that says that grains are compressed", nameof(Header.CompressAlgorithm));
        }
    }

    /// <summary>Proposes to set right the number that is proved wrong, in the footer, too.</summary>
    internal void ProposeCorrection()
    {
        if (_fault is { Field: nameof(SparseHeader.OverheadSectors) } overhead && End is { } end
            && Footer!.OverheadSectors != overhead.Value)
        {
            log.Propose(overhead.Mend(file, end.OffsetBytes));
        }

        if (_fault is not null)
        {
            log.Propose(_fault.Mend(file, 0));
        }
    }

    void JudgeIdentity(HostedFields header)
    {
        if (header.Version is 0 or > 3)
        {
            Invalid(nameof(header.Version), $"{header.Version}", "1, 2 or 3");
        }

        JudgeFlags(header);
        if (header.Flags.HasFlag(SparseFlags.NewlineTest) && header.NewlineTest != SparseHeader.NewlineTestValue)
        {
            IsDamaged = true;
            Find(
                VmdkFindingKind.LineEndsChanged,
                $"the test for line ends reads 0x{header.NewlineTest:x8}: a transfer in text mode has damaged the file",
                OffsetOf(nameof(header.NewlineTest)));
        }

        if (header.CompressAlgorithm > 1
            || (header.Flags.HasFlag(SparseFlags.Compressed) && header.CompressAlgorithm != 1))
        {
            Invalid(nameof(header.CompressAlgorithm), $"{header.CompressAlgorithm}", "0, or 1 with compressed grains");
        }

        if (header.Flags.HasFlag(SparseFlags.ZeroGrains) && header.Version == 1)
        {
            Odd("zero grains in a header of version 1, where readers need not know them", nameof(header.Version));
        }

        if (_sector.AsSpan(ReservedOffset).ContainsAnyExcept((byte)0))
        {
            Find(VmdkFindingKind.HeaderOdd, "the reserved end of the header is not zero", ReservedOffset);
        }

        if (header.UncleanShutdown != 0)
        {
            long offsetBytes = OffsetOf(nameof(header.UncleanShutdown));
            Find(VmdkFindingKind.Unclean, "the last writer left the extent open", offsetBytes);
            log.Propose(new WriteStep(
                file, RepairClass.CallClean, "nothing is wrong with the extent that was left open", offsetBytes, [0]));
        }
    }

    void JudgeFlags(HostedFields header)
    {
        uint unknown = (uint)header.Flags & HighFlags & ~(uint)(SparseFlags.Compressed | SparseFlags.Markers);
        if (unknown != 0)
        {
            Invalid(nameof(header.Flags), $"0x{(uint)header.Flags:x8}", "no high bits but 0x00030000");
        }

        if (((uint)header.Flags & ~HighFlags & ~KnownLowFlags) != 0)
        {
            Odd($"the flags 0x{(uint)header.Flags:x8} have bits that nobody knows", nameof(header.Flags));
        }

        if (header.Flags.HasFlag(SparseFlags.Markers) && !header.IsCompressed)
        {
            Odd("markers are said to stand in front of grains that are not compressed", nameof(header.Flags));
        }

        if (!header.Flags.HasFlag(SparseFlags.RedundantDirectory) && header.RedundantDirectoryOffsetSectors != 0)
        {
            Odd(
                $"a redundant directory at sector {header.RedundantDirectoryOffsetSectors}, which the flags deny",
                nameof(header.RedundantDirectoryOffsetSectors));
        }
    }

    bool JudgeSizes(HostedFields header)
    {
        ulong grain = header.GrainSizeSectors;
        if (grain < MinGrainSectors || !BitOperations.IsPow2(grain) || grain > (ulong)limits.MaxGrainSectors)
        {
            Invalid(
                nameof(header.GrainSizeSectors), $"{grain} sectors",
                $"a power of two from {MinGrainSectors} to {limits.MaxGrainSectors} sectors");
        }

        uint entries = header.GrainTableEntries;
        if (entries is 0 or > MaxTableEntries || !BitOperations.IsPow2(entries))
        {
            Invalid(nameof(header.GrainTableEntries), $"{entries}", $"a power of two up to {MaxTableEntries}");
        }
        else if (entries != UsualTableEntries)
        {
            Odd($"tables of {entries} entries, where all products have {UsualTableEntries}",
                nameof(header.GrainTableEntries));
        }

        if (header.CapacitySectors is 0 or > Sector.MaxSectors)
        {
            Invalid(nameof(header.CapacitySectors), $"{header.CapacitySectors} sectors", "the size of a disk");
        }

        if (header.OverheadSectors > Sector.MaxSectors || Sector.ToBytes(header.OverheadSectors) > file.LengthBytes)
        {
            Find(
                VmdkFindingKind.Truncated,
                $"the file ends before its metadata does, which has {header.OverheadSectors} sectors",
                OffsetOf(nameof(header.OverheadSectors)));
        }
        else if (header.OverheadSectors == 0 || (!header.IsCompressed && grain != 0
            && BitOperations.IsPow2(grain) && header.OverheadSectors % grain != 0))
        {
            Odd($"the metadata ends at sector {header.OverheadSectors}, no multiple of the grain",
                nameof(header.OverheadSectors));
        }

        return HasSizes(header);
    }

    bool HasSizes(HostedFields header)
    {
        ulong grain = header.GrainSizeSectors;
        return grain >= MinGrainSectors && BitOperations.IsPow2(grain) && grain <= (ulong)limits.MaxGrainSectors
            && header.GrainTableEntries is not (0 or > MaxTableEntries)
            && BitOperations.IsPow2(header.GrainTableEntries)
            && header.CapacitySectors is not 0 and <= Sector.MaxSectors
            && ((header.CapacitySectors - 1) / (grain * header.GrainTableEntries)) < (ulong)limits.MaxDirectoryEntries;
    }

    void JudgeFooter(HostedFields header)
    {
        bool wanted = header.DirectoryAtEnd;
        var check = new FooterCheck(file);
        HostedFields? footer = check.Read(header);
        if (footer is null)
        {
            if (wanted)
            {
                Find(VmdkFindingKind.FooterInvalid, check.Fault!, Math.Max(0, file.LengthBytes - (3 * Sector.Bytes)));
            }

            return;
        }

        if (!wanted && !header.Flags.HasFlag(SparseFlags.Markers))
        {
            return;
        }

        if (wanted)
        {
            End = check;
            check.Report(log);
            var witness = new FooterWitness(file, header, footer, Embedded.Text, HasSizes);
            FooterSays = witness.Run(log, check.OffsetBytes);
            IsDamaged = FooterSays == FooterVerdict.Nobody || (IsDamaged && !witness.MendsHeader);
        }
        else
        {
            // Behind a header that knows its directory stands a footer of no use: nobody reads it.
            foreach ((string field, string found, string expected) in FooterCheck.Differences(header, footer))
            {
                Find(
                    VmdkFindingKind.HeaderOdd,
                    $"the footer contradicts the header: {field} is {found}, in the header {expected}",
                    check.OffsetBytes + OffsetOf(field));
            }
        }

        check.MarkUsed();
        Footer = wanted ? footer : null;
    }

    SparseShape MakeShape(HostedFields header)
    {
        SparseShape shape = header.ToShape() with { DirectoryAtEnd = Header!.DirectoryAtEnd };
        HostedFields truth = Header.DirectoryAtEnd && Footer is not null ? Footer : Header;
        (ulong directorySector, ulong redundantSector) = new DirectoryPlaces(file, shape).Judge(truth, log);
        long directory = PlaceOf(directorySector, shape);
        if (directory == 0 && (!truth.DirectoryAtEnd || Footer is not null))
        {
            Find(
                VmdkFindingKind.DirectoryInvalid,
                $"the grain directory is said to be at sector {truth.DirectoryOffsetSectors}, where none can be",
                OffsetOf(nameof(truth.DirectoryOffsetSectors)));
        }

        long redundant = 0;
        if (header.Flags.HasFlag(SparseFlags.RedundantDirectory))
        {
            redundant = PlaceOf(redundantSector, shape);
            if (redundant == 0)
            {
                Find(
                    VmdkFindingKind.CopyInvalid,
                    $"the redundant directory is said to be at sector {truth.RedundantDirectoryOffsetSectors}, where "
                    + "none can be", OffsetOf(nameof(truth.RedundantDirectoryOffsetSectors)));
            }
        }

        return shape with { DirectorySector = directory, RedundantSector = redundant };
    }

    // 0 when no directory can be there: outside the file, or over something that is there already.
    long PlaceOf(ulong sector, SparseShape shape) =>
        sector is not 0 && sector <= Sector.MaxSectors
        && file.Holds((long)sector, (long)shape.DirectoryEntries * sizeof(uint))
        && file.TryAddMetadata((long)sector, shape.DirectorySectors)
            ? (long)sector
            : 0;

    void Invalid(string field, string found, string wanted)
    {
        IsDamaged = true;
        Find(
            VmdkFindingKind.HeaderInvalid, $"header field {field}: found {found}, wanted {wanted}", OffsetOf(field));
    }

    void Odd(string text, string field)
    {
        IsOdd = true;
        Find(VmdkFindingKind.HeaderOdd, text, OffsetOf(field));
    }

    void Find(VmdkFindingKind kind, string text, long offsetBytes) => log.Add(kind, file.Path, text, offsetBytes);

    internal static long OffsetOf(string field)
    {
        foreach (LayoutField known in SparseHeader.Fields)
        {
            if (known.Name == field)
            {
                return known.OffsetBytes;
            }
        }

        return 0;
    }
}
