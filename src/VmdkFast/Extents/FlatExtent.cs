using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>An extent that lies in its file byte for byte.</summary>
sealed class FlatExtent : Extent
{
    readonly ImageFile _file;
    readonly long _fileOffsetBytes;

    /// <param name="file">
    /// The file; it must reach into the extent's last sector, and what is missing of that is zeros.
    /// </param>
    /// <param name="fileOffsetBytes">Where the extent begins in the file.</param>
    /// <param name="lengthBytes">Length of the extent.</param>
    internal FlatExtent(ImageFile file, long fileOffsetBytes, long lengthBytes)
        : base(lengthBytes)
    {
        _file = file;
        _fileOffsetBytes = fileOffsetBytes;
    }

    internal override ImageFile File => _file;

    internal override bool TryMap(long offsetBytes, long maxLengthBytes, bool mayLoad, out Mapping mapping)
    {
        mapping = Mapping.Data(maxLengthBytes, _file, _fileOffsetBytes + offsetBytes);
        return true;
    }

    internal override ExtentScan Scan() => new FlatScan(this);

    /// <summary>
    /// Tells the file's holes from its data; a hole is zeros, for a flat extent has no parent to ask.
    /// </summary>
    sealed class FlatScan(FlatExtent extent) : ExtentScan
    {
        ByteRange _run = new(-1, -1);

        internal override Mapping Map(long offsetBytes, long maxLengthBytes)
        {
            long start = extent._fileOffsetBytes + offsetBytes;
            long end = start + maxLengthBytes;
            if (start < _searchedFrom || start >= _run.EndBytes)
            {
                // A raw file may end within a sector, and pieces of a disk are sectors.
                ByteRange data = extent._file.NextData(start);
                _run = new ByteRange(
                    data.StartBytes & -Sector.Bytes, (data.EndBytes + Sector.Bytes - 1) & -Sector.Bytes);
                _searchedFrom = start;
            }

            return start < _run.StartBytes
                ? Mapping.Zero(Math.Min(_run.StartBytes, end) - start)
                : start < _run.EndBytes
                    ? Mapping.Data(Math.Min(_run.EndBytes, end) - start, extent._file, start)
                    : Mapping.Zero(maxLengthBytes);
        }

        // No data lies between here and the run.
        long _searchedFrom = long.MaxValue;
    }
}
