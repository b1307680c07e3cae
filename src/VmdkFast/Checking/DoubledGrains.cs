namespace VmdkFast.Checking;

/// <summary>Grains that stand in a stream more than once with the same bytes: each will do. Not thread-safe.</summary>
sealed class DoubledGrains(CheckedFile file, StoredGrains stored)
{
    byte[] _first = [];
    byte[] _other = [];

    /// <summary>The first of the places; null when there is none, or when their bytes differ.</summary>
    internal StoredPlace? Find(long grain)
    {
        int end = stored.EndOf(grain);
        int start = end;
        while (start > 0 && stored[start - 1].Grain == grain)
        {
            start--;
        }

        if (start == end)
        {
            return null;
        }

        for (int i = start + 1; i < end; i++)
        {
            if (!AreSame(stored[start], stored[i]))
            {
                return null;
            }
        }

        return stored[start];
    }

    bool AreSame(in StoredPlace first, in StoredPlace other)
    {
        if (first.LengthSectors != other.LengthSectors)
        {
            return false;
        }

        int length = (int)(first.LengthSectors << Sector.Shift);
        if (_first.Length < length)
        {
            (_first, _other) = (new byte[length], new byte[length]);
        }

        Span<byte> one = _first.AsSpan(0, length);
        Span<byte> two = _other.AsSpan(0, length);
        int read = file.File.Read(one, (long)first.Sector << Sector.Shift);
        return read == file.File.Read(two, (long)other.Sector << Sector.Shift)
            && one[..read].SequenceEqual(two[..read]);
    }
}
