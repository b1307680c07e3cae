namespace VmdkFast.Cli;

/// <summary>Where in a flat file an offset of an image's disk lies, whether or not bytes are stored there.</summary>
sealed class FlatRanges
{
    readonly VmdkLayerInfo _layer;
    readonly long[] _endBytes;

    internal FlatRanges(VmdkLayerInfo layer)
    {
        _layer = layer;
        _endBytes = new long[layer.Extents.Count];
        long endBytes = 0;
        for (int i = 0; i < _endBytes.Length; i++)
        {
            endBytes += layer.Extents[i].LengthSectors * ExtentWords.SectorBytes;
            _endBytes[i] = endBytes;
        }
    }

    /// <summary>The end of the offset's extent on the disk; file and place in it when the extent is flat.</summary>
    internal (long EndBytes, string? Path, long? FileOffsetBytes) Find(long offsetBytes)
    {
        int found = Array.BinarySearch(_endBytes, offsetBytes);

        // An extent ends where the next one begins, so an exact hit belongs to the next.
        int index = found >= 0 ? found + 1 : ~found;
        VmdkExtentInfo extent = _layer.Extents[index];
        if (extent.Format != VmdkExtentFormat.Flat)
        {
            return (_endBytes[index], null, null);
        }

        long startBytes = index == 0 ? 0 : _endBytes[index - 1];
        long fileOffsetBytes = (extent.OffsetSectors * ExtentWords.SectorBytes) + offsetBytes - startBytes;
        return (_endBytes[index], extent.Path, fileOffsetBytes);
    }
}
