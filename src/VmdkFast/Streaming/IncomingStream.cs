using VmdkFast.Format;
using VmdkFast.Opening;

namespace VmdkFast.Streaming;

/// <summary>A streamOptimized image that comes in order, read up to its first marker.</summary>
sealed class IncomingStream
{
    /// <summary>The largest grain that is taken: it is inflated whole, in memory.</summary>
    internal const long MaxGrainBytes = 64L << 20;

    readonly byte[] _headerBytes = new byte[SparseHeader.SizeBytes];

    IncomingStream(StreamInput input, HostedSparseFile hosted)
    {
        Input = input;
        Hosted = hosted;
        Shape = hosted.Shape;
        input.Read(_headerBytes, 0);
        ulong directory = SparseHeader.Read(_headerBytes).DirectoryOffsetSectors;
        TablesBehind = directory >= hosted.OverheadSectors;
        if (!TablesBehind)
        {
            Front = FrontTables.Read(input, Shape, (long)directory, hosted.OverheadSectors, hosted.ZeroGrains);
        }
    }

    internal StreamInput Input { get; }

    internal HostedSparseFile Hosted { get; }

    internal StreamShape Shape { get; }

    /// <summary>Whether directory and tables come behind the grains.</summary>
    internal bool TablesBehind { get; }

    /// <summary>What the tables in front name; null when they could not be read on the way, or are behind.</summary>
    internal FrontTables? Front { get; }

    internal SparseHeader Header => SparseHeader.Read(_headerBytes);

    /// <summary>Reads header, descriptor and what else stands in front.</summary>
    /// <param name="stream">Only read from, never sought.</param>
    /// <param name="name">Stands for a path in messages.</param>
    /// <param name="limits">Bounds for what the header says.</param>
    /// <exception cref="VmdkException">It is no streamOptimized image with markers, or a child.</exception>
    internal static IncomingStream Open(Stream stream, string name, VmdkLimits limits)
    {
        var input = new StreamInput(stream, name);
        Span<byte> start = stackalloc byte[Sector.Bytes];
        start = start[..input.Read(start, 0)];
        if (Probe.Signature(start) is not ImageSignature.HostedSparse)
        {
            bool isText = DescriptorText.LooksLikeDescriptor(start) || Probe.Signature(start) is not null;
            throw new VmdkException(
                isText ? VmdkErrorCode.Unsupported : VmdkErrorCode.NotVmdk, name,
                start.IsEmpty ? "the stream is empty" : "the stream is no streamOptimized image", 0, "magic",
                Convert.ToHexString(start[..Math.Min(start.Length, 4)]), "KDMV");
        }

        // Before anything else is read: who has no markers may have a footer, and would be read to its end for it.
        if (start.Length == Sector.Bytes && !HasMarkers(SparseHeader.Read(start)))
        {
            throw WithoutMarkers(input, $"0x{(uint)SparseHeader.Read(start).Flags:x8}");
        }

        var hosted = HostedSparseFile.Read(input, limits, byMarkers: true);
        RefuseOthers(input, hosted);
        var incoming = new IncomingStream(input, hosted);
        long firstMarker = (long)hosted.OverheadSectors << Sector.Shift;
        if (input.PositionBytes > firstMarker)
        {
            throw new VmdkException(
                VmdkErrorCode.HeaderInvalid, name, "the descriptor reaches into the grains", 64,
                nameof(SparseHeader.OverheadSectors), $"{hosted.OverheadSectors} sectors",
                $"at least {input.PositionBytes >> Sector.Shift} sectors");
        }

        input.Skip(firstMarker - input.PositionBytes);
        if (input.PositionBytes < firstMarker)
        {
            throw new VmdkException(
                VmdkErrorCode.Truncated, name, "the stream ends before its first grain", input.PositionBytes,
                nameof(SparseHeader.OverheadSectors), $"{input.PositionBytes} bytes", $"{firstMarker} bytes");
        }

        // Only now: a stream that ends inside its descriptor is cut off, and has lost nothing else.
        hosted.RequireDescriptor(input);
        return incoming;
    }

    static bool HasMarkers(in SparseHeader header) =>
        header.Flags.HasFlag(SparseFlags.Markers)
        && (header.Flags.HasFlag(SparseFlags.Compressed) || header.CompressAlgorithm != 0);

    static VmdkException WithoutMarkers(StreamInput input, string found) =>
        new(VmdkErrorCode.Unsupported, input.Path, "only a streamOptimized image with markers can be read in order", 8,
            nameof(SparseHeader.Flags), found, "flags 0x00030000");

    static void RefuseOthers(StreamInput input, HostedSparseFile hosted)
    {
        if (!hosted.IsReadByMarkers)
        {
            throw WithoutMarkers(input, "a header that only embeds a descriptor");
        }

        if (hosted.GrainBytes > MaxGrainBytes)
        {
            throw new VmdkException(
                VmdkErrorCode.LimitExceeded, input.Path, "the grains are too large to be read in order", 20,
                nameof(SparseHeader.GrainSizeSectors), $"{hosted.GrainBytes} bytes", $"at most {MaxGrainBytes} bytes");
        }

        if (hosted.Descriptor is { } descriptor && descriptor.ParentContentId != DescriptorValue.NoParent)
        {
            throw new VmdkException(
                VmdkErrorCode.Unsupported, input.Path, "a child cannot be read in order: its parent is no part of it",
                null, DescriptorKeys.ParentContentId, $"{descriptor.ParentContentId:x8}", "ffffffff");
        }
    }
}
