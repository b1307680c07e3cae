using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>
/// Reads tables: up to 256 KiB at once where they follow one another, one by one elsewhere, and not at all in holes of
/// the file. Not thread-safe.
/// </summary>
sealed class TableReader(CheckedFile file, SparseShape shape)
{
    const int WindowEntries = 64 << 10;

    readonly uint[] _window = new uint[
        (int)Math.Max(shape.TableEntries, Math.Min(WindowEntries, (long)shape.DirectoryEntries * shape.TableEntries))];
    long _windowStart;
    long _windowEnd;
    ByteRange _data;
    long _dataSearchedFrom = long.MaxValue;

    /// <summary>Whether a table lies wholly in a hole: all of its entries are 0.</summary>
    internal bool IsHole(long sector)
    {
        long start = sector << Sector.Shift;
        if (start < _dataSearchedFrom || start >= _data.EndBytes)
        {
            _data = file.File.NextData(start);
            _dataSearchedFrom = start;
        }

        return start + shape.TableBytes <= _data.StartBytes;
    }

    /// <summary>The entries of a table; valid until the next call.</summary>
    internal ReadOnlySpan<uint> Read(long sector)
    {
        long start = sector << Sector.Shift;
        if (start < _windowStart || start + shape.TableBytes > _windowEnd)
        {
            // Ahead only when the last table was directly before: in a stream there are grains between tables.
            bool follows = start == _windowEnd && _windowEnd != 0;
            long lengthBytes = follows ? (long)_window.Length * sizeof(uint) : shape.TableBytes;
            lengthBytes = Math.Max(shape.TableBytes, Math.Min(lengthBytes, file.LengthBytes - start) & -sizeof(uint));
            file.ReadEntries(start, _window.AsSpan(0, (int)(lengthBytes / sizeof(uint))));
            _windowStart = start;
            _windowEnd = start + lengthBytes;
        }

        return _window.AsSpan((int)((start - _windowStart) / sizeof(uint)), shape.TableEntries);
    }
}
