using VmdkFast.Opening;
using VmdkFast.Reading;
using VmdkFast.Writing;

namespace VmdkFast;

/// <summary>What one open of an image consists of: a disk has one, and another one after it was reopened.</summary>
sealed class DiskSession : IDisposable
{
    readonly GrainCursor _cursor = new();

    /// <param name="image">The image; belongs to the session.</param>
    /// <param name="writer">Makes the writer; gives null for a session that reads.</param>
    internal DiskSession(OpenedImage image, Func<OpenedImage, GrainCursor, DiskWriter?> writer)
    {
        Image = image;
        Reader = new DiskReader(image.Top, _cursor);
        Writer = writer(image, _cursor);
    }

    internal OpenedImage Image { get; }

    internal DiskReader Reader { get; }

    /// <summary>Null when the disk is open for reading.</summary>
    internal DiskWriter? Writer { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cursor.Dispose();
        Image.Dispose();
    }
}
