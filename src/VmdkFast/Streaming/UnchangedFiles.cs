using VmdkFast.Opening;
using VmdkFast.Storage;

namespace VmdkFast.Streaming;

/// <summary>The files of an image as they were when work on the whole of it began.</summary>
sealed class UnchangedFiles(OpenedImage image)
{
    readonly Dictionary<LocalFile, FileStatus> _before =
        image.Files.OfType<LocalFile>().ToDictionary(file => file, file => file.RefreshStatus());

    /// <summary>Looks whether they are still so.</summary>
    /// <exception cref="VmdkException">
    /// <see cref="VmdkErrorCode.SourceChanged"/>: what was read is of no single moment.
    /// </exception>
    internal void ThrowIfChanged()
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
