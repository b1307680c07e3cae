using VmdkFast.Format;

namespace VmdkFast.Checking;

/// <summary>
/// Proposes what of a hosted header or of its descriptor can be made anew, when all else that the header says agrees
/// with the file.
/// </summary>
static class HeaderRestore
{
    /// <summary>Proposes the lost signature. To be called where the descriptor agrees on the capacity.</summary>
    internal static void ProposeSignature(HostedHeaderCheck header, CheckedFile file, FindingLog log)
    {
        if (header.HasLostSignature && !header.IsDamaged && DoubtOf(header) is null && IsRegular(header, file))
        {
            log.Propose(new WriteStep(
                file, RepairClass.Restore, "all else of the header and both directories are in order: its signature", 0,
                "KDMV"u8.ToArray()));
        }
    }

    /// <summary>Proposes a new descriptor in place of one that is lost.</summary>
    /// <exception cref="VmdkException"><see cref="VmdkErrorCode.TargetRefused"/>: none can be made.</exception>
    internal static void ProposeDescriptor(HostedHeaderCheck header, CheckedFile file)
    {
        // Header and descriptor both state the capacity; from now on it would be the header alone. What else depends on
        // it must agree.
        string? doubt = header.IsInDoubt ? "other fields are damaged" : DoubtOf(header);
        if (doubt is null && header.Shape!.RedundantSector != 0
            && !new DirectoryPlaces(file, header.Shape).AreUsual(
                header.Shape.DirectorySector, header.Shape.RedundantSector))
        {
            doubt = "the directories do not lie as its capacity says";
        }

        header.Embedded.ProposeRebuild(header.Header, header.Shape, doubt);
    }

    static string? DoubtOf(HostedHeaderCheck header)
    {
        if (header is not { Header: { } fields, Shape: { } shape })
        {
            return "it gives no sizes";
        }

        bool hasRedundant = fields.Flags.HasFlag(SparseFlags.RedundantDirectory);
        return header.IsOdd ? "it has values that no product writes"
            : header.FooterSays is not null || (shape.DirectoryAtEnd && header.Footer is null)
                ? "the footer does not agree with it"
            : shape.DirectorySector == 0 || (hasRedundant && shape.RedundantSector == 0)
                || (!shape.DirectoryAtEnd && (shape.DirectorySector != (long)fields.DirectoryOffsetSectors
                    || (hasRedundant && shape.RedundantSector != (long)fields.RedundantDirectoryOffsetSectors)))
                ? "a directory is not where it says"
            : null;
    }

    static bool IsRegular(HostedHeaderCheck header, CheckedFile file)
    {
        SparseShape shape = header.Shape!;
        var places = new DirectoryPlaces(file, shape);
        return shape.DirectoryAtEnd
            || (places.IsRegular(shape.DirectorySector)
                && (shape.RedundantSector == 0 || (places.IsRegular(shape.RedundantSector)
                    && places.AreUsual(shape.DirectorySector, shape.RedundantSector))));
    }
}
