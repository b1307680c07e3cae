using VmdkFast.Extents;
using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>An opened image as a source of pieces.</summary>
sealed class DiskSource : PieceSource
{
    readonly DiskReader _reader;
    readonly DiskWalk _walk;
    readonly Dictionary<LocalFile, FileStatus> _before;

    internal DiskSource(OpenedImage image, DiskReader reader)
    {
        _reader = reader;
        _walk = new DiskWalk(image.Top);
        LengthBytes = image.Top.LengthBytes;
        _before = image.Files.OfType<LocalFile>().ToDictionary(file => file, file => file.RefreshStatus());
    }

    internal override long LengthBytes { get; }

    internal override bool TryTake(DiskPiece piece) => _walk.TryTake(piece);

    internal override void Read(DiskPiece piece)
    {
        Span<byte> destination = piece.Bytes;
        foreach (Mapping mapping in piece.Mappings)
        {
            int length = (int)mapping.LengthBytes;
            _reader.CarryOut(mapping, destination[..length]);
            destination = destination[length..];
        }
    }

    internal override void ThrowIfChanged()
    {
        foreach ((LocalFile file, FileStatus status) in _before)
        {
            FileStatus now = file.RefreshStatus();
            if (now.LengthBytes != status.LengthBytes || now.ModifiedNanoseconds != status.ModifiedNanoseconds)
            {
                VmdkException.Throw(
                    VmdkErrorCode.SourceChanged, file.Path, "the file was changed while it was read", null,
                    "modified", $"{now.LengthBytes} bytes", $"{status.LengthBytes} bytes, untouched");
            }
        }
    }
}
