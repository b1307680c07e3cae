using System.Buffers.Binary;
using VmdkFast.Format;
using VmdkFast.Storage;

namespace VmdkFast.Inspecting;

/// <summary>Finds out what a file is and shows the structures that such a file has.</summary>
static class FileInspection
{
    const int NewlineTestOffset = 73;

    /// <summary>The kind of file that belongs to an image without being one.</summary>
    internal const string ChangeTracking = "change tracking file (-ctk), which is no image";

    /// <summary>Looks through a file; nothing in it is believed before it is shown.</summary>
    /// <exception cref="VmdkException">The file cannot be opened or read, or is no part of a VMDK.</exception>
    internal static VmdkInspection Inspect(string path, VmdkLimits limits, CancellationToken cancellationToken)
    {
        using LocalFile file = LocalFile.Open(path, FileAccessMode.Read);
        var found = new FoundStructures(file);
        var start = new byte[DescriptorText.ProbeBytes];
        string kind = Show(found, start.AsSpan(0, file.Read(start, 0)), limits, cancellationToken);
        return new VmdkInspection
        {
            Path = path,
            LengthBytes = file.LengthBytes,
            Kind = kind,
            Structures = found.Structures,
            Problems = found.Problems,
        };
    }

    static string Show(
        FoundStructures found, ReadOnlySpan<byte> start, VmdkLimits limits, CancellationToken cancellationToken)
    {
        uint magic = start.Length < sizeof(uint) ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(start);
        switch (magic)
        {
            case SparseHeader.MagicValue:
                new HostedInspection(found, limits, cancellationToken).Show(start);
                return "hosted sparse extent (KDMV)";
            case CowdHeader.MagicValue:
                new CowdInspection(found, limits, cancellationToken).Show(start);
                return "ESX sparse extent (COWD)";
            case (uint)SeSparseHeader.MagicValue
                when start.Length >= sizeof(ulong)
                    && BinaryPrimitives.ReadUInt64LittleEndian(start) == SeSparseHeader.MagicValue:
                new SeSparseInspection(found, limits, cancellationToken).Show(start);
                return "ESX space-efficient sparse extent (seSparse)";
            case ChangeTrackingHeader.MagicValue:
                found.Add<ChangeTrackingHeader>(
                    "header", start[..Math.Min(start.Length, ChangeTrackingHeader.SizeBytes)], 0);
                return ChangeTracking;
        }

        if (DescriptorText.LooksLikeDescriptor(start))
        {
            DescriptorInspection.ShowFile(found, limits);
            return "descriptor";
        }

        // An overwritten first sector often keeps its tail, and a stream has a copy of its header at the end.
        if (start.Length >= SparseHeader.SizeBytes
            && BinaryPrimitives.ReadUInt32LittleEndian(start[NewlineTestOffset..]) == SparseHeader.NewlineTestValue)
        {
            new HostedInspection(found, limits, cancellationToken).Show(start);
            return "hosted sparse extent (KDMV) without its signature";
        }

        if (StreamInspection.ShowFooter(found) is not null)
        {
            return "hosted sparse extent (KDMV) without its header";
        }

        throw new VmdkException(
            VmdkErrorCode.NotVmdk, found.File.Path, "the file is not a VMDK image", 0, "magic",
            start.Length < sizeof(uint) ? $"{start.Length} bytes" : Convert.ToHexString(start[..sizeof(uint)]),
            "KDMV, COWD, seSparse, or descriptor text with version=1, 2 or 3");
    }
}
