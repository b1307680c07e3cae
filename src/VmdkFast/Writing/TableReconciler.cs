using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmdkFast.Extents;

namespace VmdkFast.Writing;

/// <summary>
/// Sets the redundant tables of an extent right that its last writer left open: a power cut may have kept either copy
/// of a sector. The primary is the truth, unless it is impossible; then only a repair can tell.
/// </summary>
/// <param name="file">The extent's file.</param>
/// <param name="extent">The extent.</param>
/// <param name="copyOf">
/// Where the copy of a table is from now on, told whether there is such a table; null where there is to be none.
/// </param>
sealed class TableReconciler(WriteFile file, SparseExtent extent, Func<int, bool, long?> copyOf)
{
    readonly SparseLayout _layout = extent.Layout;

    /// <summary>Makes every copy follow its primary.</summary>
    /// <returns>Whether every grain has one owner: only then may the extent be called clean later.</returns>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.TablesDisagree"/>: a primary entry is impossible.
    /// </exception>
    internal bool Reconcile() => Walk(follow: true);

    /// <summary>Only looks: throws what <see cref="Reconcile"/> would throw, and writes nothing.</summary>
    internal void Judge() => Walk(follow: false);

    bool Walk(bool follow)
    {
        var owners = new GrainOwners(file.File.LengthBytes, _layout.GrainSectors);
        var directory = new uint[_layout.DirectoryEntries];
        extent.Source.LoadDirectory(0, directory);
        var primary = new uint[_layout.TableEntries];
        var copy = new uint[_layout.TableEntries];
        for (int tableIndex = 0; tableIndex < directory.Length; tableIndex++)
        {
            if (directory[tableIndex] == 0)
            {
                if (follow)
                {
                    copyOf(tableIndex, false);
                }

                continue;
            }

            if (!extent.Source.IsPossibleTable(directory[tableIndex]))
            {
                throw Disagree($"grainDirectory[{tableIndex}]", directory[tableIndex]);
            }

            extent.Source.LoadTable(tableIndex, directory[tableIndex], primary);
            Judge(primary, tableIndex, owners);
            if (follow && copyOf(tableIndex, true) is { } offsetBytes)
            {
                Follow(primary, copy, offsetBytes);
            }
        }

        return !owners.HasDoubles;
    }

    void Judge(ReadOnlySpan<uint> entries, int tableIndex, GrainOwners owners)
    {
        for (int index = 0; index < entries.Length; index++)
        {
            uint entry = entries[index];
            if (entry == 0 || (entry == 1 && _layout.ZeroGrains))
            {
                continue;
            }

            if (!extent.IsPossible(entry))
            {
                throw Disagree($"grainTable[{tableIndex}][{index}]", entry);
            }

            owners.Add(entry);
        }
    }

    void Follow(ReadOnlySpan<uint> primary, Span<uint> copy, long offsetBytes)
    {
        extent.Source.ReadEntries(offsetBytes, copy, "redundantGrainTable");
        if (copy.SequenceEqual(primary))
        {
            return;
        }

        primary.CopyTo(copy);
        if (!BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.ReverseEndianness(copy, copy);
        }

        file.Write(MemoryMarshal.AsBytes(copy), offsetBytes);
    }

    VmdkException Disagree(string field, uint entry) =>
        new(VmdkErrorCode.TablesDisagree, file.File.Path,
            "the image was left open by its last writer, and a table is damaged: repair it before it is written", null,
            field, $"sector {entry}", "a place inside the file");

    /// <summary>One bit for each grain that the file can hold: memory follows the file, not the header.</summary>
    sealed class GrainOwners(long fileBytes, uint grainSectors)
    {
        readonly System.Collections.BitArray _owned = new(
            checked((int)((fileBytes >> Sector.Shift) / grainSectors) + 1));

        internal bool HasDoubles { get; private set; }

        internal void Add(uint sector)
        {
            int grain = (int)(sector / grainSectors);
            HasDoubles |= _owned[grain];
            _owned[grain] = true;
        }
    }
}
