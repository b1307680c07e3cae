using VmdkFast.Extents;
using VmdkFast.Opening;
using VmdkFast.Reading;

namespace VmdkFast.Streaming;

/// <summary>An opened image as a source of pieces.</summary>
sealed class DiskSource : PieceSource
{
    static readonly int[] s_partBytes = [64 << 10, 4 << 10, Sector.Bytes];

    readonly DiskReader _reader;
    readonly DiskWalk _walk;
    readonly UnchangedFiles _files;

    /// <param name="image">The image.</param>
    /// <param name="reader">Reads it.</param>
    /// <param name="cut">The pieces that are wanted.</param>
    internal DiskSource(OpenedImage image, DiskReader reader, PieceCut cut)
    {
        _reader = reader;
        _walk = new DiskWalk(image.Top, cut);
        LengthBytes = image.Top.LengthBytes;
        _files = new UnchangedFiles(image);
    }

    internal override long LengthBytes { get; }

    /// <summary>Receives what cannot be read, which then counts as zeros; null ends the work there.</summary>
    internal UnreadableRanges? Unreadable { get; init; }

    internal override bool TryTake(DiskPiece piece) => _walk.TryTake(piece, Unreadable);

    internal override void Read(DiskPiece piece)
    {
        Span<byte> destination = piece.Bytes;
        long offsetBytes = piece.OffsetBytes;
        foreach (Mapping mapping in piece.Mappings)
        {
            int length = (int)mapping.LengthBytes;
            Read(mapping, offsetBytes, destination[..length]);
            destination = destination[length..];
            offsetBytes += length;
        }
    }

    internal override void ThrowIfChanged() => _files.ThrowIfChanged();

    void Read(in Mapping mapping, long offsetBytes, Span<byte> destination)
    {
        try
        {
            _reader.CarryOut(mapping, destination);
        }
        catch (VmdkException) when (Unreadable is not null)
        {
            Salvage(mapping, offsetBytes, destination, 0);
        }
    }

    // A compressed grain is there as a whole or not at all. Of plain data a smaller part is tried where a larger one
    // fails, down to a sector: a device loses single ones.
    void Salvage(in Mapping mapping, long offsetBytes, Span<byte> destination, int attempt)
    {
        if (mapping.Kind != MappingKind.Data || attempt == s_partBytes.Length)
        {
            destination.Clear();
            Unreadable!.Add(offsetBytes, destination.Length);
            return;
        }

        for (int start = 0; start < destination.Length;)
        {
            // Cut by the disk's offset, which is how grains and sectors lie.
            int inPart = (int)((offsetBytes + start) & (s_partBytes[attempt] - 1));
            int length = Math.Min(s_partBytes[attempt] - inPart, destination.Length - start);
            Mapping part = Mapping.Data(length, mapping.File!, mapping.FileOffsetBytes + start);
            Span<byte> bytes = destination.Slice(start, length);
            try
            {
                _reader.CarryOut(part, bytes);
            }
            catch (VmdkException)
            {
                Salvage(part, offsetBytes + start, bytes, attempt + 1);
            }

            start += length;
        }
    }
}
