using System.Numerics;
using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Checking;

/// <summary>Which of two contradicting fields is right.</summary>
enum FooterVerdict
{
    /// <summary>The header's.</summary>
    Header,

    /// <summary>The footer's.</summary>
    Footer,

    /// <summary>Nothing else in the file says.</summary>
    Nobody,
}

/// <summary>
/// Decides between a header and its footer by what else the file says: the descriptor's line, and the grains.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="header">Its header.</param>
/// <param name="footer">Its footer.</param>
/// <param name="descriptor">The embedded descriptor; null without one.</param>
/// <param name="isPossible">Whether sizes can be gone by at all.</param>
sealed class FooterWitness(
    CheckedFile file, HostedFields header, HostedFields footer, DescriptorText? descriptor,
    Func<HostedFields, bool> isPossible)
{
    // The only number of entries that VMware's library reads.
    const uint UsualTableEntries = 512;

    // Version and flags of every product's export.
    const uint UsualVersion = 3;
    const SparseFlags UsualFlags = SparseFlags.NewlineTest | SparseFlags.Compressed | SparseFlags.Markers;

    // One that inflates is enough; a few more, should the first be damaged.
    const int MaxGrains = 4;

    /// <summary>Whether one field from the footer makes the header right.</summary>
    internal bool MendsHeader { get; private set; }

    /// <summary>Reports every contradiction, and proposes to set a header right that has one known fault.</summary>
    /// <param name="log">Where findings and steps go.</param>
    /// <param name="footerOffsetBytes">Where the footer is.</param>
    /// <returns>Who is right; null when both agree.</returns>
    internal FooterVerdict? Run(FindingLog log, long footerOffsetBytes)
    {
        FooterVerdict? all = null;
        foreach ((string field, string found, string expected) in FooterCheck.Differences(header, footer))
        {
            FooterVerdict verdict = Judge(field);
            all = all is null || all == verdict ? verdict : FooterVerdict.Nobody;
            long offsetBytes = HostedHeaderCheck.OffsetOf(field);
            if (verdict == FooterVerdict.Footer)
            {
                log.Add(
                    VmdkFindingKind.FooterDisagrees, file.Path,
                    $"the header contradicts the footer and what else the file says: {field} is {expected}, in the "
                    + $"footer {found}", offsetBytes);
                ProposeFooters(log, field, footerOffsetBytes);
            }
            else
            {
                string doubt = verdict == FooterVerdict.Nobody ? "; nothing says which is right" : "";
                log.Add(
                    VmdkFindingKind.FooterDisagrees, file.Path,
                    $"the footer contradicts the header: {field} is {found}, in the header {expected}{doubt}",
                    footerOffsetBytes + offsetBytes);
            }
        }

        return all;
    }

    // Only where it makes the header what the footer repeats, but for the directory and the mark of a writer.
    void ProposeFooters(FindingLog log, string field, long footerOffsetBytes)
    {
        var right = new byte[SparseHeader.SizeBytes];
        var mended = new byte[SparseHeader.SizeBytes];
        if (file.File.Read(right, footerOffsetBytes) < right.Length || file.File.Read(mended, 0) < mended.Length)
        {
            return;
        }

        byte[] bytes = [];
        foreach (LayoutField known in SparseHeader.Fields)
        {
            if (known.Name == field || known.Name is nameof(SparseHeader.DirectoryOffsetSectors)
                or nameof(SparseHeader.UncleanShutdown))
            {
                Span<byte> source = right.AsSpan(known.OffsetBytes, known.SizeBytes);
                source.CopyTo(mended.AsSpan(known.OffsetBytes));
                bytes = known.Name == field ? source.ToArray() : bytes;
            }
        }

        if (mended.AsSpan().SequenceEqual(right))
        {
            MendsHeader = true;
            log.Propose(new WriteStep(
                file, RepairClass.Restore, $"header field {field}: as in the footer", HostedHeaderCheck.OffsetOf(field),
                bytes));
        }
    }

    FooterVerdict Judge(string field) => field switch
    {
        nameof(SparseHeader.CapacitySectors) => JudgeCapacity(),
        nameof(SparseHeader.GrainSizeSectors) => Choose(CountInflating(header) > 0, CountInflating(footer) > 0),
        nameof(SparseHeader.GrainTableEntries) => Choose(
            header.GrainTableEntries == UsualTableEntries, footer.GrainTableEntries == UsualTableEntries),

        // Without the flag an entry of 1 is a damaged one; with it, zeros.
        nameof(SparseHeader.Flags) when ((header.Flags ^ footer.Flags) & SparseFlags.ZeroGrains) != 0 =>
            FooterVerdict.Nobody,
        _ => JudgeKind(),
    };

    // A reader goes by one copy or the other, so that the damaged one must not be written over the whole one.
    FooterVerdict JudgeKind()
    {
        FooterVerdict usual = Choose(IsUsual(header), IsUsual(footer));
        return usual != FooterVerdict.Nobody ? usual : Choose(IsConsistent(header), IsConsistent(footer));
    }

    static bool IsUsual(HostedFields fields) => fields.Version == UsualVersion && IsConsistent(fields);

    static bool IsConsistent(HostedFields fields) => fields.Version is > 0 and <= UsualVersion
        && (fields.Flags & ~SparseFlags.ZeroGrains) == UsualFlags && fields.CompressAlgorithm == 1;

    FooterVerdict JudgeCapacity()
    {
        FooterVerdict line = descriptor is null
            ? FooterVerdict.Nobody
            : Choose(IsLine(header, descriptor.CapacitySectors), IsLine(footer, descriptor.CapacitySectors));
        bool headerIsLarger = header.CapacitySectors > footer.CapacitySectors;
        FooterVerdict grains = !HasGrainBeyond(Math.Min(header.CapacitySectors, footer.CapacitySectors))
            ? FooterVerdict.Nobody
            : headerIsLarger ? FooterVerdict.Header : FooterVerdict.Footer;
        return grains == FooterVerdict.Nobody ? line
            : line == FooterVerdict.Nobody || line == grains ? grains
            : FooterVerdict.Nobody;
    }

    // A capacity is often rounded up to whole grains, and the descriptor's length is not.
    static bool IsLine(HostedFields fields, long lineSectors)
    {
        ulong grain = fields.GrainSizeSectors;
        return fields.CapacitySectors == (ulong)lineSectors || (BitOperations.IsPow2(grain) && grain < 1 << 30
            && fields.CapacitySectors == (((ulong)lineSectors + grain - 1) & ~(grain - 1)));
    }

    static FooterVerdict Choose(bool headerCan, bool footerCan) =>
        headerCan == footerCan ? FooterVerdict.Nobody
        : headerCan ? FooterVerdict.Header
        : FooterVerdict.Footer;

    // A stored grain that inflates speaks against a capacity that ends before it.
    bool HasGrainBeyond(ulong capacitySectors)
    {
        HostedFields larger = header.CapacitySectors > footer.CapacitySectors ? header : footer;
        return GrainsOf(larger).Any(grain => grain.LbaSectors >= capacitySectors && grain.Inflates());
    }

    int CountInflating(HostedFields fields) => GrainsOf(fields).Take(MaxGrains).Count(grain => grain.Inflates());

    // The grains up to the first thing that cannot be a marker, if sizes were as some fields say.
    IEnumerable<(ulong LbaSectors, Func<bool> Inflates)> GrainsOf(HostedFields fields)
    {
        if (!isPossible(fields) || !fields.IsCompressed || !fields.Flags.HasFlag(SparseFlags.Markers))
        {
            yield break;
        }

        SparseShape shape = fields.ToShape() with { FirstUsableSector = header.FirstUsableSector };
        var inflater = new MarkerWalk(new SparseSubject(file, shape, 0, new FindingLog(0, false)), new StoredGrains());
        var walk = new Extents.MarkerWalk(
            file.File, shape.ToStreamShape(), shape.FirstUsableSector << Sector.Shift);
        while (walk.MoveNext())
        {
            if (walk.Marker.IsGrain)
            {
                long sector = walk.OffsetBytes >> Sector.Shift;
                yield return (walk.Marker.LbaSectors, () => inflater.Inflates(sector));
            }
        }
    }
}
