using Microsoft.Win32.SafeHandles;

namespace VmdkFast.Benchmarks;

/// <summary>One bare read: where the bytes of a read of the disk lie.</summary>
readonly record struct BareRead(SafeFileHandle File, long FileOffsetBytes, int LengthBytes);

/// <summary>
/// The speed of light: the stored bytes of a list of reads of the disk, by <see cref="RandomAccess"/> at the same file
/// offsets, in the same order.
/// </summary>
/// <remarks>
/// The places come from <see cref="VmdkDisk.Map(long, long, CancellationToken)"/>. For a compressed grain they are the
/// bytes from its marker on, as many as are wanted of the grain: reading without inflating.
/// </remarks>
sealed class BareReads : IDisposable
{
    readonly Dictionary<string, SafeFileHandle> _files = [];
    readonly BareRead[] _reads;

    internal BareReads(VmdkDisk disk, ReadOnlySpan<long> offsetsBytes, int lengthBytes)
    {
        var reads = new List<BareRead>(offsetsBytes.Length);
        foreach (long offset in offsetsBytes)
        {
            foreach (VmdkRun run in disk.Map(offset, lengthBytes).Where(run => run.Path is not null))
            {
                SafeFileHandle file = Open(run.Path!);
                reads.Add(new BareRead(file, run.FileOffsetBytes!.Value, (int)run.LengthBytes));
            }
        }

        _reads = [.. reads];
    }

    /// <summary>The reads in order; as many as reads of the disk where none crosses a border.</summary>
    internal ReadOnlySpan<BareRead> Reads => _reads;

    /// <summary>Reads a slice of the list, each read to the start of the buffer.</summary>
    /// <returns>Bytes read.</returns>
    internal long Read(int first, int count, Span<byte> buffer)
    {
        long total = 0;
        foreach (ref readonly BareRead read in _reads.AsSpan(first, count))
        {
            total += RandomAccess.Read(read.File, buffer[..read.LengthBytes], read.FileOffsetBytes);
        }

        return total;
    }

    /// <summary>Reads everything.</summary>
    internal long ReadAll(Span<byte> buffer) => Read(0, _reads.Length, buffer);

    public void Dispose()
    {
        foreach (SafeFileHandle file in _files.Values)
        {
            file.Dispose();
        }
    }

    SafeFileHandle Open(string path)
    {
        if (!_files.TryGetValue(path, out SafeFileHandle? file))
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            _files.Add(path, file);
        }

        return file;
    }
}
