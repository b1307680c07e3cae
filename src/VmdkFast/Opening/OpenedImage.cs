using VmdkFast.Extents;
using VmdkFast.Storage;

namespace VmdkFast.Opening;

/// <summary>An image with its whole chain open: what reads, what describes, and what must be closed.</summary>
sealed class OpenedImage(
    Layer top, IReadOnlyList<VmdkLayerInfo> layers, IReadOnlyList<ImageFile> files, ImageLocks? locks,
    OpenedLayer opened) : IDisposable
{
    internal Layer Top => top;

    internal IReadOnlyList<VmdkLayerInfo> Layers => layers;

    /// <summary>The top image as it was opened, with all that a writer needs to know.</summary>
    internal OpenedLayer Opened => opened;

    /// <summary>Every file of the chain, each once.</summary>
    internal IReadOnlyList<ImageFile> Files => files;

    /// <inheritdoc/>
    public void Dispose()
    {
        locks?.Dispose();
        foreach (ImageFile file in files)
        {
            file.Dispose();
        }
    }
}
