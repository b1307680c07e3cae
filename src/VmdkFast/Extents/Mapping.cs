using VmdkFast.Storage;

namespace VmdkFast.Extents;

/// <summary>What lies at a guest offset.</summary>
enum MappingKind : byte
{
    /// <summary>Nothing in this layer: the parent answers, and without a parent the guest reads zeros.</summary>
    Unallocated,

    /// <summary>Zeros, whatever a parent holds.</summary>
    Zero,

    /// <summary>Bytes of a file, as they are.</summary>
    Data,

    /// <summary>A part of one compressed grain.</summary>
    Compressed,
}

/// <summary>
/// The one answer that reading, mapping, converting and checking share: what lies at an offset, and for how long.
/// </summary>
readonly struct Mapping
{
    Mapping(MappingKind kind, long lengthBytes, ImageFile? file, long fileOffsetBytes, GrainLocation grain)
    {
        Kind = kind;
        LengthBytes = lengthBytes;
        File = file;
        FileOffsetBytes = fileOffsetBytes;
        Grain = grain;
    }

    internal MappingKind Kind { get; }

    /// <summary>For how long the answer holds, at least 1.</summary>
    internal long LengthBytes { get; }

    /// <summary>The file that holds data or the compressed grain; null for the other kinds.</summary>
    internal ImageFile? File { get; }

    /// <summary>Where the data begins, or the compressed grain's marker.</summary>
    internal long FileOffsetBytes { get; }

    /// <summary>For a compressed grain: which one, and where in it.</summary>
    internal GrainLocation Grain { get; }

    internal static Mapping Unallocated(long lengthBytes) =>
        new(MappingKind.Unallocated, lengthBytes, null, 0, default);

    internal static Mapping Zero(long lengthBytes) => new(MappingKind.Zero, lengthBytes, null, 0, default);

    internal static Mapping Data(long lengthBytes, ImageFile file, long fileOffsetBytes) =>
        new(MappingKind.Data, lengthBytes, file, fileOffsetBytes, default);

    internal static Mapping Compressed(
        long lengthBytes, ImageFile file, long fileOffsetBytes, in GrainLocation grain) =>
        new(MappingKind.Compressed, lengthBytes, file, fileOffsetBytes, grain);

    /// <summary>The first <paramref name="lengthBytes"/> of the answer.</summary>
    internal Mapping Clip(long lengthBytes) =>
        lengthBytes >= LengthBytes ? this : new(Kind, lengthBytes, File, FileOffsetBytes, Grain);

    /// <summary>Whether <paramref name="next"/> goes on where this one ends, in the guest and in the file.</summary>
    internal bool Continues(in Mapping next) =>
        Kind == next.Kind
        && Kind switch
        {
            MappingKind.Compressed => false,
            MappingKind.Data => ReferenceEquals(File, next.File)
                && FileOffsetBytes + LengthBytes == next.FileOffsetBytes,
            _ => true,
        };

    /// <summary>This answer and the <paramref name="next"/> one as one.</summary>
    internal Mapping Join(in Mapping next) =>
        new(Kind, LengthBytes + next.LengthBytes, File, FileOffsetBytes, Grain);
}
