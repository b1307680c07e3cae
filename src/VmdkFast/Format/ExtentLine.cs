using System.Globalization;
using System.Text;

namespace VmdkFast.Format;

/// <summary>
/// One extent line: <c>ACCESS SECTORS TYPE ["FILE" [OFFSET [PART-UUID [DEVICE-ID]]]]</c>. Immutable.
/// </summary>
sealed class ExtentLine
{
    static readonly (string Word, VmdkExtentType Type)[] s_types =
    [
        ("FLAT", VmdkExtentType.Flat), ("SPARSE", VmdkExtentType.Sparse), ("ZERO", VmdkExtentType.Zero),
        ("VMFS", VmdkExtentType.Vmfs), ("VMFSSPARSE", VmdkExtentType.VmfsSparse),
        ("VMFSRDM", VmdkExtentType.VmfsRdm), ("VMFSRAW", VmdkExtentType.VmfsRaw),
        ("SESPARSE", VmdkExtentType.SeSparse), ("VSANSPARSE", VmdkExtentType.VsanSparse),
    ];

    internal required VmdkAccess Access { get; init; }

    internal required VmdkExtentType Type { get; init; }

    /// <summary>Length, in sectors: 0 only for a ZERO extent, at most <see cref="Sector.MaxSectors"/>.</summary>
    internal required long LengthSectors { get; init; }

    /// <summary>The file's name, decoded, for people; null when the line names none.</summary>
    internal string? FileName { get; init; }

    /// <summary>The file's name as the descriptor has it; files are opened by this. Empty without one.</summary>
    internal ReadOnlyMemory<byte> FileNameBytes { get; init; }

    /// <summary>The encoding of <see cref="FileNameBytes"/>.</summary>
    internal Encoding NameEncoding { get; init; } = DescriptorEncoding.ForReading(DescriptorEncoding.DefaultName);

    /// <summary>First sector within the file; not 0 only for FLAT. With the length at most MaxSectors.</summary>
    internal long OffsetSectors { get; init; }

    /// <summary>The partition of a physical disk; null when not stated.</summary>
    internal string? PartitionUuid { get; init; }

    /// <summary>The physical disk; null when not stated.</summary>
    internal string? DeviceId { get; init; }

    /// <summary>A line to compose that names a file beside the descriptor.</summary>
    /// <exception cref="ArgumentException">The name is empty, or holds a quote or a control character.</exception>
    internal static ExtentLine ForFile(
        VmdkExtentType type, long lengthSectors, string fileName, long offsetSectors = 0,
        VmdkAccess access = VmdkAccess.ReadWrite)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        DescriptorValue.ThrowIfUnwritable(fileName, nameof(fileName));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthSectors);
        ArgumentOutOfRangeException.ThrowIfNegative(offsetSectors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)lengthSectors, Sector.MaxSectors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            (ulong)offsetSectors, Sector.MaxSectors - (ulong)lengthSectors);
        if (type == VmdkExtentType.Zero || (offsetSectors != 0 && type != VmdkExtentType.Flat))
        {
            throw new ArgumentException("Only FLAT takes an offset, and ZERO takes no file.", nameof(type));
        }

        return new ExtentLine
        {
            Access = access,
            Type = type,
            LengthSectors = lengthSectors,
            OffsetSectors = offsetSectors,
            FileName = fileName,
            FileNameBytes = DescriptorEncoding.ForWriting(DescriptorEncoding.DefaultName)
                .GetBytes(fileName),
        };
    }

    /// <summary>A line to compose for sectors that are zero and have no file.</summary>
    internal static ExtentLine ForZeros(long lengthSectors, VmdkAccess access = VmdkAccess.ReadWrite)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthSectors);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)lengthSectors, Sector.MaxSectors);
        return new ExtentLine { Access = access, Type = VmdkExtentType.Zero, LengthSectors = lengthSectors };
    }

    /// <summary>The public view, before anything has been opened.</summary>
    internal VmdkExtentInfo ToInfo(int index) => new()
    {
        Index = index,
        Access = Access,
        Type = Type,
        LengthSectors = LengthSectors,
        FileName = FileName,
        OffsetSectors = OffsetSectors,
    };

    /// <summary>The line as VMware writes it: an offset after FLAT always, after other types never.</summary>
    public override string ToString()
    {
        string access = Access switch
        {
            VmdkAccess.ReadWrite => "RW",
            VmdkAccess.ReadOnly => "RDONLY",
            _ => "NOACCESS",
        };
        string word = Array.Find(s_types, t => t.Type == Type).Word;
        var line = new StringBuilder().Append(
            CultureInfo.InvariantCulture, $"{access} {LengthSectors} {word}");
        if (FileName is not null)
        {
            line.Append(CultureInfo.InvariantCulture, $" \"{FileName}\"");
        }

        if (Type == VmdkExtentType.Flat)
        {
            line.Append(CultureInfo.InvariantCulture, $" {OffsetSectors}");
        }

        return line.ToString();
    }

    /// <summary>The type that a word names, whatever its case; null for any other word.</summary>
    internal static VmdkExtentType? TypeOf(ReadOnlySpan<byte> word)
    {
        foreach ((string name, VmdkExtentType type) in s_types)
        {
            if (Ascii.EqualsIgnoreCase(word, name))
            {
                return type;
            }
        }

        return null;
    }
}
