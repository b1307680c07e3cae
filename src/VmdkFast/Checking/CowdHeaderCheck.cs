using System.Numerics;
using VmdkFast.Format;
using VmdkFast.Layout;
using VmdkFast.Opening;

namespace VmdkFast.Checking;

/// <summary>Looks at every field of an ESX sparse header that a reader or a writer goes by.</summary>
sealed class CowdHeaderCheck(CheckedFile file, FindingLog log)
{
    const uint MaxGrainSectors = 2048;
    const uint UsualFlags = 3;

    // Directly behind the header, in every file of ESX.
    const uint UsualDirectorySector = CowdHeader.SizeBytes / Sector.Bytes;

    // As many as QEMU takes.
    const uint MaxDirectoryEntries = 1 << 25;

    bool _isInDoubt;

    internal SparseShape? Shape { get; private set; }

    /// <summary>The first sector that the header calls free.</summary>
    internal uint FreeSector { get; private set; }

    internal void Run()
    {
        Span<byte> bytes = stackalloc byte[CowdHeader.SizeBytes];
        int read = file.File.Read(bytes, 0);
        if (read < bytes.Length)
        {
            log.Add(VmdkFindingKind.Truncated, file.Path, $"the file ends inside its header, after {read} bytes", read);
            return;
        }

        var header = CowdHeader.Read(bytes);
        FreeSector = header.FreeSector;
        JudgeIdentity(header);
        uint grain = header.GrainSizeSectors;
        bool hasSizes = grain is > 0 and <= MaxGrainSectors && BitOperations.IsPow2(grain)
            && header.CapacitySectors != 0;
        if (!hasSizes)
        {
            Invalid(
                nameof(header.GrainSizeSectors), $"{grain} sectors for a disk of {header.CapacitySectors}",
                $"a power of two up to {MaxGrainSectors}, and a disk");
            return;
        }

        var shape = new SparseShape
        {
            CapacitySectors = header.CapacitySectors,
            GrainSectors = grain,
            TableEntries = CowdFile.TableEntries,
            DirectorySector = header.DirectoryOffsetSectors,
            FirstUsableSector = 0,
            IsCowd = true,
        };
        JudgeDirectory(header, shape);
        file.TryAddMetadata(0, Sector.CountFor(CowdHeader.SizeBytes));
        if (!file.Holds(shape.DirectorySector, (long)shape.DirectoryEntries * sizeof(uint))
            || !file.TryAddMetadata(shape.DirectorySector, shape.DirectorySectors))
        {
            log.Add(
                VmdkFindingKind.DirectoryInvalid, file.Path,
                $"the grain directory is said to be at sector {shape.DirectorySector}, where none can be",
                OffsetOf(nameof(header.DirectoryOffsetSectors)));
            return;
        }

        Shape = shape with { FirstUsableSector = shape.DirectorySector + shape.DirectorySectors };
    }

    void JudgeIdentity(in CowdHeader header)
    {
        if (header.Version != 1)
        {
            Invalid(nameof(header.Version), $"{header.Version}", "1");
        }

        if (header.Flags != UsualFlags)
        {
            Odd(nameof(header.Flags), $"0x{header.Flags:x}", $"{UsualFlags}");
        }

        if (header.UncleanShutdown != 0)
        {
            NoteUnclean();
        }
    }

    void JudgeDirectory(in CowdHeader header, SparseShape shape)
    {
        if (header.DirectoryEntries < shape.DirectoryEntries || header.DirectoryEntries > MaxDirectoryEntries)
        {
            Invalid(nameof(header.DirectoryEntries), $"{header.DirectoryEntries}", $"{shape.DirectoryEntries}");
        }
        else if (header.DirectoryEntries != shape.DirectoryEntries)
        {
            Odd(nameof(header.DirectoryEntries), $"{header.DirectoryEntries}", $"{shape.DirectoryEntries}");
        }

        if (header.DirectoryOffsetSectors != UsualDirectorySector)
        {
            Invalid(
                nameof(header.DirectoryOffsetSectors), $"sector {header.DirectoryOffsetSectors}",
                $"sector {UsualDirectorySector}");
        }

        if (header.FreeSector > file.LengthSectors)
        {
            Odd(
                nameof(header.FreeSector), $"sector {header.FreeSector}",
                $"one of the file's {file.LengthSectors}, or the next");
        }
    }

    void NoteUnclean()
    {
        long offsetBytes = OffsetOf(nameof(CowdHeader.UncleanShutdown));
        log.Add(VmdkFindingKind.Unclean, file.Path, "the last writer left the extent open", offsetBytes);
        log.Propose(new WriteStep(
            file, RepairClass.CallClean, "nothing is wrong with the extent that was left open", offsetBytes,
            new byte[sizeof(uint)]));
    }

    /// <summary>The first free sector must lie behind all that is used, or the next write goes over it.</summary>
    internal void JudgeFreeSector(long endSector)
    {
        if (_isInDoubt)
        {
            log.Withdraw(file);
        }

        if (_isInDoubt || FreeSector >= endSector)
        {
            return;
        }

        long offsetBytes = OffsetOf(nameof(CowdHeader.FreeSector));
        log.Add(
            VmdkFindingKind.FreeSectorInvalid, file.Path,
            $"the first free sector is said to be {FreeSector}; sectors are used up to {endSector}", offsetBytes);
        log.Propose(new WriteStep(
            file, RepairClass.Restore, $"the first free sector is {endSector}", offsetBytes,
            Writing.SparseMarks.Bytes((uint)endSector)));
    }

    void Invalid(string field, string found, string wanted)
    {
        _isInDoubt = true;
        Note(VmdkFindingKind.HeaderInvalid, field, found, wanted);
    }

    void Odd(string field, string found, string wanted) => Note(VmdkFindingKind.HeaderOdd, field, found, wanted);

    void Note(VmdkFindingKind kind, string field, string found, string wanted) => log.Add(
        kind, file.Path, $"header field {field}: found {found}, wanted {wanted}", OffsetOf(field));

    static long OffsetOf(string name)
    {
        foreach (LayoutField field in CowdHeader.Fields)
        {
            if (field.Name == name)
            {
                return field.OffsetBytes;
            }
        }

        return 0;
    }
}
