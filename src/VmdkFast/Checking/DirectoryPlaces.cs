using System.Buffers.Binary;
using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Where the two directories of a hosted file are, when the header is wrong about one of them: every product lays each
/// directory in front of its tables, and both such stretches side by side, the redundant one first.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="shape">Its sizes.</param>
sealed class DirectoryPlaces(CheckedFile file, SparseShape shape)
{
    readonly long _stretchSectors = shape.DirectorySectors + (shape.DirectoryEntries * shape.TableSectors);

    /// <summary>Both places, after what is wrong with the header's has been reported.</summary>
    internal (ulong Directory, ulong Redundant) Judge(HostedFields header, FindingLog log)
    {
        (ulong directory, ulong redundant) =
            (header.DirectoryOffsetSectors, header.RedundantDirectoryOffsetSectors);
        if (shape.Compressed)
        {
            return (directory, redundant);
        }

        (ulong rightDirectory, ulong rightRedundant) = header.Flags.HasFlag(SparseFlags.RedundantDirectory)
            ? Correct(directory, redundant)
            : (Correct(directory, TableLayout.EndOfDescriptor(header)), redundant);
        if (rightDirectory != directory)
        {
            Propose(
                log, VmdkFindingKind.DirectoryInvalid, nameof(header.DirectoryOffsetSectors), directory,
                rightDirectory);
        }

        if (rightRedundant != redundant)
        {
            Propose(
                log, VmdkFindingKind.CopyInvalid, nameof(header.RedundantDirectoryOffsetSectors), redundant,
                rightRedundant);
        }

        return (rightDirectory, rightRedundant);
    }

    void Propose(FindingLog log, VmdkFindingKind kind, string field, ulong sector, ulong right)
    {
        string text = $"{field} is sector {sector}, but the directory lies at sector {right}, as its entries prove";
        long offsetBytes = HostedHeaderCheck.OffsetOf(field);
        log.Add(kind, file.Path, text, offsetBytes);
        log.Propose(new WriteStep(file, RepairClass.Restore, text, offsetBytes, FieldOf(right))
        {
            ProvesDirectory = kind == VmdkFindingKind.DirectoryInvalid,
        });
    }

    /// <summary>Both places; one is another than the header says when the other one proves it.</summary>
    internal (ulong Directory, ulong Redundant) Correct(ulong directory, ulong redundant)
    {
        // The usual case, which costs one comparison.
        if (directory == redundant + (ulong)_stretchSectors)
        {
            return (directory, redundant);
        }

        bool isDirectory = directory <= Sector.MaxSectors && IsRegular((long)directory);
        bool isRedundant = redundant <= Sector.MaxSectors && IsRegular((long)redundant);
        return (isDirectory, isRedundant) switch
        {
            (false, true) when IsRegular((long)redundant + _stretchSectors) =>
                (redundant + (ulong)_stretchSectors, redundant),
            (true, false) when IsRegular((long)directory - _stretchSectors) =>
                (directory, directory - (ulong)_stretchSectors),
            _ => (directory, redundant),
        };
    }

    /// <summary>
    /// The place of the only one; another than the header says when none lies there, and one directly behind the
    /// descriptor.
    /// </summary>
    internal ulong Correct(ulong directory, long behindDescriptor) =>
        directory != (ulong)behindDescriptor && IsRegular(behindDescriptor)
        && !(directory <= Sector.MaxSectors && IsRegular((long)directory))
            ? (ulong)behindDescriptor
            : directory;

    /// <summary>Whether one stretch lies directly behind the other.</summary>
    internal bool AreUsual(long directory, long redundant) => directory == redundant + _stretchSectors;

    /// <summary>
    /// Whether each entry names the table that lies where it would by the rule, and the rest of the last sector is
    /// empty.
    /// </summary>
    /// <remarks>
    /// A table of grains is never so: its entries are as far apart as grains are long, and tables are shorter.
    /// </remarks>
    internal bool IsRegular(long sector)
    {
        if (sector <= 0 || !file.Holds(sector, _stretchSectors << Sector.Shift))
        {
            return false;
        }

        var entries = new EntryReader(file, sector, (int)(shape.DirectorySectors * (Sector.Bytes / sizeof(uint))));
        for (int i = 0; i < shape.DirectoryEntries; i++)
        {
            if (entries[i] != sector + shape.DirectorySectors + (i * shape.TableSectors))
            {
                return false;
            }
        }

        return entries.NextUsed(shape.DirectoryEntries) == shape.DirectorySectors * (Sector.Bytes / sizeof(uint));
    }

    /// <summary>The bytes of a header's field that names a place.</summary>
    internal static byte[] FieldOf(ulong sector)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, sector);
        return bytes;
    }
}
