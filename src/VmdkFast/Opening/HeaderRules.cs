using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>Says what is wrong with a header, always in the same words: field, offset, found, wanted.</summary>
/// <param name="file">The file whose header it is.</param>
/// <param name="headerOffsetBytes">Where the header (or footer) begins in it.</param>
readonly struct HeaderRules(ImageFile file, long headerOffsetBytes)
{
    readonly ImageFile _file = file;
    readonly long _headerOffsetBytes = headerOffsetBytes;

    internal VmdkException Invalid(string field, int fieldOffset, string found, string wanted) =>
        Fault(VmdkErrorCode.HeaderInvalid, "the header is invalid", field, fieldOffset, found, wanted);

    internal VmdkException Unsupported(string field, int fieldOffset, string found, string wanted) =>
        Fault(VmdkErrorCode.Unsupported, "the image is of a version or kind that is not supported", field, fieldOffset,
            found, wanted);

    internal VmdkException TooLarge(string field, int fieldOffset, string found, string wanted) =>
        Fault(VmdkErrorCode.LimitExceeded, "the header exceeds a limit", field, fieldOffset, found, wanted);

    /// <summary>The byte offset of a structure that must lie inside the file, behind the header.</summary>
    internal long Place(string field, int fieldOffset, ulong offsetSectors, long lengthBytes)
    {
        if (offsetSectors == 0)
        {
            throw Invalid(field, fieldOffset, "sector 0", "a sector behind the header");
        }

        if (offsetSectors > Sector.MaxSectors || Sector.ToBytes(offsetSectors) > _file.LengthBytes - lengthBytes)
        {
            throw Outside(field, fieldOffset, $"sector {offsetSectors} and {lengthBytes} bytes");
        }

        return Sector.ToBytes(offsetSectors);
    }

    /// <summary>A structure that does not lie inside the file.</summary>
    internal VmdkException Outside(string field, int fieldOffset, string found) =>
        Fault(
            VmdkErrorCode.Truncated, "the file ends before a structure that the header names", field, fieldOffset,
            found, $"all of it inside the file's {_file.LengthBytes} bytes");

    /// <summary>The metadata in front of the grains must be there.</summary>
    internal void CheckOverhead(ulong overheadSectors)
    {
        if (overheadSectors > Sector.MaxSectors || Sector.ToBytes(overheadSectors) > _file.LengthBytes)
        {
            throw Fault(
                VmdkErrorCode.Truncated, "the file is truncated", "OverheadSectors", 64, $"{_file.LengthBytes} bytes",
                overheadSectors > Sector.MaxSectors
                    ? $"{overheadSectors} sectors"
                    : $"at least {Sector.ToBytes(overheadSectors)} bytes");
        }
    }

    /// <summary>A footer must agree with its header.</summary>
    internal void Same(string field, int fieldOffset, ulong header, ulong footer)
    {
        if (header != footer)
        {
            throw Fault(
                VmdkErrorCode.HeaderInvalid, "the footer contradicts the header", field, fieldOffset, $"{footer}",
                $"{header}, as the header says");
        }
    }

    VmdkException Fault(
        VmdkErrorCode code, string problem, string field, int fieldOffset, string found, string wanted) =>
        new(code, _file.Path, problem, _headerOffsetBytes + fieldOffset, field, found, wanted);
}
