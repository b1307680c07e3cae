using VmdkFast.Format;
using VmdkFast.Opening;

namespace VmdkFast.Checking;

/// <summary>Looks at the descriptor that a hosted sparse header embeds. Not thread-safe.</summary>
sealed class EmbeddedDescriptorCheck(CheckedFile file, FindingLog log, VmdkLimits limits)
{
    // Every product puts it there, and QEMU looks nowhere else.
    const ulong UsualSector = 1;

    const byte Comment = (byte)'#';

    ulong _offsetSectors;
    ulong _sizeSectors;
    byte[] _area = [];
    bool _overlaps;
    bool _isStillThere;

    /// <summary>The place that is given for a descriptor which is lost: that of the header's field.</summary>
    internal static long FieldOffsetBytes { get; } =
        HostedHeaderCheck.OffsetOf(nameof(SparseHeader.DescriptorOffsetSectors));

    /// <summary>The descriptor; null when there is none that can be read.</summary>
    internal DescriptorText? Text { get; private set; }

    /// <summary>Where its area begins; 0 when it has none that could be used.</summary>
    internal long OffsetBytes { get; private set; }

    /// <summary>Length of its area.</summary>
    internal int AreaBytes { get; private set; }

    // What is there where the header names a descriptor; null when it names none, or has it.
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
        _area = new byte[AreaBytes];
        int read = file.File.Read(_area, OffsetBytes);
        _overlaps = !file.TryAddMetadata((long)_offsetSectors, (long)_sizeSectors);
        if (_overlaps)
        {
            log.Add(
                VmdkFindingKind.DescriptorOverlaps, file.Path, "the descriptor's area lies over the header",
                OffsetBytes);
        }

        if (DescriptorText.IsEmpty(_area.AsSpan(0, read)))
        {
            Instead = HostedSparseFile.MissingDescriptor(_offsetSectors, _sizeSectors, _area);
            return null;
        }

        try
        {
            Text = DescriptorText.Parse(_area.AsSpan(0, read), file.Path, limits, OffsetBytes);
        }
        catch (VmdkException refusal)
        {
            log.Add(VmdkFindingKind.DescriptorInvalid, refusal);
        }

        return null;
    }

    /// <summary>
    /// Notes that a file which is to be an image by itself has lost its descriptor, and proposes what brings it back
    /// as it was.
    /// </summary>
    internal void Require()
    {
        if (Instead is { } found)
        {
            log.Add(
                VmdkFindingKind.DescriptorInvalid, file.Path,
                $"the header names a descriptor, and there is none, but {found}: whether the image has a parent is "
                + "not known", FieldOffsetBytes);
        }

        if (Text is not null)
        {
            return;
        }

        if (LiesAtUsualPlace())
        {
            _isStillThere = true;
            log.Propose(new WriteStep(
                file, RepairClass.Restore, $"the descriptor lies at sector {UsualSector}", FieldOffsetBytes,
                DirectoryPlaces.FieldOf(UsualSector)));
        }
        else if (Instead is not null && _area.Length > 0 && IsDescriptor([Comment, .. _area.AsSpan(1)]))
        {
            _isStillThere = true;
            log.Propose(new WriteStep(
                file, RepairClass.Restore, "the descriptor has lost its first byte, which begins a comment",
                OffsetBytes, [Comment]));
        }
    }

    /// <summary>Proposes a new descriptor, made from the header, in place of one that is lost.</summary>
    /// <param name="header">What the header says.</param>
    /// <param name="shape">What the tables were found by.</param>
    /// <param name="doubt">Why the header cannot be believed; null when it can.</param>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.TargetRefused"/>: none can be made.</exception>
    internal void ProposeRebuild(HostedFields? header, SparseShape? shape, string? doubt)
    {
        if (_isStillThere)
        {
            return;
        }

        doubt ??= _offsetSectors != UsualSector || AreaBytes == 0 ? "the header names no area for it at sector 1"
            : LiesOverOthers(shape!) ? "its area lies over other structures"
            : null;
        if (doubt is not null)
        {
            VmdkException.Throw(
                VmdkErrorCode.TargetRefused, file.Path, "no descriptor can be made from the header", 0, "header", doubt,
                "a header that can be believed");
        }

        string name = Path.GetFileName(file.Path);
        try
        {
            DescriptorValue.ThrowIfUnwritable(name, nameof(name));
        }
        catch (ArgumentException)
        {
            // The line of an embedded descriptor is its own file's, whatever name it has.
            name = "disk.vmdk";
        }

        byte[] text = DescriptorRebuild.Compose(
            header!.IsCompressed ? VmdkDiskKind.StreamOptimized : VmdkDiskKind.MonolithicSparse,
            [ExtentLine.ForFile(VmdkExtentType.Sparse, shape!.CapacitySectors, name)], DescriptorRebuild.IdeAdapter);
        if (text.Length > AreaBytes)
        {
            VmdkException.Throw(
                VmdkErrorCode.TargetRefused, file.Path, "the descriptor's area is too small for a new one", 36,
                nameof(header.DescriptorSizeSectors), $"{AreaBytes} bytes", $"{text.Length} bytes");
        }

        var area = new byte[AreaBytes];
        text.CopyTo(area, 0);
        string parent = _area.AsSpan().IndexOf("parentFileNameHint"u8) < 0
            ? "whether the image had one is not known"
            : "and what is left of the lost one names a parent";
        log.Propose(new WriteStep(
            file, RepairClass.Restore, $"a new descriptor, of a disk without a parent: {parent}", OffsetBytes, area));
    }

    // Directories that could not be placed have been found already; their tables lie behind them.
    bool LiesOverOthers(SparseShape shape)
    {
        long end = (long)(_offsetSectors + _sizeSectors);
        return _overlaps || (shape.DirectorySector != 0 && shape.DirectorySector < end && !shape.DirectoryAtEnd)
            || (shape.RedundantSector != 0 && shape.RedundantSector < end) || shape.FirstUsableSector < end;
    }

    bool LiesAtUsualPlace()
    {
        if (_offsetSectors == UsualSector || _sizeSectors == 0
            || _sizeSectors > (ulong)(limits.MaxDescriptorBytes / Sector.Bytes))
        {
            return false;
        }

        var area = new byte[(int)_sizeSectors * Sector.Bytes];
        return IsDescriptor(area.AsSpan(0, file.File.Read(area, (long)UsualSector << Sector.Shift)));
    }

    bool IsDescriptor(ReadOnlySpan<byte> area)
    {
        try
        {
            DescriptorText.Parse(area, file.Path, limits);
            return true;
        }
        catch (VmdkException)
        {
            return false;
        }
    }
}
