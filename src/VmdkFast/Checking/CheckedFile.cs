using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmdkFast.Storage;

namespace VmdkFast.Checking;

/// <summary>A file under check, and what is known so far of the use of its sectors. Not thread-safe.</summary>
/// <param name="local">The file itself: what locks and changes go to.</param>
/// <param name="view">What is checked instead of its bytes, as changes would leave them; null for its bytes.</param>
sealed class CheckedFile(LocalFile local, ImageFile? view = null)
{
    const int PieceBytes = 64 << 10;

    readonly ImageFile _file = view ?? local;
    byte[]? _piece;
    SpaceMap? _used;
    SpaceMap? _metadata;

    internal LocalFile Local => local;

    /// <summary>What is read.</summary>
    internal ImageFile File => _file;

    internal string Path => _file.Path;

    internal long LengthBytes => _file.LengthBytes;

    /// <summary>Length in sectors; the last may be cut off.</summary>
    internal long LengthSectors { get; } = Sector.CountFor((view ?? local).LengthBytes);

    /// <summary>Sectors of metadata and of grains.</summary>
    internal SpaceMap Used => _used ??= new SpaceMap(LengthSectors);

    /// <summary>Of these, the sectors of metadata.</summary>
    internal SpaceMap Metadata => _metadata ??= new SpaceMap(LengthSectors);

    /// <summary>Takes a stretch for metadata.</summary>
    /// <returns>False, and nothing is taken, when other metadata lies there.</returns>
    internal bool TryAddMetadata(long sector, long count)
    {
        if (!Metadata.TryAdd(sector, count))
        {
            return false;
        }

        Used.Add(sector, count);
        return true;
    }

    /// <summary>Whether a stretch lies wholly in the file.</summary>
    internal bool Holds(long sector, long lengthBytes) =>
        sector >= 0 && sector <= (long)Sector.MaxSectors && sector << Sector.Shift <= LengthBytes - lengthBytes;

    /// <summary>
    /// The first byte of a range that is not zero; negative when all are, as in space that was given back.
    /// </summary>
    internal long FirstUsedByte(long startBytes, long endBytes)
    {
        endBytes = Math.Min(endBytes, LengthBytes);
        for (long at = startBytes; at < endBytes;)
        {
            at = Math.Max(at, _file.NextData(at).StartBytes);
            if (at >= endBytes)
            {
                break;
            }

            _piece ??= new byte[PieceBytes];
            int read = _file.Read(_piece.AsSpan(0, (int)Math.Min(_piece.Length, endBytes - at)), at);
            int found = _piece.AsSpan(0, read).IndexOfAnyExcept((byte)0);
            if (found >= 0)
            {
                return at + found;
            }

            at += Math.Max(read, 1);
        }

        return -1;
    }

    /// <summary>Reads entries; what lies behind the end of the file reads as 0.</summary>
    internal void ReadEntries(long offsetBytes, Span<uint> entries)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(entries);
        bytes[_file.Read(bytes, offsetBytes)..].Clear();
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(entries, entries);
        }
    }
}
