using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Layout;

namespace VmdkFast.Writing;

/// <summary>The header fields that a writer keeps: the unclean mark, and COWD's first free sector.</summary>
/// <param name="IsCowd">Whether the header is COWD's.</param>
/// <param name="WasUnclean">Whether the mark was set when the extent was opened.</param>
sealed record SparseMarks(bool IsCowd, bool WasUnclean)
{
    /// <summary>Where COWD keeps its first free sector.</summary>
    internal static long FreeSectorOffsetBytes { get; } = OffsetOf(CowdHeader.Fields, nameof(CowdHeader.FreeSector));

    static readonly long s_hostedUnclean = OffsetOf(SparseHeader.Fields, nameof(SparseHeader.UncleanShutdown));
    static readonly long s_cowdUnclean = OffsetOf(CowdHeader.Fields, nameof(CowdHeader.UncleanShutdown));

    /// <summary>The version that the header gets with the first change; null leaves it.</summary>
    internal uint? NewVersion { get; init; }

    /// <summary>The directory that the header names from the first change on; null leaves it.</summary>
    internal ulong? NewDirectorySector { get; init; }

    static readonly long s_version = OffsetOf(SparseHeader.Fields, nameof(SparseHeader.Version));
    static readonly long s_directory = OffsetOf(SparseHeader.Fields, nameof(SparseHeader.DirectoryOffsetSectors));

    /// <summary>Sets or clears the mark in the file.</summary>
    internal void Write(WriteFile file, bool unclean)
    {
        byte mark = unclean ? (byte)1 : (byte)0;
        if (IsCowd)
        {
            file.Write(Bytes(mark), s_cowdUnclean);
        }
        else
        {
            file.Write([mark], s_hostedUnclean);
        }
    }

    /// <summary>Writes what else changes in the header with the first change.</summary>
    internal void WriteChanges(WriteFile file)
    {
        if (NewVersion is { } version)
        {
            file.Write(Bytes(version), s_version);
        }

        if (NewDirectorySector is { } sector)
        {
            var bytes = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, sector);
            file.Write(bytes, s_directory);
        }
    }

    /// <summary>A 32-bit field's bytes.</summary>
    internal static byte[] Bytes(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    static long OffsetOf(IEnumerable<LayoutField> fields, string name) =>
        fields.First(field => field.Name == name).OffsetBytes;
}
