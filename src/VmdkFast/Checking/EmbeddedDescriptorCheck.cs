using VmdkFast.Format;
using VmdkFast.Opening;

namespace VmdkFast.Checking;

/// <summary>Looks at the descriptor that a hosted sparse header embeds. Not thread-safe.</summary>
sealed class EmbeddedDescriptorCheck(CheckedFile file, FindingLog log, VmdkLimits limits)
{
    // Every product puts it there, and QEMU looks nowhere else.
    const ulong UsualSector = 1;

    ulong _offsetSectors;
    ulong _sizeSectors;
    bool _overlaps;

    /// <summary>The descriptor; null when there is none that can be read.</summary>
    internal DescriptorText? Text { get; private set; }

    /// <summary>Where its area begins; 0 when it has none that could be used.</summary>
    internal long OffsetBytes { get; private set; }

    /// <summary>Length of its area.</summary>
    internal int AreaBytes { get; private set; }

    /// <summary>What is there instead of the descriptor that the header names; null when it names none, or has it.</summary>
    string? Instead { get; set; }

    /// <summary>Reads it.</summary>
    /// <returns>What the header says of an area that is nowhere; null when that is in order.</returns>
    internal string? Run(HostedFields header)
    {
        (_offsetSectors, _sizeSectors) = (header.DescriptorOffsetSectors, header.DescriptorSizeSectors);
        if (_offsetSectors == 0 || _sizeSectors == 0)
        {
            Instead = HostedSparseFile.MissingDescriptor(_offsetSectors, _sizeSectors, []);
            return null;
        }

        if (_sizeSectors > (ulong)(limits.MaxDescriptorBytes / Sector.Bytes) || _offsetSectors > Sector.MaxSectors
            || !file.Holds((long)_offsetSectors, 1))
        {
            return $"{_sizeSectors} sectors at sector {_offsetSectors}";
        }

        OffsetBytes = Sector.ToBytes(_offsetSectors);
        AreaBytes = (int)_sizeSectors * Sector.Bytes;
        var area = new byte[AreaBytes];
        int read = file.File.Read(area, OffsetBytes);
        _overlaps = !file.TryAddMetadata((long)_offsetSectors, (long)_sizeSectors);
        if (_overlaps)
        {
            log.Add(
                VmdkFindingKind.DescriptorOverlaps, file.Path, "the descriptor's area lies over the header",
                OffsetBytes);
        }

        if (DescriptorText.IsEmpty(area.AsSpan(0, read)))
        {
            Instead = HostedSparseFile.MissingDescriptor(_offsetSectors, _sizeSectors, area);
            return null;
        }

        try
        {
            Text = DescriptorText.Parse(area.AsSpan(0, read), file.Path, limits, OffsetBytes);
        }
        catch (VmdkException refusal)
        {
            log.Add(VmdkFindingKind.DescriptorInvalid, refusal);
        }

        return null;
    }

    /// <summary>
    /// Notes that a file which is to be an image by itself has lost its descriptor, and proposes its usual place when
    /// it lies there.
    /// </summary>
    internal void Require()
    {
        long fieldOffset = HostedHeaderCheck.OffsetOf(nameof(SparseHeader.DescriptorOffsetSectors));
        if (Instead is { } found)
        {
            log.Add(
                VmdkFindingKind.DescriptorInvalid, file.Path,
                $"the header names a descriptor, and there is none, but {found}: whether the image has a parent is "
                + "not known", fieldOffset);
        }

        if (Text is null && LiesAtUsualPlace())
        {
            log.Propose(new WriteStep(
                file, RepairClass.Restore, $"the descriptor lies at sector {UsualSector}", fieldOffset,
                DirectoryPlaces.FieldOf(UsualSector)));
        }
    }

    bool LiesAtUsualPlace()
    {
        if (_offsetSectors == UsualSector || _sizeSectors == 0
            || _sizeSectors > (ulong)(limits.MaxDescriptorBytes / Sector.Bytes))
        {
            return false;
        }

        var area = new byte[(int)_sizeSectors * Sector.Bytes];
        int read = file.File.Read(area, (long)UsualSector << Sector.Shift);
        try
        {
            DescriptorText.Parse(area.AsSpan(0, read), file.Path, limits);
            return true;
        }
        catch (VmdkException)
        {
            return false;
        }
    }
}
